"""How a failed build is told: the file, the step, the builder's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.runtimes.build_request import BuildRequest
    from bench.runtimes.docker.builders.progress import FailedStep

_REMEDY = "mend that step of the Dockerfile, or what it copies or fetches"


def build_failed(
    request: BuildRequest, message: str, *, step: str = "", lines: Iterable[str] = ()
) -> BuildError:
    """The error of a build that the builder gave up.

    Args:
        request: what was to be built.
        message: the builder's own.
        step: the one that failed, where it is known.
        lines: the last ones of its output.
    """
    where = f" at {step}" if step else ""
    cause = f"the build failed{where}: {message}"
    return BuildError(str(request.dockerfile), "\n    ".join((cause, *lines)), _REMEDY)


def step_failed(request: BuildRequest, failed: FailedStep) -> BuildError:
    """The same of a step of BuildKit's."""
    return build_failed(request, failed.error, step=failed.name, lines=failed.lines)
