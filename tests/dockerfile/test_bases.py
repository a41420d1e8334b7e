"""Which images a Dockerfile needs: forms that people write, and what BuildKit makes of them."""

from __future__ import annotations

import pytest

from bench.core.image_reference import familiar
from bench.dockerfile.bases import external_images, final_base


@pytest.mark.parametrize(
    ("text", "args", "target", "base"),
    [
        ("FROM debian:12\nRUN x", {}, None, "debian:12"),
        ("FROM a AS build\nFROM --platform=linux/amd64 b\n", {}, None, "b"),
        ("FROM a AS build\nFROM b\nFROM build\n", {}, None, "a"),
        ("FROM a AS One\nFROM one AS two\nFROM TWO\n", {}, None, "a"),
        ("FROM a AS build\nFROM b AS run\n", {}, "build", "a"),
        ("FROM a AS build\nFROM b AS run\n", {}, "Build", "a"),
        ("FROM a\nFROM b\n", {}, "0", "a"),
        ("FROM a AS a\nFROM a\n", {}, None, "a"),
        ("FROM a\nFROM b\n", {}, "absent", None),
        ("FROM scratch\nCOPY x /", {}, None, None),
        ("FROM a AS build\nFROM scratch", {}, None, None),
        ("FROM a\nARG V=1\nRUN x", {"V": "2"}, None, "a"),
        ("FROM a\n", {}, "", "a"),
        ("", {}, None, None),
    ],
)
def test_the_last_stage_or_the_one_that_is_built_stands_on(text, args, target, base):
    assert final_base(text, args, target) == base


@pytest.mark.parametrize(
    ("lines", "args", "image"),
    [
        ("ARG V=12\nFROM debian:${V}", {}, "debian:12"),
        ("ARG V=12\nFROM debian:$V", {"V": "13"}, "debian:13"),
        ("ARG V\nFROM debian:$V", {"V": "13"}, "debian:13"),
        ("FROM debian:${V:-12}", {"V": "13"}, "debian:12"),
        ('ARG V="12"\nFROM debian:$V', {}, "debian:12"),
        ("ARG V='12'\nFROM debian:$V", {}, "debian:12"),
        ("ARG A=debian B=12\nFROM $A:$B", {}, "debian:12"),
        ("ARG A=12\nARG B=debian:$A\nFROM $B", {}, "debian:12"),
        ("ARG A='12'\nARG B='$A'\nFROM debian:${B#?}", {}, "debian:A"),
        ("ARG V=\nFROM debian:${V:-12}", {}, "debian:12"),
        ("ARG V=\nFROM debian${V-:13}", {}, "debian:latest"),
        ("ARG V=1\nFROM debian${V:+:12}", {}, "debian:12"),
        ("FROM debian:12${V+-slim}", {}, "debian:12"),
        ("FROM debian:12${V:+-slim}", {}, "debian:12"),
        ("ARG V\nFROM ${V:-${W:-debian:12}}", {}, "debian:12"),
        ("ARG V=v3.11\nFROM python:${V#v}", {}, "python:3.11"),
        ("ARG V=3.11.4\nFROM python:${V%.*}", {}, "python:3.11"),
        ("ARG V=3.11.4\nFROM python:${V%%.*}", {}, "python:3"),
        ("ARG V=a/b/c:1\nFROM ${V##*/}", {}, "c:1"),
        ("ARG V=3_11_4\nFROM python:${V/_/.}", {}, "python:3.11_4"),
        ("ARG V=3_11_4\nFROM python:${V//_/.}", {}, "python:3.11.4"),
        ("ARG V=12 \\\n  W=13\nFROM debian:$W", {}, "debian:13"),
        ('FROM "debian:12"', {}, "debian:12"),
        ("from debian:12 as build", {}, "debian:12"),
        ("FROM\tdebian:12\tAS\tbuild", {}, "debian:12"),
        ("FROM debian:12   \r\nRUN x\r\n", {}, "debian:12"),
        ("\ufeffFROM debian:12", {}, "debian:12"),
        ("FROM \\\n# a comment\n\n  debian:12 \\\n  AS build", {}, "debian:12"),
        ("# escape=`\nFROM `\n  debian:12", {}, "debian:12"),
        ("# syntax=docker/dockerfile:1\n# escape=`\nARG V=C:\\n\nFROM debian:12", {}, "debian:12"),
        ("# a comment\n# escape=`\nFROM \\\ndebian:12", {}, "debian:12"),
        ("FROM --platform=$BUILDPLATFORM debian:12", {}, "debian:12"),
        ("FROM app-$TARGETARCH", {}, "app-amd64:latest"),
        ("FROM app-${TARGETOS}-${BUILDARCH}", {}, "app-linux-amd64:latest"),
        ("FROM app-$TARGETARCH", {"TARGETARCH": "arm64"}, "app-arm64:latest"),
        ("ARG TARGETARCH\nFROM app-$TARGETARCH", {}, "app-amd64:latest"),
        (
            "ARG REGISTRY\nFROM ${REGISTRY}debian:12",
            {"REGISTRY": "r.example/"},
            "r.example/debian:12",
        ),
    ],
)
def test_the_image_of_a_from_line(lines, args, image):
    assert external_images(lines, args, architecture="amd64") == (image,)


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\nRUN <<EOF\nFROM x\nEOF\n",
        "FROM debian:12\nRUN python3 - <<-'END'\n\tFROM x\n\tEND\n",
        'FROM debian:12\nRUN cat <<"A" <<B > /x\nFROM x\nA\nFROM y\nB\n',
        "FROM debian:12\nCOPY <<EOF /x\nFROM x\\\nEOF\n",
        "FROM debian:12\nCOPY --chmod=755 <<a <<b /\nFROM x\na\nFROM x\nb\n",
        "FROM debian:12\nRUN --network=none 3<<EOF cat\n# no comment\nFROM x\nEOF\n",
        "FROM debian:12\nONBUILD RUN <<EOF\nFROM x\nEOF\n",
        "FROM debian:12\nRUN <<EOF\nFROM x\n",
        "FROM debian:12\nRUN echo \\\nFROM x\n",
        "FROM debian:12\n# FROM x\n",
        "FROM debian:12\nONBUILD COPY --from=x a b\n",
        "FROM debian:12\nENV A=$(FROM x)\n",
        "FROM debian:12\nCOPY --from=$X a b\n",
        "FROM debian:12 AS a\nCOPY --from=0 a b\n\nFROM a\nCOPY --from=A a b\n",
        "FROM debian:12 AS a\nFROM scratch\nRUN --mount=from=a,target=/x ls\n",
        "FROM x AS unused\nFROM debian:12\nRUN y\n",
        "FROM debian:12 AS first\nFROM first\nFROM library/debian:12\nCOPY --from=1 a b\n",
    ],
)
def test_a_line_that_only_looks_like_another_image_is_none(text):
    assert external_images(text, {}) == ("debian:12",)


@pytest.mark.parametrize(
    "text",
    [
        'FROM debian:12\nRUN ["cat", "<<EOF"]\nFROM python:3\n',
        "FROM debian:12 AS a\nRUN cat<<EOF\nFROM python:3\nCOPY --from=a x y\n",
        "FROM debian:12 AS a\nENV X=<<EOF\nFROM python:3\nCOPY --from=a x y\n",
    ],
)
def test_a_heredoc_that_is_none_hides_no_line(text):
    assert "python:3" in external_images(text, {})


def test_files_come_from_images_too_in_the_order_of_the_file():
    text = """
FROM golang:1.24 AS build
RUN --mount=type=cache,target=/x --mount=type=bind,from=tools:1,source=/,target=/t make
FROM build AS tests
COPY --from=never:1 /x /x
FROM debian:12-slim
COPY --link --from=build /app /app
COPY --from=ghcr.example/uv:0.5 /uv /bin/
COPY --from="nginx" /x /y
"""
    assert external_images(text, {}) == (
        "golang:1.24",
        "tools:1",
        "debian:12-slim",
        "ghcr.example/uv:0.5",
        "nginx:latest",
    )


def test_of_a_target_only_what_it_needs_counts():
    text = "FROM a:1 AS one\nFROM b:1 AS two\nFROM c:1\nCOPY --from=one x y\n"
    assert external_images(text, {}, "two") == ("b:1",)
    assert external_images(text, {}, "1") == ("b:1",)
    assert external_images(text, {}) == ("a:1", "c:1")
    assert external_images(text, {}, "absent") == ()


def test_a_named_context_stands_in_the_place_of_an_image():
    text = "FROM python:3\nCOPY --from=assets x y\nFROM alpine\nCOPY --from=0 x y\n"
    contexts = {"docker.io/library/python:3": "docker-image://debian:12", "assets": "../assets"}
    assert external_images(text, {}, contexts=contexts) == ("debian:12", "alpine:latest")


@pytest.mark.parametrize(
    "text",
    [
        "FROM",
        "FROM a b c d",
        "FROM ${",
        "FROM ${V!x}",
        'FROM "a',
        "FROM ${V:?must be given}",
        "RUN",
    ],
)
def test_what_no_builder_reads_names_no_image_and_is_no_error(text):
    assert external_images(text, {}) == ()
    assert final_base(text, {}) is None


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("python", "python:latest"),
        ("library/python:3", "python:3"),
        ("docker.io/library/python:3.11-slim", "python:3.11-slim"),
        ("index.docker.io/library/python", "python:latest"),
        ("docker.io/grafana/grafana:11", "grafana/grafana:11"),
        ("registry.example:5000/python", "registry.example:5000/python:latest"),
        ("python@sha256:00", "python@sha256:00"),
        ("docker.io/library/python:3@sha256:00", "python:3@sha256:00"),
        ("quay.example/library/python:3", "quay.example/library/python:3"),
    ],
)
def test_images_of_docker_hub_have_one_familiar_name(reference, name):
    assert familiar(reference) == name
