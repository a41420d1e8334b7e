"""A Dockerfile and the files of its context as mends change them, in memory, and their diff."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from bench.core.errors import UsageError
from bench.dockerfile.lint.dockerfile import Dockerfile
from bench.dockerfile.lint.lint import findings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.finding import LintFinding

_LARGEST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Sources:
    """A Dockerfile and the files around it.

    Attributes:
        context: the folder from which the image is built.
        dockerfile: the place of the Dockerfile in it.
        texts: of the Dockerfile and of the files that mends have changed, by their place.
    """

    context: Path
    dockerfile: str
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Of the Dockerfile."""
        return self.texts[self.dockerfile]

    @cached_property
    def file(self) -> Dockerfile:
        """The Dockerfile as rules see it."""
        changed = {place: text for place, text in self.texts.items() if place != self.dockerfile}
        return Dockerfile(self.text, self.context / self.dockerfile, self.context, changed)

    @cached_property
    def findings(self) -> tuple[LintFinding, ...]:
        """Those that no comment silences."""
        return tuple(findings(self.file))

    def found(self, *rules: str) -> list[Instruction]:
        """The instructions that break one of these rules, in order."""
        lines = {finding.line for finding in self.findings if finding.rule in rules}
        stages = self.file.stages
        all_of_them = (it for stage in stages for it in (stage.opening, *stage.instructions))
        return [it for it in all_of_them if it.line in lines]

    def read(self, place: str) -> str | None:
        """The text of a file, as it is now; None where it is none."""
        return self.texts[place] if place in self.texts else self.file.context_text(place)

    def with_text(self, text: str, place: str = "") -> Sources:
        """The same with another text of the file, or of the Dockerfile."""
        return Sources(
            self.context, self.dockerfile, {**self.texts, place or self.dockerfile: text}
        )


def read_sources(dockerfile: Path, context: Path) -> Sources:
    """A Dockerfile that lies in its context.

    Raises:
        UsageError: it lies elsewhere, cannot be read, or is no text.
    """
    try:
        place = dockerfile.resolve().relative_to(context.resolve()).as_posix()
    except ValueError as error:
        raise UsageError(
            str(dockerfile), f"is not in the context {context}", "name its context with --context"
        ) from error
    try:
        with dockerfile.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        if len(data) > _LARGEST_BYTES:
            raise UsageError(str(dockerfile), "is larger than 1 MiB, so it is hardly a Dockerfile")
        text = data.decode()
    except OSError as error:
        raise UsageError(str(dockerfile), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(str(dockerfile), "is no text in UTF-8") from error
    return Sources(context, place, {place: text})


def changed_places(before: Sources, after: Sources) -> list[str]:
    """The files that differ, in the order of their names, the Dockerfile first."""
    places = [place for place, text in after.texts.items() if before.read(place) != text]
    return sorted(places, key=lambda place: (place != after.dockerfile, place))


def pinned(before: Sources, after: Sources) -> Sources:
    """The sources with the texts, as they are now, of all files that differ afterwards."""
    texts = {place: before.read(place) for place in changed_places(before, after)}
    found = {place: text for place, text in texts.items() if text is not None}
    return Sources(before.context, before.dockerfile, {**before.texts, **found})


def diff(before: Sources, after: Sources) -> str:
    """A unified diff for `git apply` or `patch -p1` in the context; empty without a change."""
    parts = []
    for place in changed_places(before, after):
        old, new = before.read(place), after.texts[place]
        mark = "\t" if " " in place else ""  # what ends a name that has blanks
        lines = difflib.unified_diff(
            _lines(old or ""),
            _lines(new),
            "/dev/null" if old is None else f"a/{place}{mark}",
            f"b/{place}{mark}",
        )
        parts += [
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        ]
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """Lines with what ends them; only a line feed does."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
