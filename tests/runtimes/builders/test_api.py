"""Builds by the engine's own API: what is sent, and what its answers become."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile

import pytest

from bench.core.errors import BuildError, EngineUnavailableError
from bench.runtimes.build_request import (
    BuildRequest,
    BuildStep,
    BuildTool,
    Secret,
    frontend,
    without_frontend,
)
from bench.runtimes.docker.builders.api import classic_steps
from bench.runtimes.docker.builders.classic_dialect import not_read
from tests.runtimes.builders.protobuf import log, trace, vertex
from tests.runtimes.fake_docker import Handler, stream

pytestmark = pytest.mark.usefixtures("no_buildx")


@pytest.fixture
def request_(context):
    return BuildRequest(context, "quick/web:v1", context / "Dockerfile")


@pytest.fixture
def classic(engine, monkeypatch):
    """An engine whose BuildKit takes no archive."""
    facts = dataclasses.replace(engine.info, image_store="containerd", version="26.1.5")
    monkeypatch.setattr(engine._client, "info", facts)
    return engine


def sent(daemon) -> dict[str, bytes]:
    """The files of the context that the engine was sent."""
    with tarfile.open(fileobj=io.BytesIO(daemon.asked("/build").body)) as tar:
        files = {one.name: tar.extractfile(one) for one in tar.getmembers()}
        return {name: file.read() if file else b"" for name, file in files.items()}


def test_buildkit_is_sent_the_context_and_what_is_asked_of_it(daemon, engine, request_):
    daemon.on("POST", "/build", stream({"id": "moby.image.id", "aux": {"ID": "sha256:1"}}))
    engine.builder.build(
        dataclasses.replace(
            request_,
            args={"V": "1"},
            target="slim",
            labels={"kept": "yes"},
            cache_from=("other/web",),
            no_cache=True,
            pull=True,
            network="none",
        )
    )
    query = daemon.asked("/build").query
    assert (query["version"], query["t"], query["target"]) == ("2", "quick/web:v1", "slim")
    assert json.loads(query["buildargs"]) == {"V": "1"}
    assert json.loads(query["labels"]) == {"kept": "yes"}
    assert json.loads(query["cachefrom"]) == ["other/web"]
    assert (query["nocache"], query["pull"], query["networkmode"]) == ("1", "1", "none")
    assert query["dockerfile"] == "Dockerfile"
    assert sent(daemon) == {"Dockerfile": b"FROM scratch\nCOPY app /\n", "app": b"x"}
    assert engine.builder.tool == BuildTool("buildkit", engine.info.version)


def test_the_first_header_of_the_context_tells_that_it_is_an_archive(daemon, engine, request_):
    daemon.on("POST", "/build", stream({}))
    (request_.context / ("a" * 120)).write_text("a name that no plain header holds")
    engine.builder.build(request_)
    assert daemon.asked("/build").body[257:262] == b"ustar"
    assert not daemon.asked("/build").body.startswith(b"././@PaxHeader")


def test_what_an_ignore_file_names_is_not_sent(daemon, engine, request_):
    daemon.on("POST", "/build", stream({}))
    (request_.context / ".env").write_text("SECRET")
    (request_.context / ".dockerignore").write_text("\ufeff# secrets\n\n  .env\n")
    engine.builder.build(request_)
    assert set(sent(daemon)) == {".dockerignore", "Dockerfile", "app"}


def test_the_ignore_file_of_a_dockerfile_stands_in_the_place_of_the_contexts_own(
    daemon, engine, request_
):
    daemon.on("POST", "/build", stream({}))
    context = request_.context
    (context / "web.Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (context / ".env").write_text("SECRET")
    (context / ".dockerignore").write_text("app\n")
    (context / "web.Dockerfile.dockerignore").write_text(".env\n")
    engine.builder.build(dataclasses.replace(request_, dockerfile=context / "web.Dockerfile"))
    assert ".env" not in sent(daemon)
    assert "app" in sent(daemon)


@pytest.mark.parametrize("place", ["ignored", "elsewhere"])
def test_a_dockerfile_that_is_no_part_of_the_context_goes_along_and_this_is_said(
    daemon, engine, request_, tmp_path, place
):
    daemon.on("POST", "/build", stream({}))
    dockerfile = request_.dockerfile
    if place == "ignored":
        (request_.context / ".dockerignore").write_text("Dockerfile\n")
    else:
        dockerfile = tmp_path / "other.Dockerfile"
        dockerfile.write_text("FROM scratch\n")
    built = engine.builder.build(dataclasses.replace(request_, dockerfile=dockerfile))
    name = daemon.asked("/build").query["dockerfile"]
    assert sent(daemon)[name] == dockerfile.read_bytes()
    assert name in built.remarks[0]


def test_of_each_step_it_is_known_whether_it_was_cached_and_how_long_it_took(
    daemon, engine, request_
):
    daemon.on(
        "POST",
        "/build",
        stream(
            trace(
                vertex("c", "[stage-1 2/3] COPY app /"),
                vertex("b", "[build 2/2] RUN make\n  all", started=10.0),
                vertex("i", "[internal] load remote build context", started=9.0, completed=9.1),
            ),
            trace(
                vertex("f", "[build 1/2] FROM docker.io/library/debian", cached=True, started=9.5),
                vertex("b", "[build 2/2] RUN make\n  all", started=10.0, completed=12.5),
            ),
            trace(vertex("c", "", cached=True, started=12.5, completed=12.5)),
            trace(vertex("e", "exporting to image", started=13.0, completed=13.5)),
        ),
    )
    said: list[str] = []
    built = engine.builder.build(request_, said.append)
    assert built.steps == (
        BuildStep("RUN make all", cached=False, seconds=2.5),
        BuildStep("COPY app /", cached=True),
    )
    assert built.done == ("RUN make all",)
    assert "[build 2/2] RUN make all" in said


def test_a_failed_build_names_file_and_step_and_shows_the_last_lines_of_that_step(
    daemon, engine, request_
):
    daemon.on(
        "POST",
        "/build",
        stream(
            trace(
                vertex("a", "[1/2] RUN one", started=1.0, completed=3.0, error="context canceled"),
                vertex("b", "[2/2] RUN false", started=2.0),
                logs=(
                    log("a", "working\n"),
                    log("b", "\r10 %\r100 %\r\nno such "),
                    log("b", "file"),
                ),
            ),
            trace(
                vertex("b", "", started=2.0, completed=4.0, error="did not complete: exit code: 1")
            ),
            {"error": "failed to solve: did not complete: exit code: 1"},
        ),
    )
    with pytest.raises(BuildError) as caught:
        engine.builder.build(request_)
    assert caught.value.subject == str(request_.dockerfile)
    first, *rest = caught.value.cause.splitlines()
    assert first == "the build failed at [2/2] RUN false: did not complete: exit code: 1"
    assert [one.strip() for one in rest] == ["100 %", "no such file"]


def test_a_dockerfile_that_cannot_be_read_is_told_in_the_builders_words(daemon, engine, request_):
    message = "dockerfile parse error on line 2: unknown instruction: COPYY"
    daemon.on("POST", "/build", stream({"errorDetail": {"message": message}}))
    with pytest.raises(BuildError, match="line 2: unknown instruction: COPYY"):
        engine.builder.build(request_)


def test_an_engine_that_dies_in_a_build_is_not_the_builds_fault(daemon, engine, request_):
    daemon.on("POST", "/build", stream(trace(vertex("a", "[1/1] RUN make")), cut=True))
    with pytest.raises(EngineUnavailableError):
        engine.builder.build(request_)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("secrets", (Secret("token", value="hidden"),)),
        ("ssh", ("default",)),
        ("contexts", {"lib": "/somewhere"}),
        ("contexts", {"lib": "docker-image://debian"}),
        ("cache_to", ("type=local,dest=c",)),
        ("cache_from", ("type=local,src=c",)),
    ],
)
def test_what_only_buildx_can_hand_over_is_refused_before_the_build(
    daemon, engine, request_, key, value
):
    named = "additional_contexts" if key == "contexts" else key
    with pytest.raises(BuildError, match=f"only buildx can build with `{named}`") as caught:
        engine.builder.build(dataclasses.replace(request_, **{key: value}))
    assert "docker-buildx" in str(caught.value.remedy)


def test_a_dockerfile_is_sent_to_the_byte_whatever_its_encoding_and_line_ends(
    daemon, engine, request_
):
    daemon.on("POST", "/build", stream({}))
    text = b"FROM scratch\r\n# caf\xe9\r\nCOPY app /\r\n"
    request_.dockerfile.write_bytes(text)
    engine.builder.build(request_)
    assert sent(daemon)["Dockerfile"] == text


@pytest.mark.parametrize("missing", ["context", "Dockerfile"])
def test_what_is_not_there_is_a_build_error(engine, request_, tmp_path, missing):
    nowhere = tmp_path / "nowhere"
    request = dataclasses.replace(
        request_,
        context=nowhere if missing == "context" else request_.context,
        dockerfile=nowhere / "Dockerfile",
    )
    with pytest.raises(
        BuildError, match=f"no such .*{'folder' if missing == 'context' else missing}"
    ):
        engine.builder.build(request)


# the frontend that a Dockerfile asks for


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("# syntax=docker/dockerfile:1.7\n", "docker/dockerfile:1.7"),
        ("\ufeff# syntax=a/b:1\r\n", "a/b:1"),
        ("#check=skip=all\n#SYNTAX = a/b:1 \n", "a/b:1"),
        ("\n# syntax=a/b:1\n", None),
        ("# a comment\n# syntax=a/b:1\n", None),
    ],
)
def test_a_frontend_is_named_by_the_first_lines(head, name):
    assert frontend(f"{head}FROM a\n") == name
    if name:
        assert frontend(without_frontend(f"{head}FROM a\n")) is None


def ask_for(request: BuildRequest, frontend: str) -> None:
    request.dockerfile.write_text(f"# syntax={frontend}\nFROM scratch\nCOPY app /\n")


def test_a_frontend_that_cannot_be_had_is_replaced_by_the_builders_own_and_this_is_said(
    daemon, engine, request_, monkeypatch
):
    monkeypatch.setattr("bench.runtimes.docker.builders.choose._unreachable", set())
    ask_for(request_, "docker/dockerfile:1")
    name = "resolve image config for docker.io/docker/dockerfile:1"
    refused = stream(trace(vertex("a", name, error="no such host")), {"error": "no such host"})
    answers = iter([refused, stream({}), stream({})])

    def write_next(handler: Handler) -> None:
        next(answers)(handler)

    daemon.on("POST", "/build", write_next)
    for _ in range(2):
        built = engine.builder.build(request_)
        assert any("docker/dockerfile:1 cannot be had here" in one for one in built.remarks)
    builds = [one for one in daemon.requests if one.path.endswith("/build")]
    assert len(builds) == 3  # what could not be had once is not asked for again
    daemon.requests[:] = builds[-1:]
    name = daemon.asked("/build").query["dockerfile"]
    assert sent(daemon)[name].splitlines() == [b"#", b"FROM scratch", b"COPY app /"]


@pytest.mark.parametrize("frontend", ["example.com/own:1", "docker/dockerfile:1-labs"])
def test_another_frontend_cannot_be_replaced(daemon, engine, request_, frontend):
    ask_for(request_, frontend)
    name = f"resolve image config for docker-image://{frontend}"
    daemon.on(
        "POST", "/build", stream(trace(vertex("a", name, error="no such host")), {"error": "no"})
    )
    with pytest.raises(BuildError, match="no such host"):
        engine.builder.build(request_)


def test_a_build_that_fails_for_another_reason_is_not_tried_again(daemon, engine, request_):
    ask_for(request_, "docker/dockerfile:1")
    daemon.on("POST", "/build", stream({"error": "no space left"}))
    with pytest.raises(BuildError, match="no space left"):
        engine.builder.build(request_)


# the classic builder


def test_the_classic_builder_is_what_remains(daemon, classic, request_):
    daemon.on(
        "POST",
        "/build",
        stream(
            {"stream": "Step 1/2 : FROM scratch\n"},
            {"stream": "\n"},
            {"stream": "Step 2/2 : COPY app /"},
        ),
    )
    built = classic.builder.build(request_)
    assert "version" not in daemon.asked("/build").query
    assert built.done == ("COPY app /",)
    assert classic.builder.tool == BuildTool("classic", "26.1.5")


def test_its_failed_step_is_named_with_its_last_lines(daemon, classic, request_):
    error = {"error": "The command '/bin/sh -c false' returned a non-zero code: 1"}
    lines = ["Step 1/2 : FROM scratch", " ---> 12ab", "Step 2/2 : RUN false", "no such package"]
    daemon.on("POST", "/build", stream(*({"stream": f"{one}\n"} for one in lines), error))
    with pytest.raises(BuildError, match="non-zero code: 1") as caught:
        classic.builder.build(request_)
    first, *rest = caught.value.cause.splitlines()
    assert first.startswith("the build failed at Step 2/2 : RUN false: The command")
    assert [one.strip() for one in rest] == ["no such package"]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("RUN --mount=type=cache,target=/c make", "--mount (line 2)"),
        ("COPY --chmod=600 app /", "--chmod (line 2)"),
        ("COPY --link app /", "--link (line 2)"),
        ("COPY --chown=1 --parents app /", "--parents (line 2)"),
        ("ADD --checksum=sha256:1 http://example.com/a /", "--checksum (line 2)"),
        ("HEALTHCHECK --interval=1s --start-interval=1s CMD true", "--start-interval (line 2)"),
        ("COPY <<EOF /a", "here-documents (line 2)"),
        ('RUN <<-"EOF"', "here-documents (line 2)"),
        ("RUN fetch ${TARGETARCH}", "TARGETARCH (line 2)"),
        ("ARG TARGETARCH", "TARGETARCH (line 2)"),
        ("RUN fetch $BUILDOS $TARGETOS", "TARGETOS (line 2)"),
        ("ARG A=1 TARGETARCH", "TARGETARCH (line 2)"),
        ("ADD https://example.com/a/b.git /src", "a repository to clone (line 2)"),
        ("ADD git@example.com:a/b.git#main /src", "a repository to clone (line 2)"),
        ("ADD --chown=1 https://example.com/b.git#v1 /src", "a repository to clone (line 2)"),
        ('ADD ["https://example.com/b.git", "/src"]', "a repository to clone (line 2)"),
        (
            "HEALTHCHECK --interval=1s \\\n --start-interval=1s CMD true",
            "--start-interval (line 2)",
        ),
        ("RUN \\\n  --mount=type=cache,target=/c make", "--mount (line 2)"),
        ("COPY --from=x \\\n # why\n --chmod=755 a /", "--chmod (line 2)"),
        ("ONBUILD RUN --mount=type=cache,target=/c make", "--mount (line 2)"),
        ("ONBUILD COPY <<EOF /a\nx\nEOF", "here-documents (line 2)"),
    ],
)
def test_what_it_would_not_read_is_refused_before_with_line_and_remedy(
    classic, request_, line, named
):
    request_.dockerfile.write_text(f"FROM scratch\n{line}\n")
    with pytest.raises(BuildError) as caught:
        classic.builder.build(request_)
    assert named in caught.value.cause
    assert "docker-buildx" in str(caught.value.remedy)


@pytest.mark.parametrize(
    "line",
    [
        "RUN echo $((1<<3))",
        "RUN cat <<< b",
        "# COPY <<EOF /a",
        "ADD https://example.com/b.gitx /src",
        "RUN echo MY_TARGETARCH $TARGETARCHIVE",
        "ARG A=TARGETARCH",
        "RUN mount --mount=x",
        "COPY a --chmod=1",
    ],
)
def test_what_it_reads_like_buildkit_is_left_to_it(request_, line):
    assert not_read(request_, f"FROM scratch\n{line}\n") == []


def test_an_ignore_file_that_it_would_not_look_at_is_refused(classic, request_):
    request_.dockerfile.with_name("Dockerfile.dockerignore").write_text(".env\n")
    with pytest.raises(BuildError, match=r"Dockerfile\.dockerignore"):
        classic.builder.build(request_)


# As Engine 20.10 says it of two stages.
OUTPUT = [
    "Step 1/7 : FROM python:3.11-slim-bookworm AS build",
    " ---> 0bb5fa0cd5d1",
    "Step 2/7 : COPY requirements.txt .",
    "",
    " ---> Using cache",
    " ---> 5bdd9bf7ccc0",
    "Step 3/7 : RUN pip install --requirement requirements.txt",
    " ---> Using cache",
    " ---> 8ee6c3e2ec37",
    "Step 4/7 : FROM python:3.11-slim-bookworm",
    " ---> 0bb5fa0cd5d1",
    "Step 5/7 : COPY app.py .",
    " ---> 2d9b5a9a2a64",
    "Step 6/7 : CMD python app.py",
    " ---> Running in 0d3b5b6c4a4f",
    "Removing intermediate container 0d3b5b6c4a4f",
    " ---> 7cb6c0e1c6b0",
    "Step 7/7 : LABEL org.container-bench=kept",
    " ---> Running in 2b3906a58697",
    "Removing intermediate container 2b3906a58697",
    " ---> 0c6807107c92",
    "Successfully built 0c6807107c92",
]


def done(output: list[str]) -> list[str]:
    return [one.instruction for one in classic_steps(output) or () if not one.cached]


def test_steps_that_the_cache_had_from_and_benchs_own_label_are_not_counted():
    assert done(OUTPUT) == ["COPY app.py .", "CMD python app.py"]
    assert [one.cached for one in classic_steps(OUTPUT) or ()] == [True, True, False, False]


def test_where_the_cache_has_everything_no_step_is_done():
    output = ["Step 1/2 : FROM scratch", " ---> ", "Step 2/2 : COPY a /", " ---> Using cache"]
    assert done(output) == []


def test_what_a_step_prints_is_not_taken_for_a_step():
    output = [
        "Step 1/2 : FROM debian",
        "Step 2/2 : RUN make",
        " ---> Running in 0d3b5b6c4a4f",
        "Step 1/2 : RUN something of its own",
        " ---> Using cache",
    ]
    assert done(output) == ["RUN make"]


def test_of_another_builder_nothing_is_known():
    assert classic_steps(["STEP 1/2: FROM debian", "STEP 2/2: RUN make"]) is None
