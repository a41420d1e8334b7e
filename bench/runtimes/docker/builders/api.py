"""Builds by the engine's own API: with BuildKit if no session is needed, otherwise classic.

BuildKit requests secrets, agents and additional folders from its client in a session, which the API
alone does not offer; `buildx.py` does. The classic builder is used for engines whose BuildKit does
not accept an archive, and for Podman, whose builder answers the same call.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from bench.core.text import clean
from bench.runtimes.build_request import BuildResult, BuildStep
from bench.runtimes.docker.builders.context import archive
from bench.runtimes.docker.builders.errors import build_failed, step_failed
from bench.runtimes.docker.builders.trace import read_trace
from bench.runtimes.protocol import LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bench.runtimes.build_request import BuildRequest
    from bench.runtimes.docker.builders.progress import BuildProgress

_TRACE = "moby.buildkit.trace"
_STEP = re.compile(r"Step (\d+)/\d+ : (.+)")
_FROM_CACHE = " ---> Using cache"
_NO_WORK = ("FROM ", f"LABEL {LABEL}=".upper())
"""Steps that take no time, and the label that this builder adds as a last step."""

_SHOWN_LINES = 30


def by_buildkit(
    api: Any, request: BuildRequest, dockerfile: str, progress: BuildProgress
) -> BuildResult:
    """Build with the engine's BuildKit, to which the context is sent as an archive.

    Args:
        api: the SDK's client.
        request: the build; it must not need a session.
        dockerfile: text of the Dockerfile.
        progress: receives the builder's messages.

    Raises:
        BuildError: the build failed.
        OSError: the context cannot be read.
    """
    start_s = time.monotonic()
    data, name, is_added = archive(request, dockerfile)
    parameters = _parameters(request, name) | {"version": "2"}
    message = ""
    with data:
        for line in _lines(api, parameters, data):  # what a step said may come after its error
            if line.get("id") == _TRACE:
                read_trace(str(line.get("aux")), progress)
            message = message or _error(line)
    if message:
        failed = progress.failed()
        raise step_failed(request, failed) if failed else build_failed(request, message)
    seconds = time.monotonic() - start_s
    return BuildResult(seconds, progress.steps(), _remarks(name, is_added=is_added))


def by_classic(
    api: Any, request: BuildRequest, dockerfile: str, progress: BuildProgress
) -> BuildResult:
    """Build with the engine's classic builder, or Podman's.

    Args:
        api: the SDK's client.
        request: the build; requests that this builder does not support were refused before.
        dockerfile: text of the Dockerfile.
        progress: receives the steps.

    Raises:
        BuildError: the build failed.
        OSError: the context cannot be read.
    """
    start_s = time.monotonic()
    data, name, is_added = archive(request, dockerfile)
    said: list[str] = []
    step, tail = "", deque[str](maxlen=_SHOWN_LINES)
    with data:
        for line in _lines(api, _parameters(request, name) | {"rm": "1", "forcerm": "1"}, data):
            if message := _error(line):
                raise build_failed(request, message, step=step, lines=tail)
            text = clean(line.get("stream") or line.get("status") or "").rstrip("\n")
            if _STEP.match(text):
                step = text
                tail.clear()
                progress.say(text)
            elif text:
                tail.append(text)
            said.append(text)
    seconds = time.monotonic() - start_s
    return BuildResult(seconds, classic_steps(said), _remarks(name, is_added=is_added))


def _remarks(dockerfile: str, *, is_added: bool) -> tuple[str, ...]:
    """Remarks on a Dockerfile that had to be added to the context."""
    if not is_added:
        return ()
    where = f"without buildx the Dockerfile goes to the builder in the context, as {dockerfile}"
    return (f"{where}, and `COPY .` takes it along",)


def classic_steps(output: Iterable[str]) -> tuple[BuildStep, ...] | None:
    """The steps of a classic build, without FROM; None if unknown, as with Podman.

    Output printed by a step itself is not mistaken for one: steps are numbered.

    Args:
        output: the builder's messages.
    """
    steps: list[BuildStep] = []
    number, just_named = 0, False
    for text in output:
        step = _STEP.match(text)
        if step and int(step[1]) == number + 1:
            number, just_named = number + 1, True
            steps.append(BuildStep(step[2].strip(), cached=False))
            continue
        if just_named and text.startswith(_FROM_CACHE):
            steps[-1] = BuildStep(steps[-1].instruction, cached=True)
        just_named = just_named and not text
    if not number:
        return None
    return tuple(step for step in steps if not step.instruction.upper().startswith(_NO_WORK))


def _parameters(request: BuildRequest, dockerfile: str) -> dict[str, str]:
    found = {
        "t": request.tag,
        "dockerfile": dockerfile,
        "target": request.target or "",
        "buildargs": json.dumps(dict(request.args)),
        "labels": json.dumps(dict(request.labels)),
        "networkmode": request.network or "",
        "cachefrom": json.dumps(list(request.cache_from)) if request.cache_from else "",
        "nocache": "1" if request.no_cache else "",
        "pull": "1" if request.pull else "",
    }
    return {name: value for name, value in found.items() if value}


def _lines(api: Any, parameters: Mapping[str, str], data: Any) -> Iterator[dict[str, Any]]:
    """The engine's messages, as they arrive."""
    headers = {"Content-Type": "application/x-tar"}
    api._set_auth_headers(headers)  # noqa: SLF001 - the SDK's `build` knows no version 2
    answer = api._post(  # noqa: SLF001
        api._url("/build"),  # noqa: SLF001
        data=data,
        params=parameters,
        headers=headers,
        stream=True,
        timeout=None,
    )
    yield from api._stream_helper(answer, decode=True)  # noqa: SLF001


def _error(line: Mapping[str, Any]) -> str:
    detail = line.get("errorDetail") or {}
    return clean(detail.get("message") or line.get("error") or "").strip()
