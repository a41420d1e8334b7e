"""The errors of a failed build: the file, the step, and the builder's own message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import BuildError, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.runtimes.build_request import BuildRequest
    from bench.runtimes.docker.builders.progress import FailedStep

_NO_SPACE = "no space left on device"
_OF_STEP = ("did not complete successfully", "returned a non-zero code")
"""In messages that quote the command of a step, which may say anything."""
_REMEDY = "mend that step of the Dockerfile, or what it copies or fetches"


def build_failed(
    request: BuildRequest, message: str, *, step: str = "", lines: Iterable[str] = ()
) -> EngineError:
    """The error of a build that the builder reported as failed.

    The image is to blame, unless the builder itself has no space left: what a step says on its
    output is not the builder's own message.

    Args:
        request: the build.
        message: the builder's own.
        step: the failed one, if known.
        lines: the last lines of its output.
    """
    where = f" at {step}" if step else ""
    cause = f"the build failed{where}: {message}"
    is_of_step = any(words in message for words in _OF_STEP)
    if _NO_SPACE in message.lower() and not is_of_step:
        return EngineError("builder", "its disk is full", "free some disk space there")
    return BuildError(str(request.dockerfile), "\n    ".join((cause, *lines)), _REMEDY)


def step_failed(request: BuildRequest, failed: FailedStep) -> EngineError:
    """The same for a failed step of BuildKit."""
    return build_failed(request, failed.error, step=failed.name, lines=failed.lines)
