"""Files of the image that were opened before ready: how much of it, and what took the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import Arm, TrialStatus
from bench.core.units import format_bytes, format_seconds
from bench.journal.facts.opened import OpenedFiles, OpenedUnknown
from bench.report.sections.section import Section
from bench.report.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.results.run import Run

_MOST_NAMED = 3
_EXPLANATION = (
    "Opened: bytes of the files that the container opened from its start until it was ready, each "
    "counted whole, in a trial without limits. What was not opened may still be needed later. "
    "Time: from the opening of each file of a package to that of the next file of any: loading it "
    "from disk and running its code, and whatever it waited for meanwhile."
)


def opened_files_section(run: Run) -> Section | None:
    """One row per case, or service of one; None where nothing was observed."""
    found = list(_observed(run))
    if not found:
        return None
    return Section(
        title="files opened before ready",
        beside="how much of an image its start needs, and what it spends its time on",
        columns=("case", "image", "opened", "files", "most time", "most bytes not opened"),
        rows=tuple(_row(name, facts) for name, facts in found),
        notes=(_EXPLANATION,),
        in_terminal=False,
        details=tuple(
            (f"{name}: by package and folder", _listing(facts))
            for name, facts in found
            if isinstance(facts, OpenedFiles)
        ),
    )


def opened_of(run: Run, case: str) -> OpenedFiles | None:
    """The files that a case of one container opened; None where that is not known."""
    return next(
        (
            facts
            for name, facts in _observed(run)
            if name == case and isinstance(facts, OpenedFiles)
        ),
        None,
    )


def _observed(run: Run) -> Iterator[tuple[str, OpenedFiles | OpenedUnknown]]:
    """By case, or case and service: what its first successful trial without limits opened."""
    found: dict[str, OpenedFiles | OpenedUnknown] = {}
    for trial in run.results:
        facts = trial.facts.opened
        if trial.key.arm != Arm.NEED or trial.status is not TrialStatus.OK or facts is None:
            continue
        name = f"{trial.key.case}/{trial.service}" if trial.service else trial.key.case
        if name not in found or isinstance(found[name], OpenedUnknown):
            found[name] = facts
    yield from found.items()


def _row(case: str, facts: OpenedFiles | OpenedUnknown) -> tuple[str, ...]:
    if isinstance(facts, OpenedUnknown):
        return (case, "", "", "", f"not measured: {facts.unknown}", "")
    slow = [group for group in facts.groups if group.seconds][:_MOST_NAMED]
    left = sorted(facts.groups, key=lambda group: group.opened_bytes - group.size_bytes)
    return (
        case,
        format_bytes(facts.total.size_bytes),
        _share(facts.total.opened_bytes, facts.total.size_bytes),
        f"{facts.opened_files} of {facts.files}",
        ", ".join(f"{visible(group.name)} {format_seconds(group.seconds)}" for group in slow),
        ", ".join(
            f"{visible(group.name)} {format_bytes(group.size_bytes - group.opened_bytes)}"
            for group in left[:_MOST_NAMED]
            if group.opened_bytes < group.size_bytes
        ),
    )


def _listing(facts: OpenedFiles) -> str:
    lines = [_aligned(("size", "opened", "time", "package or folder"))]
    for group in facts.groups:
        size = format_bytes(group.size_bytes) if group.size_bytes else ""
        share = _share(group.opened_bytes, group.size_bytes)
        seconds = format_seconds(group.seconds) if group.seconds else ""
        lines.append(_aligned((size, share, seconds, visible(group.name))))
    return "\n".join(lines)


def _aligned(cells: tuple[str, str, str, str]) -> str:
    size, share, seconds, name = cells
    return f"{size:>10}{share:>8}{seconds:>10}  {name}"


def _share(opened_bytes: int, size_bytes: int) -> str:
    return f"{opened_bytes / size_bytes:.0%}" if size_bytes else ""
