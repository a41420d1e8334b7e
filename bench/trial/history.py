"""What a cut-off run had done already, read from its journal, so that it can be finished."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.errors import StoreError
from bench.results.events import check_event
from bench.results.journal import FILE_NAME
from bench.results.lines import Lines
from bench.results.model import CALIBRATION_CASE, TrialKey, TrialStatus
from bench.results.reading import UNSOUND, check_version, damage
from bench.scenario.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FINAL = {TrialStatus.OK.value, TrialStatus.FAILED.value}


@dataclass(frozen=True)
class History:
    """A run's plan and how far it got.

    Attributes:
        folder: the run's folder.
        scenario_file: the scenario it ran, as it was named then.
        scenario: its resolved tree, with secrets redacted.
        place: `host` and `engine` that it was begun on.
        plan: all of its trials.
        done: by number of the trial, -1 where it has its result, else how many attempts at it
            there were.
        images: what `identity` says of the image of each case that has had a trial.
        ended: whether its end is in the journal, with all that it made removed before.
        stopped: cases whose other trials are not made, for they failed twice the same way.
        ready: cases of which a trial has got ready.
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
        """Whether nothing is left to do, the other trials of stopped cases apart."""
        over = set(self.stopped)
        if over and {key.case for key in self.plan} - {CALIBRATION_CASE} <= over:
            over.add(CALIBRATION_CASE)
        return self.ended and all(
            self.done.get(number) == -1 or key.case in over for number, key in enumerate(self.plan)
        )


def identity(image: Mapping[str, Any]) -> str:
    """What tells an image, or a stack with its file and images, from every other.

    Args:
        image: the fields of an `image_ready` event.
    """
    parts = (one["digest"] for one in image.get("parts", ()))
    return " ".join((image["digest"], image["config"].get("compose_sha256", ""), *parts)).strip()


def read_history(folder: Path) -> History:
    """How far the run in `folder` got.

    Raises:
        StoreError: there is no journal of a run in it, it is damaged, or another version of bench
            wrote it.
    """
    path = folder / FILE_NAME
    lines = Lines(path)
    kind = ""
    begun: dict[str, Any] | None = None
    plan: list[TrialKey] = []
    attempts: dict[int, int] = {}
    services: set[str] = set()
    made: dict[str, str] = {}
    images: dict[str, str] = {}
    final: Counter[tuple[int, int]] = Counter()
    ended = False
    stopped: set[str] = set()
    ready: set[str] = set()
    try:
        for event in lines.events():
            kind = event["event"]
            if kind == "run_started":
                check_version(path, event, lines)
                _check_sealed(folder, lines)
                check_event(event)
                Scenario.model_validate(event["scenario"])
                begun = event
                plan = [TrialKey(**key) for key in event["plan"]]
            elif kind == "image_ready" and event["role"] == "case":
                check_event(event)
                made[event["case"]] = identity(event)
            elif kind == "trial_started":
                check_event(event)
                case = event["key"]["case"]
                images |= {case: made[case]} if case in made else {}
                number = _number(event["trial_id"])
                attempts[number] = max(attempts.get(number, 0), event["attempt"] + 1)
                services |= {event["trial_id"]} if event.get("service") else set()
            elif kind == "trial_ended" and event["trial_id"] in services:
                continue  # the stack has a result of its own, which comes last
            elif kind == "trial_ended" and event["status"] in _FINAL:
                check_event(event)
                number = _number(event["trial_id"])
                final[number, attempts[number]] += 1
                if _shows_ready(event) and number < len(plan):
                    ready |= {plan[number].case} if _is_start(plan[number]) else set()
            elif kind == "case_stopped":
                check_event(event)
                stopped.add(event["case"])
            elif kind in ("run_ended", "run_resumed"):
                ended = event.get("outcome") == "complete"
    except UNSOUND as error:
        raise damage(path, f"an event {kind!r} is damaged", error) from error
    if begun is None:
        raise StoreError(str(folder), "its journal does not say how the run began")
    done = dict(attempts)
    for (number, _), count in final.items():
        # containers that are started at once have a result when all of them have one
        if number >= len(plan) or count == max(1, plan[number].replicas):
            done[number] = -1
    return History(
        folder=folder,
        scenario_file=str(begun["scenario_file"]),
        scenario=begun["scenario"],
        place={name: begun[name] for name in ("host", "engine")},
        plan=plan,
        done=done,
        images=images,
        ended=ended,
        stopped=frozenset(stopped),
        ready=frozenset(ready),
    )


def _check_sealed(folder: Path, lines: Lines) -> None:
    """Refuse to go on with a journal to which nothing can be added."""
    if not lines.sealed:
        raise StoreError(
            str(folder),
            "its journal is of version 1, without the checksums that it would go on with",
            "go on with the bench that wrote it, or start a new run",
        )


def _shows_ready(event: Mapping[str, Any]) -> bool:
    return event["status"] == TrialStatus.OK.value or bool(event["facts"].get("ready"))


def _is_start(key: TrialKey) -> bool:
    return key.network == "open" and not key.replicas and not key.warmup


def _number(trial_id: str) -> int:
    """The place in the plan of a trial called `t0007`, `t0007.1` at a repeat, or `t0007-r2`."""
    return int(trial_id[1:].partition(".")[0].partition("-")[0])
