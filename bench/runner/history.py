"""The progress of an interrupted run, read from its journal, so that it can be finished."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.core.domain import CALIBRATION_CASE, TrialKey, TrialStatus
from bench.core.errors import StoreError
from bench.journal.events import check_event
from bench.journal.lines import Lines
from bench.journal.reader import UNSOUND, check_version, damage
from bench.journal.writer import FILE_NAME
from bench.scenario.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.journal.facts.course import TrialEnd, TrialStart
    from bench.journal.facts.header import RunHeader

_FINAL = {TrialStatus.OK.value, TrialStatus.FAILED.value}


@dataclass(frozen=True)
class History:
    """A run's plan and its progress.

    Attributes:
        folder: the run's folder.
        scenario_file: the scenario's file name, as it was then.
        scenario: its resolved tree, with secrets redacted.
        place: `host` and `engine` on which it was started.
        plan: all of its trials.
        done: by trial number, -1 if it has a result, otherwise the number of attempts.
        images: the `identity` of the image of each case that has had a trial.
        ended: whether its end is in the journal, and everything it created was removed.
        stopped: cases without further trials, since they failed twice in the same way.
        ready: cases of which a trial became ready.
    """

    folder: Path
    scenario_file: str
    scenario: dict[str, Any]
    place: dict[str, Any]
    plan: list[TrialKey]
    done: dict[int, int]
    images: dict[str, str]
    ended: bool
    stopped: frozenset[str] = frozenset()
    ready: frozenset[str] = frozenset()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do, apart from the skipped trials of stopped cases."""
        over = set(self.stopped)
        if over and {key.case for key in self.plan} - {CALIBRATION_CASE} <= over:
            over.add(CALIBRATION_CASE)
        return self.ended and all(
            self.done.get(number) == -1 or key.case in over for number, key in enumerate(self.plan)
        )


def identity(image: Mapping[str, Any]) -> str:
    """A value that distinguishes an image, or a stack with its file and images, from every other.

    Args:
        image: the fields of an `image_ready` event.
    """
    parts = (part["digest"] for part in image.get("parts", ()))
    return " ".join((image["digest"], image["config"].get("compose_sha256", ""), *parts)).strip()


def read_history(folder: Path) -> History:
    """The progress of the run in `folder`.

    Raises:
        StoreError: there is no journal of a run in it, it is damaged, or another version of bench
            wrote it.
    """
    path = folder / FILE_NAME
    read, kind = _HistoryReader(folder), ""
    try:
        for event in read.lines.events():
            kind = event["event"]
            read.take(kind, event)
    except UNSOUND as error:
        raise damage(path, f"an event {kind!r} is damaged", error) from error
    if read.begun is None:
        raise StoreError(str(folder), "its journal does not say how the run began")
    return read.history(read.begun)


class _HistoryReader:
    """Gathers a run's progress from the events read so far."""

    def __init__(self, folder: Path) -> None:
        self.lines = Lines(folder / FILE_NAME)
        self.begun: RunHeader | None = None
        self._folder = folder
        self._plan: list[TrialKey] = []
        self._attempts: dict[int, int] = {}
        self._services: set[str] = set()
        self._made: dict[str, str] = {}
        self._images: dict[str, str] = {}
        self._final: Counter[tuple[int, int]] = Counter()
        self._stopped: set[str] = set()
        self._ready: set[str] = set()
        self._ended = False

    def take(self, kind: str, event: dict[str, Any]) -> None:
        """Process the next event, which is validated if any part of it is used."""
        if kind == "run_started":
            check_version(self._folder / FILE_NAME, event, self.lines)
            _check_sealed(self._folder, self.lines)
            self.begun = begun = check_event(event)
            Scenario.model_validate(begun.scenario)
            self._plan = list(begun.plan)
        elif kind == "image_ready" and event["role"] == "case":
            check_event(event)
            self._made[event["case"]] = identity(event)
        elif kind == "trial_started":
            self._trial_started(check_event(event))
        elif kind == "trial_ended":
            self._trial_ended(event)
        elif kind == "case_stopped":
            check_event(event)
            self._stopped.add(event["case"])
        elif kind in ("run_ended", "run_resumed"):
            self._ended = event.get("outcome") == "complete"

    def _trial_started(self, begun: TrialStart) -> None:
        case, number = begun.key.case, _number(begun.trial_id)
        if case in self._made:
            self._images[case] = self._made[case]
        self._attempts[number] = max(self._attempts.get(number, 0), begun.attempt + 1)
        if begun.service:
            self._services.add(begun.trial_id)

    def _trial_ended(self, event: dict[str, Any]) -> None:
        # a stack has a result of its own, which comes after those of its services
        if event["trial_id"] in self._services or event["status"] not in _FINAL:
            return
        end: TrialEnd = check_event(event)
        number = _number(end.trial_id)
        self._final[number, self._attempts[number]] += 1
        if _shows_ready(end) and number < len(self._plan) and _is_start(self._plan[number]):
            self._ready.add(self._plan[number].case)

    def history(self, begun: RunHeader) -> History:
        """The complete history of a run that started as `begun` says."""
        done = dict(self._attempts)
        for (number, _), count in self._final.items():
            # containers that are started at once have a result when all of them have one
            if number >= len(self._plan) or count == max(1, self._plan[number].replicas):
                done[number] = -1
        return History(
            folder=self._folder,
            scenario_file=begun.scenario_file,
            scenario=begun.scenario,
            place=begun.place,
            plan=self._plan,
            done=done,
            images=self._images,
            ended=self._ended,
            stopped=frozenset(self._stopped),
            ready=frozenset(self._ready),
        )


def _check_sealed(folder: Path, lines: Lines) -> None:
    """Refuse to continue a journal to which nothing can be appended."""
    if not lines.sealed:
        raise StoreError(
            str(folder),
            "its journal is of version 1, without the checksums that it would go on with",
            "go on with the bench that wrote it, or start a new run",
        )


def _shows_ready(end: TrialEnd) -> bool:
    return end.status is TrialStatus.OK or end.facts.ready is not None


def _is_start(key: TrialKey) -> bool:
    return key.network == "open" and not key.replicas and not key.warmup


def _number(trial_id: str) -> int:
    """The position in the plan of a trial called `t0007`, `t0007.1` (repeat), or `t0007-r2`."""
    return int(trial_id[1:].partition(".")[0].partition("-")[0])
