"""Stamps that the containers wrote, and the trial that each file of stamps belongs to."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bench.analysis.model import TrialResult


@dataclass(frozen=True)
class Stamp:
    """One moment in the life of a container.

    Attributes:
        at_ns: CLOCK_MONOTONIC, which the container shares with this host.
        value: what goes with it: bytes, nanoseconds of CPU time, or nothing that counts.
    """

    at_ns: int
    value: int


@dataclass(frozen=True)
class Stamps:
    """All stamps of one container, by name; `main` is its first instruction."""

    by_name: Mapping[str, Stamp] = field(default_factory=dict)

    def at_ns(self, name: str) -> int | None:
        """When it stamped `name`; None where it never did."""
        stamp = self.by_name.get(name)
        return None if stamp is None else stamp.at_ns

    def value(self, name: str) -> int | None:
        """The value stamped as `name`; None where there is none."""
        stamp = self.by_name.get(name)
        return None if stamp is None else stamp.value


def read_stamps(folder: Path) -> list[Stamps]:
    """The stamps of every container that wrote into `folder`.

    A last line that a kill left torn is passed over.

    Raises:
        StoreError: a line is no stamp.
    """
    return [_parsed(file) for file in sorted(folder.iterdir())]


def _parsed(file: Path) -> Stamps:
    found: dict[str, Stamp] = {}
    *lines, _ = file.read_text().split("\n")
    for line in lines:
        try:
            name, at_ns, value = line.split()
            found[name] = Stamp(int(at_ns), int(value))
        except ValueError as error:
            raise StoreError(str(file), f"{line!r} is no stamp") from error
    return Stamps(found)


class TrialStarts:
    """Which of some trials a moment belongs to, for trials run one after the other."""

    def __init__(self, trials: Iterable[TrialResult]) -> None:
        """Those of `trials` that got as far as a start."""
        self._starts = sorted(
            (start_ns, trial.trial_id)
            for trial in trials
            if (start_ns := trial.facts.start_sent_ns) is not None
        )

    def trial_at(self, at_ns: int) -> str | None:
        """The id of the last trial whose start was asked for by then; None before all of them."""
        place = bisect.bisect(self._starts, at_ns, key=lambda start: start[0])
        return self._starts[place - 1][1] if place else None


def of_trials(trials: Iterable[TrialResult], stamps: Iterable[Stamps]) -> dict[str, Stamps]:
    """The stamps of each of `trials`, by the id of the trial, where there are any.

    Args:
        trials: all those of one case.
        stamps: of all containers of that case.
    """
    starts = TrialStarts(trials)
    found: dict[str, Stamps] = {}
    for stamp in stamps:
        main_ns = stamp.at_ns("main")
        trial_id = None if main_ns is None else starts.trial_at(main_ns)
        if trial_id is not None:
            found[trial_id] = stamp
    return found
