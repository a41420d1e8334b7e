"""RS-3.1: whether a case scales out as stateless instances, judged on containers started at once.

All of them get ready; none writes outside of its volumes; each has at most one worker; each ends
within its grace period when it is asked to.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analysis.behaviour import Behaviour, behaviour
from bench.analysis.replica_groups import ReplicaGroup, replica_evidence
from bench.core.domain import Arm, TrialStatus
from bench.core.units import format_seconds
from bench.judge.evidence import gather, reasons
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.model import Outcome
from bench.judge.workers import Worker, workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.facts.behaviour import Standing
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule

DEFAULT_REPLICAS = 3
"""How many are started at once where the case does not say."""

_MOST_FOLDERS = 3


def replica_counts(case: Case) -> tuple[int, ...]:
    """How many containers of `case` this check starts at once, time after time."""
    return tuple(case.replicas) or (() if why_not(case) else (DEFAULT_REPLICAS,))


def why_not(case: Case) -> str:
    """Why nothing can be said of scaling `case` out; empty where it can."""
    if case.ready.uses("exit"):
        return "a job that ends by itself does not scale out"
    if case.network_mode == "host":
        return "on the host's network, all replicas would use the same ports"
    return ""


@dataclass(frozen=True)
class _Seen:
    """A replica that got ready, and how it behaved."""

    trial: TrialResult
    acted: Behaviour
    workers: tuple[Worker, ...]


@dataclass(frozen=True)
class _Point:
    """One of the things that must hold.

    Attributes:
        fault: what is wrong; empty where nothing is.
        unseen: why it cannot be told; empty where it can.
        fine: what holds.
    """

    fault: str = ""
    unseen: str = ""
    fine: str = ""


def judge(
    _: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge every group of a case."""
    return judge_scale_out(case_id, case, trials, complete=context.complete)


def judge_scale_out(
    case_id: str, case: Case, trials: Sequence[TrialResult], *, complete: bool
) -> Finding:
    """Judge `case` on every group of its containers that were started at once."""
    impossible = why_not(case)
    if impossible:
        return unmeasured(impossible)
    evidence = replica_evidence(trials, case_id)
    groups = evidence.groups
    if evidence.lost:
        how = "containers started at once could not be measured"
        return Finding(Outcome.ERROR, f"{how}: {reasons(evidence.lost)}")
    if len(groups) < len(replica_counts(case)):
        return _too_few(case_id, trials, complete=complete)
    parts = [_ready(groups)]
    seen = [_look(trial) for group in groups for trial in group.ready]
    if seen:
        parts += [_writes(seen), _workers(seen), _stops(seen), _failures(seen), _restart(groups)]
    count = sum(group.replicas for group in groups)
    faults = [part.fault for part in parts if part.fault]
    notes = _notes(seen)
    if faults:
        return Finding(Outcome.FAIL, sentence(*faults, *notes), n=count, by_crash=not seen)
    unseen = [part.unseen for part in parts if part.unseen]
    if unseen:
        return Finding(Outcome.NOT_MEASURED, sentence(*unseen), n=count)
    return Finding(Outcome.PASS, sentence(*(part.fine for part in parts), *notes), n=count)


def _too_few(case_id: str, trials: Sequence[TrialResult], *, complete: bool) -> Finding:
    if not complete:
        return Finding(Outcome.INCONCLUSIVE, "the run was interrupted before replicas started")
    plain = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=0)
    if plain.all_failed:
        reason = f"{plain.failures()}, so there is nothing to judge"
        return Finding(Outcome.FAIL, reason, by_crash=True)
    return unmeasured("no trial with replicas was recorded")


def _look(trial: TrialResult) -> _Seen:
    acted = behaviour(trial)
    return _Seen(trial, acted, tuple(workers(acted.processes or ())))


def _ready(groups: Sequence[ReplicaGroup]) -> _Point:
    largest = max(groups, key=lambda group: group.replicas)
    if all(len(group.ready) == group.replicas for group in groups):
        first, last = largest.first_s or 0.0, largest.last_s or 0.0
        many = f"{largest.replicas} started at once were all ready in {format_seconds(last)}"
        return _Point(fine=f"{many}, the first in {format_seconds(first)}")
    faults = []
    for group in groups:
        missing = [trial for trial in group.trials if trial not in group.ready]
        if missing:
            words = f"{len(missing)} of {group.replicas} started at once did not get ready"
            faults.append(f"{words}: {reasons(missing)}")
    return _Point(fault=sentence(*faults))


def _writes(seen: Sequence[_Seen]) -> _Point:
    written = [
        replica.acted.writes
        for replica in seen
        if replica.acted.writes and replica.acted.writes.count
    ]
    if not written:
        if any(replica.acted.writes is None for replica in seen):
            return _Point(unseen="the engine did not report the files written")
        return _Point(fine="nothing was written outside of volumes, /tmp, /run and __pycache__")
    most = max(written, key=lambda writes: writes.count)
    shown = [
        folder.path if folder.paths == 1 else f"{folder.path} ({folder.paths})"
        for folder in most.folders[:_MOST_FOLDERS]
    ]
    rest = most.count - sum(folder.paths for folder in most.folders[:_MOST_FOLDERS])
    shown += [f"{rest} more"] if rest else []
    files = counted(most.count, "path")
    return _Point(fault=f"{files} written outside of volumes, /tmp and /run: {', '.join(shown)}")


def _workers(seen: Sequence[_Seen]) -> _Point:
    most = max(seen, key=lambda replica: len(replica.workers)).workers
    if len(most) > 1:
        words = ", ".join(_worker_words(worker) for worker in most)
        return _Point(fault=f"{len(most)} worker processes in one container: {words}")
    if any(replica.acted.processes is None for replica in seen):
        return _Point(unseen=f"workers were not counted: {_why_unseen(seen)}")
    if any(not replica.acted.processes for replica in seen):
        return _Point(unseen="workers were not counted: no process of one container was recorded")
    names = list(dict.fromkeys(f"`{worker.name}`" for each in seen for worker in each.workers))
    return _Point(fine=f"one worker process each ({', '.join(names)})" if names else "no worker")


def _worker_words(worker: Worker) -> str:
    shares = [
        f"{share:.0%} of {what}"
        for share, what in ((worker.cpu_share, "CPU"), (worker.anon_share, "memory"))
        if share is not None
    ]
    return f"`{worker.name}` ({', '.join(shares)})" if shares else f"`{worker.name}`"


def _why_unseen(seen: Sequence[_Seen]) -> str:
    return next(
        (replica.acted.unseen for replica in seen if replica.acted.unseen), "they were not observed"
    )


def _stops(seen: Sequence[_Seen]) -> _Point:
    asked = [
        replica
        for replica in seen
        if replica.trial.status is not TrialStatus.FAILED or replica.acted.stop
    ]
    killed = [replica for replica in asked if replica.acted.stop and replica.acted.stop.killed]
    if killed:
        slowest = max(killed, key=_ended_s)
        standing = slowest.acted.standing
        name = standing.signal if standing else "the stop signal"
        words = f"{name} not honoured: killed after {_ended_s(slowest):.1f} s"
        some = f" ({len(killed)} of {len(seen)})" if len(killed) < len(seen) else ""
        return _Point(fault=sentence(words + some, _why_killed(standing)))
    unreached = [(replica, names) for replica in asked if (names := _unreached(replica))]
    if unreached:
        replica, names = unreached[0]
        first = replica.acted.standing.chain[0] if replica.acted.standing else "process 1"
        return _Point(fault=f"the signal did not reach {names}: killed when `{first}` had ended")
    if any(replica.acted.stop is None for replica in asked):
        return _Point(unseen="it ended by itself before the stop signal")
    if not asked:
        return _Point()
    slowest_s = max(_ended_s(replica) for replica in asked)
    codes = Counter(replica.acted.exit_code for replica in asked)
    words = f"all stopped within {format_seconds(slowest_s)}"
    return _Point(fine=f"{words} (exit code {', '.join(str(code) for code in codes)})")


def _ended_s(replica: _Seen) -> float:
    return replica.acted.stop.ended_s or 0.0 if replica.acted.stop else 0.0


def _why_killed(standing: Standing | None) -> str:
    """The reason why the signal had no effect, as far as process 1 shows it."""
    if standing is None:
        return ""
    first, last, name = standing.chain[0], standing.chain[-1], standing.signal
    what = {
        "default": f"without a handler for {name}",
        "ignored": f"and ignores {name}",
        "blocked": f"and blocks {name}",
        "handler": f"and handles {name}, but did not end in time",
        None: "",
    }[standing.disposition]
    before = f" and wraps `{last}`" if len(standing.chain) > 1 else ""
    comma = "," if what.startswith("without") else ""
    return f"`{first}` is process 1{before}{comma} {what}".rstrip()


def _unreached(replica: _Seen) -> str:
    """The workers that the kernel had to kill after process 1 had ended of its own."""
    below = replica.acted.stop.killed_below if replica.acted.stop else None
    killed = {process.inner_pid for process in below or ()}
    return ", ".join(f"`{worker.name}`" for worker in replica.workers if worker.inner_pid in killed)


def _failures(seen: Sequence[_Seen]) -> _Point:
    """Failures of replicas that had been ready: they ended, or did not start again."""
    failed = [replica.trial for replica in seen if replica.trial.status is TrialStatus.FAILED]
    return _Point(fault=reasons(failed) if failed else "")


def _restart(groups: Sequence[ReplicaGroup]) -> _Point:
    """Whether the first of each group was stopped and started again."""
    first = [group.trials[0] for group in groups]
    untried = [
        trial
        for trial in first
        if trial.status is TrialStatus.OK and all(span.phase != "restart" for span in trial.phases)
    ]
    return _Point(unseen="it was not restarted" if untried else "")


def _notes(seen: Sequence[_Seen]) -> list[str]:
    zombies = max(
        (replica.acted.standing.zombies for replica in seen if replica.acted.standing), default=0
    )
    return [f"{counted(zombies, 'zombie')} left unreaped"] if zombies else []
