"""Builds by buildx: its arguments, what no command line may show, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.core.errors import BuildError, EngineError
from bench.runtimes.build_request import BuildRequest, BuildResult, BuildStep, Secret
from bench.runtimes.docker.builders import buildx
from bench.runtimes.docker.builders.progress import BuildProgress
from bench.runtimes.managed.daemons import Paths

REQUEST = BuildRequest(Path("/c"), "web:1", Path("/c/Dockerfile"))


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Writes a program that stands in the place of buildx."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setattr(Paths, "of_this_user", lambda: Paths(tmp_path / "s", tmp_path / "r"))
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")

    def write(script: str) -> buildx.Buildx:
        file = tmp_path / "docker-buildx"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return buildx.Buildx(file, "0.13.1")

    return write


def build(
    one: buildx.Buildx,
    tmp_path: Path,
    credentials: dict[str, dict[str, str]] | None = None,
    **keys: Any,
) -> BuildResult:
    request = BuildRequest(tmp_path, "web:1", tmp_path / "Dockerfile", **keys)
    progress = BuildProgress(lambda _: None)
    address = "unix:///run/d.sock"
    return buildx.build(one, address, request, "FROM scratch\n", credentials or {}, progress)


def vertex(**fields: object) -> str:
    return json.dumps({"vertexes": [{"digest": "a", **fields}]})


def test_its_progress_is_read_on_one_line_and_on_several(program, tmp_path):
    begun = json.dumps(
        {
            "vertexes": [
                {"digest": "a", "name": "[2/2] RUN make", "started": "2026-01-01T00:00:01Z"}
            ]
        },
        indent=2,
    )
    ended = vertex(started="2026-01-01T00:00:01Z", completed="2026-01-01T00:00:03.5Z")
    result = build(program(f"cat >&2 <<'E'\n{begun}\n{ended}\nE"), tmp_path)
    assert result.steps == (BuildStep("RUN make", cached=False, seconds=2.5),)


def test_a_step_that_failed_is_shown(program, tmp_path):
    line = vertex(name="[2/2] RUN false", error="exit code: 1")
    with pytest.raises(BuildError, match=r"at \[2/2\] RUN false: exit code: 1"):
        build(program(f"echo '{line}' >&2; echo ERROR: failed >&2; exit 1"), tmp_path)


def test_what_it_refuses_before_it_begins_is_shown_whole(program, tmp_path):
    said = "echo ERROR: Cache export is not supported >&2; echo Switch to another >&2; exit 1"
    with pytest.raises(EngineError, match="Cache export is not supported") as caught:
        build(program(said), tmp_path)
    assert "Switch to another" in caught.value.cause
    assert "cache_to" not in caught.value.remedy


def test_a_cache_that_the_engine_cannot_export_has_ways_around_it(program, tmp_path):
    said = "echo ERROR: Cache export is not supported >&2; exit 1"
    with pytest.raises(EngineError) as caught:
        build(program(said), tmp_path, cache_to=("type=local,dest=c",))
    assert "type=inline" in caught.value.remedy
    assert "BENCH_IMAGE_STORE=containerd" in caught.value.remedy


def test_secrets_and_arguments_stand_in_no_command_line(program, tmp_path):
    one = program('echo "$@" > "$PWD/arguments"; env > "$PWD/environment"')
    secrets = (Secret("t", value="s3cret"), Secret("f", file=Path("/a,b")))
    build(one, tmp_path, secrets=secrets, args={"API_TOKEN": "t0ken", "PATH": "/other"})
    given = (tmp_path / "arguments").read_text()
    assert "s3cret" not in given
    assert "t0ken" not in given
    assert "PATH=/other" in given
    assert 'id=f,"src=/a,b"' in given
    environment = (tmp_path / "environment").read_text().splitlines()
    assert "API_TOKEN=t0ken" in environment
    assert "CONTAINER_BENCH_SECRET_0=s3cret" in environment


def test_credentials_lie_in_a_folder_that_is_closed_and_gone_afterwards(program, tmp_path):
    one = program(
        'cp "$DOCKER_CONFIG/config.json" "$PWD/seen"; stat -c %a "$DOCKER_CONFIG" > "$PWD/mode"'
    )
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text('{"credsStore": "pass"}')
    left = tmp_path / "r" / "buildx-999999999-x"
    left.mkdir(parents=True)
    (left / "config.json").touch()
    known = {"127.0.0.1:5591": {"username": "bench", "password": "p"}}
    build(one, tmp_path, known)
    seen = json.loads((tmp_path / "seen").read_text())
    assert seen["auths"]["127.0.0.1:5591"]["auth"]
    assert (seen["credsStore"], seen["credHelpers"]) == ("pass", {"127.0.0.1:5591": ""})
    assert (tmp_path / "mode").read_text().strip() == "700"
    assert not list((tmp_path / "r").iterdir())


def test_a_configuration_that_is_none_is_no_traceback(program, tmp_path):
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text("[]")
    assert build(program("exit 0"), tmp_path).steps == ()
