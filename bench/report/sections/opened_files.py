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

    from bench.journal.facts.opened import OpenedGroup
    from bench.results.run import Run

_EXPLANATION = (
    "Opened: bytes of the files that the container opened from its start until it was ready, each "
    "counted whole, in a trial without limits. What was not opened may still be needed later. "
    "Time: from the opening of each file of a package to that of the next file of any: loading it "
    "from disk and running its code, and whatever it waited for meanwhile."
)


def opened_files_section(run: Run) -> Section | None:
    """One row per package or folder of each case; None where nothing was observed."""
    found = list(_observed(run))
    if not found:
        return None
    whole = [_whole(name, facts) for name, facts in found if isinstance(facts, OpenedFiles)]
    return Section(
        title="files opened before ready",
        beside="; ".join(whole) or "packages and folders, and how much of them was needed",
        columns=("case", "package or folder", "size", "opened", "time"),
        rows=tuple(row for name, facts in found for row in _rows(name, facts)),
        notes=(_EXPLANATION,),
        in_terminal=False,
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


def _whole(name: str, facts: OpenedFiles) -> str:
    """Such as `bad: 92 % of its 1.08 GiB were not opened`."""
    size = facts.total.size_bytes
    share = f"{1 - facts.total.opened_bytes / size:.0%} of its " if size else ""
    return f"{name}: {share}{format_bytes(size)} were in files that it did not open"


def _rows(case: str, facts: OpenedFiles | OpenedUnknown) -> list[tuple[str, ...]]:
    if isinstance(facts, OpenedUnknown):
        return [(case, f"not measured: {facts.unknown}", "", "", "")]
    return [_row(case, group) for group in facts.groups]


def _row(case: str, group: OpenedGroup) -> tuple[str, ...]:
    return (
        case,
        visible(group.name),
        format_bytes(group.size_bytes) if group.size_bytes else "",
        f"{group.opened_bytes / group.size_bytes:.0%}" if group.size_bytes else "",
        format_seconds(group.seconds) if group.seconds else "",
    )
