"""Images built as their Dockerfiles are written, by each builder that an engine has."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from bench.core.errors import BuildError
from bench.runtimes.build_request import BuildRequest, Secret
from bench.runtimes.docker.builders.buildx import find_buildx
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec
from tests.live import engines
from tests.programs import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.runtimes.protocol import ContainerEngine


pytestmark = [
    pytest.mark.engine,
    engines.own_builder,
]

TAG = "bench-test/build:latest"
LABELS = {LABEL: "bench-test"}


@pytest.fixture(params=["buildx", "buildkit"])
def builder(request, building: ContainerEngine, monkeypatch) -> ContainerEngine:
    """The building engine, by buildx and by its API alone."""
    if request.param == "buildkit":
        monkeypatch.setattr("bench.runtimes.docker.builders.choose.find_buildx", lambda: None)
        if building.builder.tool.kind != "buildkit":
            pytest.skip("the BuildKit of this engine takes no archive")
    else:
        assert find_buildx() is not None, "these tests need a docker-buildx beside the engine"
    return building


@pytest.fixture
def output(builder: ContainerEngine, busybox: str, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Builds a Dockerfile on busybox, runs the image, and returns what it prints."""
    context = tmp_path / "context"
    context.mkdir()
    made: list[str] = []

    def build_and_run(
        dockerfile: str, *command: str, name: str = "Dockerfile", **more: object
    ) -> str:
        (context / name).write_text(dockerfile.replace("BUSYBOX", busybox))
        request = BuildRequest(context, TAG, context / name, labels=LABELS)
        builder.builder.build(dataclasses.replace(request, **more))  # type: ignore[arg-type]
        made.append(TAG)
        return run(builder, *command)

    yield build_and_run
    for one in made:
        builder.images.remove(one)


def run(engine: ContainerEngine, *command: str) -> str:
    """What a container of the image prints."""
    spec = WorkloadSpec(
        image=TAG,
        name=f"bench-test-build-{time.monotonic_ns()}",
        labels=LABELS,
        command=command or None,
        network_mode="none",
    )
    container = engine.create(spec).id
    try:
        engine.workload(container).start()
        engine.workload(container).wait(30)
        return "\n".join(engine.workload(container).log_tail(100))
    finally:
        engine.workload(container).remove()


@pytest.fixture
def recent(builder) -> None:
    """What Engine 23 and later read without a frontend of another image."""
    if int(builder.info.version.partition(".")[0]) < 23:
        pytest.skip("the frontend that is built into this engine is too old")


@pytest.mark.usefixtures("recent")
def test_here_documents(output):
    text = """FROM BUSYBOX
COPY <<one <<two /made/
first
one
second
two
RUN <<EOF
echo "of a script" > /made/three
EOF
"""
    assert (
        output(text, "cat", "/made/one", "/made/two", "/made/three") == "first\nsecond\nof a script"
    )


def test_mounts_of_a_cache_of_the_context_and_of_a_stage(output, tmp_path):
    (tmp_path / "context" / "given").write_text("given")
    text = """FROM BUSYBOX AS stage
RUN echo staged > /staged
FROM BUSYBOX
RUN --mount=type=cache,target=/cache echo cached > /cache/a && cp /cache/a /a
RUN --mount=type=bind,target=/ctx cp /ctx/given /b
RUN --mount=type=bind,from=stage,source=/staged,target=/in cp /in /c
RUN --mount=type=tmpfs,target=/scratch echo gone > /scratch/x
CMD cat /a /b /c && ls -d /cache /scratch 2>&1 | wc -l
"""
    assert output(text).split() == ["cached", "givenstaged", "2"]


@pytest.mark.usefixtures("recent")
def test_modes_links_and_owners_of_what_is_copied(output, tmp_path):
    (tmp_path / "context" / "run.sh").write_text("#!/bin/sh\necho ran\n")
    text = """FROM BUSYBOX
COPY --chmod=751 --chown=12:34 run.sh /bin/own
COPY --link run.sh /bin/linked
CMD stat -c '%a %u:%g' /bin/own && sh /bin/linked
"""
    assert output(text) == "751 12:34\nran"


def test_the_platform_in_arguments(output):
    text = """FROM --platform=$BUILDPLATFORM BUSYBOX
ARG TARGETARCH
ARG TARGETPLATFORM
RUN echo "$TARGETARCH $TARGETPLATFORM" > /platform
CMD cat /platform
"""
    architecture, platform = output(text).split()
    assert platform == f"linux/{architecture}"


def test_the_ignore_file_of_a_dockerfile(output, tmp_path):
    context = tmp_path / "context"
    (context / ".env").write_text("SECRET")
    (context / "kept").write_text("kept")
    (context / ".dockerignore").write_text("kept\n")
    (context / "web.Dockerfile.dockerignore").write_text(".env\n*.Dockerfile*\n.dockerignore\n")
    found = output("FROM BUSYBOX\nCOPY . /all/\nCMD ls -A /all\n", name="web.Dockerfile")
    assert "kept" in found.split()
    assert ".env" not in found.split()


def test_a_target_before_other_stages_and_arguments(output):
    text = """ARG VERSION=none
FROM BUSYBOX AS wanted
ARG VERSION
RUN echo "$VERSION" > /version
FROM wanted AS other
RUN false
"""
    assert output(text, "cat", "/version", target="wanted", args={"VERSION": "3"}) == "3"


def test_a_stage_that_is_not_needed_is_not_built(output):
    text = "FROM BUSYBOX AS unused\nRUN false\nFROM BUSYBOX\nRUN echo done > /done\n"
    assert output(text, "cat", "/done") == "done"


def test_a_health_check_with_an_interval_at_the_start(output, builder):
    if int(builder.info.version.partition(".")[0]) < 25:
        pytest.skip("Engine 25 is the first that reads it")
    output("FROM BUSYBOX\nHEALTHCHECK --start-period=9s --start-interval=1s CMD true\n", "true")
    check = builder.images.inspect(TAG).config["Healthcheck"]
    assert check["StartInterval"] == 10**9


@pytest.mark.usefixtures("recent")
def test_a_frontend_that_cannot_be_had_here_or_can(output):
    text = "# syntax=docker/dockerfile:1\nFROM BUSYBOX\nRUN <<EOF\necho read > /read\nEOF\n"
    assert output(text, "cat", "/read") == "read"


def test_a_base_that_an_argument_names_and_a_stage_as_a_base(output, busybox):
    text = f"ARG BASE={busybox}\nFROM ${{BASE}} AS b\nFROM b\nRUN echo x > /x\n"
    assert output(text, "cat", "/x") == "x"


def test_steps_are_told_with_their_times_and_those_of_the_cache_as_such(builder, output, tmp_path):
    context = tmp_path / "context"
    marker = str(time.time_ns())
    text = f"FROM BUSYBOX\nRUN echo {marker}; sleep 0.3\nRUN echo again {marker}\n"
    output(text, "true")
    request = BuildRequest(context, TAG, context / "Dockerfile", labels=LABELS)
    second = builder.builder.build(request)
    assert [one.cached for one in second.steps or ()] == [True, True]
    (context / "Dockerfile").write_text(
        (context / "Dockerfile").read_text().replace("echo again", "echo once more")
    )
    third = builder.builder.build(request)
    assert third.done == (f"RUN echo once more {marker}",)
    anew = builder.builder.build(dataclasses.replace(request, no_cache=True))
    assert anew.steps is not None
    slow, quick = anew.steps
    assert not slow.cached
    assert slow.seconds is not None
    assert slow.seconds >= 0.3
    assert quick.seconds is not None
    assert anew.seconds >= slow.seconds


def test_a_step_that_fails_is_shown_with_its_output_and_the_users_own_file(output, tmp_path):
    text = (
        "# syntax=docker/dockerfile:1\nFROM BUSYBOX\nRUN echo before it; echo oh no >&2; exit 3\n"
    )
    with pytest.raises(BuildError) as caught:
        output(text)
    assert caught.value.subject == str(tmp_path / "context" / "Dockerfile")
    assert "RUN echo before it" in caught.value.cause
    assert "exit code: 3" in caught.value.cause
    assert "oh no" in [line.strip() for line in caught.value.cause.splitlines()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FROM BUSYBOX\nRUNN true\n", ("line 2", "RUNN")),
        ("FROM BUSYBOX\nCOPY absent /\n", ("absent",)),
        ("FROM bench-test/no-such-image:1\n", ("no-such-image",)),
        ("", ("empty",)),
    ],
    ids=["instruction", "file", "base", "empty"],
)
def test_a_dockerfile_that_cannot_be_built_is_told_in_the_builders_words(output, text, words):
    with pytest.raises(BuildError) as caught:
        output(text)
    assert all(word in caught.value.cause for word in words), caught.value.cause


# what only buildx can hand over


ONLY_BUILDX = pytest.mark.parametrize("builder", ["buildx"], indirect=True)


@ONLY_BUILDX
def test_secrets_reach_a_step_and_do_not_stay(output, tmp_path):
    (tmp_path / "token").write_text("hidden")
    text = """FROM BUSYBOX
RUN --mount=type=secret,id=one --mount=type=secret,id=two \\
    wc -c < /run/secrets/one > /size && wc -c < /run/secrets/two >> /size
CMD cat /size; ls -d /run/secrets/* 2>/dev/null | wc -l
"""
    secrets = (Secret("one", tmp_path / "token"), Secret("two", value="hidden too"))
    assert output(text, secrets=secrets).split() == ["6", "10", "0"]


@ONLY_BUILDX
def test_an_agent_reaches_a_step(output, tmp_path, monkeypatch):
    socket = tmp_path / "agent"
    need(ssh_agent="openssh-client")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 10
        while not socket.exists():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        text = 'FROM BUSYBOX\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo yes > /a\n'
        assert output(text, "cat", "/a", ssh=("default",)) == "yes"
    finally:
        agent.terminate()
        agent.wait()


@ONLY_BUILDX
@pytest.mark.usefixtures("recent")
def test_further_folders_and_images_to_copy_from(output, tmp_path, busybox):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "part").write_text("part")
    text = """FROM BUSYBOX
COPY --from=lib part /
COPY --from=other /bin/busybox /other
CMD cat /part; test -s /other && echo " and other"
"""
    contexts = {"lib": str(tmp_path / "lib"), "other": f"docker-image://{busybox}"}
    assert output(text, contexts=contexts) == "part and other"


def test_what_a_user_has_set_up_for_buildx_does_not_change_the_engine(output, monkeypatch):
    monkeypatch.setenv("BUILDX_BUILDER", "somebody-elses")
    monkeypatch.setenv("DOCKER_CONTEXT", "elsewhere")
    assert output("FROM BUSYBOX\nRUN echo here > /here\n", "cat", "/here") == "here"
    assert os.environ["BUILDX_BUILDER"] == "somebody-elses"
