"""Differences of journals of earlier versions, with a function for each step to the next version.

Journals stay readable forever. If a version only adds fields, these have defaults and nothing is
needed here; fields that had another meaning, or that are missing, are handled only here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.journal.writer import SCHEMA_VERSION

if TYPE_CHECKING:
    from bench.journal.lines import Lines


@dataclass(frozen=True)
class UpgradeNotes:
    """Caveats that come with a journal of an earlier version.

    Attributes:
        notes: what a reader must know.
        is_bounded: whether a busy host made trials invalid.
    """

    notes: tuple[str, ...] = ()
    is_bounded: bool = True


def from_1(earlier: UpgradeNotes, lines: Lines) -> UpgradeNotes:
    """To 2: lines have numbers and checksums, and a busy host makes a trial invalid."""
    unguarded = (
        "the lines of this journal carry no checksums (version 1): one that is missing or was "
        "changed cannot be noticed"
    )
    notes = [unguarded]
    if lines.passed_over:
        count = len(lines.passed_over)
        which = ", ".join(map(str, lines.passed_over[:5])) + (" and others" if count > 5 else "")
        plural = "" if count == 1 else "s"
        notes.append(f"{count} line{plural} of the journal cannot be read (line {which})")
    return replace(earlier, notes=(*earlier.notes, *notes), is_bounded=False)


STEPS = {1: from_1}
"""Upgrade steps by the version they start from; one for each version but the last."""


def upgrade_notes(version: int, lines: Lines) -> UpgradeNotes:
    """The caveats of a journal of `version`, of which `lines` were read."""
    found = UpgradeNotes()
    for step in range(version, SCHEMA_VERSION):
        found = STEPS[step](found, lines)
    return found
