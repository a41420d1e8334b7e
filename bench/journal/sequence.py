"""The valid order of a run's events: what must come before what, and what must not occur twice.

Trials follow one another, except for the containers of one start, replicas or the services of a
stack, which share one number in the plan. An interrupted run leaves trials open; a resumed run
continues with the next attempt. If the order is one that no run writes, an event is missing or was
inserted, and it is unknown which figures are affected: the whole journal is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bench.core.domain import CALIBRATION_CASE, SIZE_ARM, TrialKey, TrialStatus
from bench.journal.facts.baseline import EVENT as BASELINE_EVENT
from bench.journal.facts.course import Phase, TrialEnd

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from bench.journal.facts.course import TrialStart

_ID = re.compile(r"t([0-9]{4,9})")
_OF_A_TRIAL = frozenset({"phase", "layers", "samples", "threads", "trial_ended"})


@dataclass
class _Start:
    """One start: the trials that share a number in the plan, in one attempt."""

    number: int
    attempt: int
    key: TrialKey
    open: set[str] = field(default_factory=set)
    statuses: list[TrialStatus] = field(default_factory=list)
    whole: TrialStatus | None = None
    services: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    replicas: set[int] = field(default_factory=set)
    end_ns: int = 0


class RunSequence:
    """Follows the events of a run, and refuses events that are out of order."""

    def __init__(self, plan: Sequence[TrialKey]) -> None:
        """`plan` is the run's original plan."""
        self._plan = plan
        self._starts: dict[int, _Start] = {}
        self._now: _Start | None = None
        self._seen: set[str] = set()
        self._ended = ""
        self._past_ns = 0

    def take(self, event: Mapping[str, Any], read: Any) -> None:
        """Process one event; `read` is the event as returned by `check_event`.

        Raises:
            ValueError: it is out of order.
        """
        kind = event["event"]
        if kind == "run_started":
            raise ValueError("it is there twice")
        if kind == "run_resumed":
            self._ended, self._now, self._past_ns = "", None, 0
            return
        if kind == BASELINE_EVENT:
            return  # a run that has ended is compared with another, as often as one likes
        if self._ended:
            raise ValueError("it follows the end of the run")
        if kind == "trial_started":
            self._begin(read)
        elif kind in _OF_A_TRIAL:
            self._go_on(event, read)
        elif kind == "run_ended":
            self._ended = event["outcome"]
            if self._now is not None and self._ended != "interrupted":
                self._close(self._now, "the end of the run")

    def _begin(self, begun: TrialStart) -> None:
        trial_id, key = begun.trial_id, begun.key
        if trial_id in self._seen:
            raise ValueError(f"{trial_id} begins twice")
        attempt, service = begun.attempt, begun.service
        part = service or (f"r{key.replica}" if key.replica else "")
        number, rest = _ID.match(trial_id), ""
        if number is not None:
            rest = f"{number[0]}{f'-{part}' if part else ''}{f'.{attempt}' if attempt else ''}"
        if number is None or trial_id != rest:
            raise ValueError(
                f"{trial_id} is no name of attempt {attempt} at {service or 'such a trial'}"
            )
        self._seen.add(trial_id)
        start = self._start(trial_id, int(number[1]), attempt, key)
        start.open.add(trial_id)
        start.members.add(service)
        start.replicas.add(key.replica)

    def _start(self, trial_id: str, number: int, attempt: int, key: TrialKey) -> _Start:
        """The start that a beginning trial belongs to."""
        key = replace(key, replica=0)
        now = self._now
        if now is not None and (now.number, now.attempt, now.key) == (number, attempt, key):
            return now
        if now is not None:
            self._close(now, trial_id)
        self._check_plan(trial_id, number, key)
        before = self._starts.get(number)
        if attempt != (before.attempt + 1 if before else 0):
            raise ValueError(f"{trial_id} does not follow from the attempts before it")
        if before and not before.open and all(status.counts for status in before.statuses):
            raise ValueError(f"{trial_id} tries again what has its result")
        self._now = self._starts[number] = _Start(number, attempt, key)
        return self._now

    def _check_plan(self, trial_id: str, number: int, key: TrialKey) -> None:
        if number < len(self._plan):
            if self._plan[number] != key:
                raise ValueError(f"{trial_id} is another trial than the plan has there")
        elif key.arm != SIZE_ARM:  # what `bench right-size` tries is added as it goes
            raise ValueError(f"{trial_id} is not in the plan")

    def _close(self, start: _Start, follower: str) -> None:
        """Check that a finished start is complete."""
        if start.open:
            raise ValueError(f"{follower} comes before {min(start.open)} has ended")
        if start.services and start.whole is TrialStatus.OK and set(start.statuses) != {"ok"}:
            raise ValueError(f"t{start.number:04d} succeeded, and a service of it did not")
        missing = start.services - start.members
        if missing:
            raise ValueError(f"service {min(missing)} has no trial in t{start.number:04d}")
        if start.key.replicas and start.replicas != set(range(1, start.key.replicas + 1)):
            raise ValueError(f"not all replicas of t{start.number:04d} are there")
        self._past_ns = max(self._past_ns, start.end_ns)

    def _go_on(self, event: Mapping[str, Any], read: Any) -> None:
        trial_id, now = event["trial_id"], self._now
        if trial_id not in self._seen:
            raise ValueError(f"no {trial_id!r} has begun")
        if now is None or trial_id not in now.open:
            raise ValueError(f"it follows the end of {trial_id}")
        if isinstance(read, Phase):
            if read.start_ns < self._past_ns:
                raise ValueError(f"{read.phase} of {trial_id} begins before the trial before")
            now.end_ns = max(now.end_ns, read.end_ns)
        elif isinstance(read, TrialEnd):
            now.open.remove(trial_id)
            now.statuses.append(read.status)
            if read.facts.stack is not None:
                now.whole = read.status
                now.services |= set(read.facts.stack.services)

    def check_whole(self, images: Container[str]) -> None:
        """Refuse a run that claims to be complete but lacks a trial of its plan.

        Args:
            images: the cases that have an image. A case that failed may lack its remaining trials.

        Raises:
            ValueError: names the trial.
        """
        if self._ended != "complete":
            return
        failed = {
            start.key.case
            for start in self._starts.values()
            if TrialStatus.FAILED in start.statuses and start.key.network == "open"
        }
        held = {key.case for key in self._plan if key.case in images} - failed
        if held == {CALIBRATION_CASE}:
            return  # which is measured beside others
        for number, key in enumerate(self._plan):
            if key.case in held and number not in self._starts:
                raise ValueError(f"the run is complete, and t{number:04d} of {key.case} is missing")
