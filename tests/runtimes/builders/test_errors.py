"""Who is to blame for a failed build."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.core.errors import BuildError, EngineError
from bench.runtimes.build_request import BuildRequest
from bench.runtimes.docker.builders.errors import build_failed

REQUEST = BuildRequest(context=Path("web"), dockerfile=Path("web/Dockerfile"), tag="x")


@pytest.mark.parametrize(
    "message",
    [
        "write /var/lib/docker/overlay2/x/diff/torch.whl: no space left on device",
        "Error processing tar file(exit status 1): write /x: No space left on device",
    ],
)
def test_a_builder_without_space_is_no_fault_of_the_image(message):
    error = build_failed(REQUEST, message, step="COPY . .")
    assert not isinstance(error, BuildError)
    assert isinstance(error, EngineError)
    assert error.cause == "its disk is full", "a step may hold a secret"
    assert error.remedy


def test_a_step_that_finds_a_file_system_of_its_own_full_is_the_image_s_fault():
    said = ("cp: error writing '/tmp/x': No space left on device",)
    quoted = 'process "/bin/sh -c echo no space left on device" did not complete successfully'
    for message in ("process did not complete: exit code: 1", f"{quoted}: exit code: 1"):
        assert isinstance(build_failed(REQUEST, message, lines=said), BuildError)
