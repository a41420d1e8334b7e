"""Faults and warnings about a file, each with the node that it is about.

A file is read as a whole before it is known which services take part. Notes about the others, and
about what only they use, are left out by `of`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.yamldoc.nodes import Map, Node, Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place


@dataclass
class Notes:
    """Faults and warnings, by the place of their node."""

    faults: list[tuple[Place, Diagnostic]] = field(default_factory=list)
    warnings: list[tuple[Place, Diagnostic]] = field(default_factory=list)

    def fault(self, node: Place, message: str, suggestion: str, at: Place | None = None) -> None:
        """The node there is wrong; `at` is where exactly."""
        self.faults.append((node, (at or node).diagnostic(message, suggestion)))

    def warn(self, node: Place, message: str, suggestion: str, at: Place | None = None) -> None:
        """A reader should know this of the node there; `at` is where exactly."""
        self.warnings.append((node, (at or node).diagnostic(message, suggestion)))

    def moved(self, gone: Place, kept: Place) -> None:
        """The node at `gone` is taken out: what is to be known of it, is of the one at `kept`."""
        self.warnings = [(kept if at == gone else at, warning) for at, warning in self.warnings]

    def of(self, root: Node) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """Faults and warnings about what stands in `root`."""
        there = set(_places(root))
        return (
            [fault for place, fault in self.faults if place in there],
            [warning for place, warning in self.warnings if place in there],
        )


def _places(node: Node) -> Iterator[Place]:
    left = [node]
    while left:
        current = left.pop()
        yield current.place
        if isinstance(current, Map):
            for entry in current.entries.values():
                yield entry.place
                left.append(entry.node)
        elif isinstance(current, Series):
            left += current.items
