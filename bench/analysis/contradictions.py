"""Contradictions within the record of one trial.

All stamps of a trial are of one clock, and each is taken at a known place of its course
(`bench/trial`): what lies elsewhere was not measured, and the journal is refused. What the kernel
counted is another matter: a counter that falls, or a high-water mark below what was read before,
can be the kernel's. Then the trial's figures are not to be trusted, and it counts as an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.core.metrics import METRICS
from bench.journal.facts.behaviour import Writes
from bench.journal.facts.pull import COPY_STATUS
from bench.journal.facts.trial import TrialFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.journal.columns import Samples
    from bench.journal.facts.course import Phase, TrialStart
    from bench.journal.facts.pull import LayerPull
    from bench.journal.trial_events import TrialEvents

ORDER = (
    "prepare", "pull", "create", "arm", "wait", "start", "ready", "check", "observe", "examine",
    "stop", "settle", "restart", "remove",
)  # fmt: skip
"""The phases of a trial, of which none has all; each is there once at most."""

_KILLED = 137
_GRACE_SLACK_S = 0.1
"""The tolerance by which a stop may end before its grace period, as in `trial/stop_call.py`."""

_AFTER_END_NS = 120_000_000_000
"""How long after its last phase a successful trial may still be sampled: while it is
taken down."""

_UNSEEN_SHARE, _UNSEEN_NS = 0.1, 1_000_000_000
"""Time on the way to ready that may lie between two phases: bench's own work, a stalled host."""

_MARK_SHARE, _MARK_BYTES = 0.01, 2**18
"""How far a high-water mark may lie below a reading: processors that charge at the same moment can
each miss what the other adds."""

_LATE_CPU_NS = 250_000_000
"""How much CPU time may be read at ready that no sample saw: of a job whose cgroup went with it."""

_COUNTERS = [metric.counter for metric in METRICS.values() if metric.counter]
_GROWING = (
    *(counter.column for counter in _COUNTERS if counter.grows and not counter.may_fall),
    "cpu_wait_ns", "throttled_n", "quota_periods_n", "forks_refused",
)  # fmt: skip
"""Counters of the container that never fall. Those of devices and interfaces fall when one goes."""

_FETCHED = ("Download complete", "Pull complete")
_COUNTING = ("ok", "failed")  # an interruption may come between the moment and its phase
_PULLED = ("cold", "base")


@dataclass(frozen=True)
class Course:
    """The events of one trial; without its end it has no status and no facts."""

    started: TrialStart
    phases: Sequence[Phase]
    layers: Sequence[LayerPull]
    status: str
    reason: str
    facts: TrialFacts

    def phase(self, name: str) -> Phase | None:
        """The phase of this name."""
        return next((span for span in self.phases if span.phase == name), None)

    @property
    def is_whole_stack(self) -> bool:
        """Whether this is a stack, whose services have courses of their own."""
        return self.facts.stack is not None

    @property
    def is_single(self) -> bool:
        """Whether it is one container by itself."""
        alone = not self.started.key.replicas and not self.started.service
        return alone and not self.is_whole_stack


def course_of(events: TrialEvents) -> Course:
    """The course of a trial, as its events tell it."""
    end, (begun, phases, layers) = events.ended, (events.started, events.phases, events.layers)
    if end is None:
        return Course(begun, phases, layers, "", "", TrialFacts())
    return Course(begun, phases, layers, end.status, end.reason, end.facts)


def refuse_contradictions(course: Course, samples: Samples) -> None:
    """Refuse a trial that no bench can have written.

    Raises:
        ValueError: names the trial, and what contradicts what.
    """
    why = _phases(course)
    if course.status != "":
        checks = (_membership, _zero, _ready, _ending, _completeness, _bytes, _writes)
        why = why or next((why for check in checks if (why := check(course))), "")
        why = why or _sampling(course, samples)
    if why:
        raise ValueError(f"{course.started.trial_id} contradicts itself: {why}")


def _phases(course: Course) -> str:
    """They follow each other, in one order."""
    place, end_ns, before = -1, 0, ""
    for span in course.phases:
        name = span.phase
        own = ORDER.index(name) if name in ORDER else place
        if own < place or name == before or (own == place and name in ORDER):
            return f"phase {name} after phase {before}"
        if span.start_ns < end_ns:
            return f"phase {name} begins before phase {before} has ended"
        place, end_ns, before = own, span.end_ns, name
    return ""


def _membership(course: Course) -> str:
    """A service of a stack has the facts of its membership, and nothing else has."""
    has_facts = course.facts.member is not None
    if bool(course.started.service) == has_facts:
        return ""
    return "it is no service of a stack" if has_facts else "nothing says what it waited for"


def _zero(course: Course) -> str:
    """The zero lies right before what it is the zero of."""
    zero_ns = course.facts.zero_ns
    if zero_ns is None:
        return ""
    at_once = bool(course.started.key.replicas)
    first = "start" if at_once else "pull"
    for span in course.phases:
        is_after = span.phase in ORDER and ORDER.index(span.phase) >= ORDER.index(first)
        if is_after and span.start_ns < zero_ns:
            return f"phase {span.phase} begins before the zero"
        before = ("prepare", "arm") if at_once else ("prepare",)
        if span.phase in before and span.end_ns > zero_ns:
            return f"phase {span.phase} ends after the zero"
    return ""


def _ready(course: Course) -> str:
    """The stamps between start and ready lie there."""
    start, facts = course.phase("start"), course.facts
    span, ready = course.phase("ready"), facts.ready
    if course.status in _COUNTING and (span is None) != (ready is None):
        return "it has the phase ready or the moment, and not both"
    if start is not None and facts.start_sent_ns != start.start_ns:
        return "the start call was not sent when its phase begins"
    if span is not None and ready is not None:
        if span.end_ns != max(span.start_ns, ready.at_ns):
            return "it was ready at another moment than its phase ends"
        # a line of output may come before the start call returns
        earliest_ns = start.start_ns if start else span.start_ns
        if ready.at_ns < earliest_ns:
            return "it was ready before it was started"
    if facts.first_output_ns is not None and facts.first_output_ns < (facts.start_sent_ns or 0):
        return "its first output came before its start"
    port = facts.port_open
    if port and (start is None or port.at_ns < start.end_ns):
        return "a port was open before it was started"
    check = course.phase("check")
    if port and check and port.at_ns > check.start_ns:
        return "a port opened after it was no longer asked"
    return ""


def _ending(course: Course) -> str:
    """How it ended, as far as two things tell it."""
    start, facts = course.phase("start"), course.facts
    ending, stop, kill = facts.exit, facts.stop, facts.memory_kill
    at_ns = ending.at_ns if ending else None
    if at_ns is not None:
        if start is None or at_ns < start.end_ns:
            return "it ended before it was started"
        settle = course.phase("settle")
        if settle and at_ns > settle.end_ns:
            return "it ended after its end was on record"
    if kill and (not ending or kill.exit_code != ending.code):
        return "its exit code is not that of its end"
    span = course.phase("stop")
    if stop and not course.is_whole_stack:
        if span is None or not ending:
            return "it was stopped, and has no such phase or end"
        by_grace = span.took_ns / 1e9 >= stop.grace_s - _GRACE_SLACK_S
        if stop.killed and (ending.code != _KILLED or not by_grace):
            return "it was killed at the end of its grace period, and ended otherwise"
        if not stop.killed and ending.code == _KILLED and by_grace:
            return "it was not killed, and ended as one that was"
    return ""


def _completeness(course: Course) -> str:
    """A successful trial has gone all the way."""
    if course.status != "ok":
        return "" if course.reason else f"it is {course.status}, and does not say why"
    needed = ["ready", "observe"]
    if course.is_single:
        needed += ["prepare", "create", "start", "remove"]
    elif not course.is_whole_stack:
        needed = ["create", "start", "ready"]
    if course.started.key.cache in _PULLED and (course.is_single or course.is_whole_stack):
        needed.append("pull")
    missing = [name for name in needed if course.phase(name) is None]
    if missing:
        return f"it succeeded without its phase {missing[0]}"
    if course.facts.zero_ns is None:
        return "it succeeded without a zero"
    return ""


def _way_to_ready(course: Course) -> str:
    """The phases up to ready add up to the time to ready."""
    zero_ns, ready = course.facts.zero_ns, course.phase("ready")
    assert zero_ns is not None, "it succeeded"
    assert ready is not None, "it succeeded"
    way_ns = ready.end_ns - zero_ns
    on_it = [
        span for span in course.phases if zero_ns <= span.start_ns and span.end_ns <= ready.end_ns
    ]
    unseen_ns = way_ns - sum(span.took_ns for span in on_it)
    if unseen_ns > _UNSEEN_NS + _UNSEEN_SHARE * way_ns:
        return f"{unseen_ns / 1e9:.1f} s of its way to ready belong to no phase"
    return ""


def _bytes(course: Course) -> str:
    """The bytes downloaded are the sum of the layers."""
    downloaded = course.facts.downloaded_bytes
    if not downloaded or course.is_whole_stack:
        return ""
    fetched = {
        layer.digest: layer.transfer_bytes or 0
        for layer in course.layers
        if layer.status in _FETCHED and not layer.status.startswith(COPY_STATUS)
    }
    if downloaded != sum(fetched.values()):
        return f"{downloaded} bytes were downloaded, and its layers had {sum(fetched.values())}"
    return ""


def _writes(course: Course) -> str:
    """The paths that were written are as many as their folders and names say, or more."""
    writes = course.facts.writes or Writes(0, (), ())
    listed = max(sum(folder.paths for folder in writes.folders), len(writes.paths))
    if listed > writes.count:
        return f"{writes.count} paths were written, and {listed} are listed"
    return ""


def _sampling(course: Course, samples: Samples) -> str:
    """Samples are of the trial's time, and end with the totals that it noted."""
    facts, stamps = course.facts, samples.get("t_ns", np.empty(0))
    if len(stamps) and not course.is_whole_stack:
        begin = course.phase("create")
        if begin is None or stamps[0] < begin.start_ns:
            return "it was sampled before it was there"
        end_ns = course.phases[-1].end_ns + _AFTER_END_NS
        if course.status == "ok" and stamps[-1] > end_ns:
            return "it was sampled long after its end"
    if course.status == "ok" and not len(stamps) and not course.is_whole_stack:
        return "it succeeded without a sample"
    used_ns = _highest(samples, "cpu_ns")
    if facts.counters and facts.counters.cpu_ns not in (None, used_ns):
        return "its CPU time is not that of its last sample"
    kills = facts.memory_kill.kernel_kills if facts.memory_kill else None
    if kills is not None and kills > (_highest(samples, "oom_kills") or 0):
        return "the kernel counted more kills than were sampled"
    return ""


def doubts(course: Course, samples: Samples) -> str:
    """Why the figures of a trial cannot be trusted, though bench can have written it; or empty."""
    for name in _GROWING:
        values = samples.get(name, np.empty(0))
        known = values[~np.isnan(values)]
        if (np.diff(known) < 0).any():
            return f"its counter {name} has fallen"
    at_ready_ns, used_ns = course.facts.cpu_ns_at_ready, _highest(samples, "cpu_ns")
    if at_ready_ns is not None and used_ns is not None and at_ready_ns > used_ns + _LATE_CPU_NS:
        return "it had used more CPU time when it was ready than in all"
    mark = course.facts.counters.memory_peak_bytes if course.facts.counters else None
    charged = _highest(samples, "memory_usage_bytes")
    if mark is not None and charged is not None:
        allowed = charged - max(_MARK_BYTES, _MARK_SHARE * charged)
        if mark < allowed:
            return (
                f"its high-water mark is {mark} bytes, and {charged:.0f} were charged at one moment"
            )
    if course.status == "ok" and course.is_single and (unseen := _way_to_ready(course)):
        return unseen
    kill, stop = course.facts.memory_kill, course.facts.stop
    killed = kill is not None and kill.exit_code == _KILLED and kill.happened
    if course.status == "ok" and killed and not (stop and stop.killed):
        return "it succeeded, but its main process was OOM-killed"
    there = [layer for layer in course.layers if layer.status == "Already exists"]
    is_cold = course.is_single and course.started.key.cache == "cold"
    if course.status in ("ok", "failed") and is_cold and there:
        return f"it counts as cold, and {len(there)} of its layers were already there"
    return ""


def _highest(samples: Samples, column: str) -> float | None:
    values = samples.get(column)
    if values is None or np.isnan(values).all():
        return None
    return float(np.nanmax(values))
