"""BuildKit's progress messages, from either source: vertexes and their logs."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.core.text import clean
from bench.runtimes.build_request import BuildStep

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = re.compile(r"\[(?:[^]]* )?\d+/\d+\] (?P<instruction>.+)", re.DOTALL)
_FRONTEND = re.compile(r"resolve image config for (?:docker-image://)?(?P<image>\S+)")
_CANCELED = "context canceled"
_SHOWN_LINES = 30


@dataclass(frozen=True)
class VertexEvent:
    """A message about a vertex, which is a step of the build or of BuildKit's internal work.

    Attributes:
        digest: BuildKit's identifier of it.
        name: such as `[build 2/5] RUN make`; empty if sent before.
        started_ns, completed_ns: on the builder's clock; None if that has not happened.
    """

    digest: str
    name: str = ""
    cached: bool = False
    started_ns: int | None = None
    completed_ns: int | None = None
    error: str = ""


@dataclass
class _Vertex:
    name: str
    cached: bool = False
    started_ns: int | None = None
    completed_ns: int | None = None
    error: str = ""
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_SHOWN_LINES))
    open_line: str = ""


@dataclass(frozen=True)
class FailedStep:
    """A vertex that failed: its name, BuildKit's error, and the last lines of its output."""

    name: str
    error: str
    lines: tuple[str, ...]


class BuildProgress:
    """Collects the messages about the vertexes of one build."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Pass the name of each step to `say` when it starts."""
        self.say = say
        self._vertexes: dict[str, _Vertex] = {}

    def vertex(self, event: VertexEvent) -> None:
        """Process a message about a vertex, which may start and complete more than once."""
        known = self._vertexes.setdefault(event.digest, _Vertex(clean(event.name)))
        known.name = clean(event.name) or known.name
        if event.started_ns is not None:
            if known.started_ns is None and _STEP.match(known.name):
                self.say(_one_line(known.name))
            known.started_ns, known.completed_ns = event.started_ns, None
        if event.completed_ns is not None:
            known.completed_ns = event.completed_ns
        known.cached = known.cached or event.cached
        known.error = clean(event.error) or known.error

    def log(self, digest: str, data: bytes) -> None:
        """Process a piece of a vertex's output, which need not end at the end of a line."""
        known = self._vertexes.setdefault(digest, _Vertex(""))
        *lines, known.open_line = (known.open_line + data.decode(errors="replace")).split("\n")
        known.log.extend(clean(line.rstrip("\r").rpartition("\r")[2]) for line in lines)

    @property
    def has_begun(self) -> bool:
        """Whether the builder has sent any message."""
        return bool(self._vertexes)

    def steps(self) -> tuple[BuildStep, ...]:
        """The instructions of the Dockerfile, FROM left out, in the order of their start."""
        found = []
        for vertex in self._vertexes.values():
            step = _STEP.match(vertex.name)
            if step is None or step["instruction"].split()[0].upper() == "FROM":
                continue
            if vertex.started_ns is None and not vertex.cached:
                continue
            seconds = None
            if not vertex.cached and vertex.started_ns and vertex.completed_ns:
                seconds = (vertex.completed_ns - vertex.started_ns) / 1e9
            instruction = _one_line(step["instruction"])
            found.append((vertex.started_ns or 0, BuildStep(instruction, vertex.cached, seconds)))
        return tuple(step for _, step in sorted(found, key=lambda started: started[0]))

    def failed(self) -> FailedStep | None:
        """The vertex that failed first; vertexes that were cancelled as a result do not count."""
        broken = [vertex for vertex in self._vertexes.values() if vertex.error]
        own = [vertex for vertex in broken if not vertex.error.endswith(_CANCELED)] or broken
        if not own:
            return None
        first = min(own, key=lambda vertex: vertex.completed_ns or vertex.started_ns or 0)
        rest = [clean(first.open_line)] if first.open_line else []
        return FailedStep(_one_line(first.name), first.error, (*first.log, *rest))

    def missing_frontend(self) -> str | None:
        """The frontend image of the Dockerfile, if it could not be fetched."""
        for vertex in self._vertexes.values():
            named = _FRONTEND.match(vertex.name)
            if named and vertex.error:
                return named["image"]
        return None


def _one_line(text: str) -> str:
    return " ".join(text.split())
