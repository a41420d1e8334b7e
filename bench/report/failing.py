"""Failures of a case, which every report shows first.

Of a case without an image: the error of its build or pull as it was. Of one whose starts failed:
what it was waited for by, how it ended, where it listens, and the last lines of its output. Of one
that could not be measured for the fault of something else: what that was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analysis.failure_kind import failure_kind
from bench.core.capability import Capability
from bench.core.domain import SIZE_ARM, TrialStatus
from bench.core.units import format_bytes
from bench.judge.evidence import got_ready
from bench.judge.finding import counted
from bench.judge.ready import stopped_words
from bench.report.disturbed import was_disturbed
from bench.report.rows import case_outcomes
from bench.report.wording import visible

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.results.run import Run
    from bench.scenario.model import Case

MOST_LINES = 12
"""Lines of output that are shown of a failed start."""

_BY_IMAGE = "the port or health check of its image"
_MOST_OF_A_BUILD = 30
_LONGEST_LINE = 300
_ENDED = "exited with code"
_NO_SOCKET = "nothing listens at"
_UNREACHED = ("nothing listens on", "is not reached from outside")
"""Words in the reason of a failure that say that nothing answers on a port."""

_REMEDY = "\n  what to do: "
"""How an error's text goes on with its remedy."""


@dataclass(frozen=True)
class Failing:
    """The failure of one case.

    Attributes:
        case: its id.
        headline: what went wrong, and how often.
        facts: names and values: what it was waited for by, why it failed.
        lines_title: what `lines` are.
        lines: the last lines of its output, or those of the build.
        remedy: what to do about it.
    """

    case: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    lines_title: str
    lines: tuple[str, ...]
    remedy: str


def failing(run: Run) -> list[Failing]:
    """Every case that did not come out as expected and failed to start, or has no image."""
    found = []
    for case, outcome in case_outcomes(run).items():
        if case in run.failed_images:
            found.append(_without_image(case, run.failed_images[case]))
        elif not outcome.as_expected and (failed := _failed_starts(run, case)):
            found.append(_with_failures(run, case, failed))
        elif lost := _lost(run, case):
            found.append(_not_measured(run, case, lost))
    return found


def _lost(run: Run, case: str) -> list[TrialResult]:
    """The attempts at a case of which none came to anything, for another's fault."""
    own = [trial for trial in run.results if trial.key.case == case and not trial.service]
    if any(trial.status.counts for trial in own):
        return []
    return [trial for trial in own if trial.status in (TrialStatus.INVALID, TrialStatus.ERROR)]


def _not_measured(run: Run, case: str, lost: list[TrialResult]) -> Failing:
    (reason, times) = Counter(trial.reason for trial in lost).most_common(1)[0]
    busy = any(was_disturbed(run, trial) for trial in lost)
    remedy = f"fix that, and continue with `bench run --resume {run.folder.name}`"
    if busy:
        remedy = (
            "stop the programs that keep the host busy, wait longer (`--wait-quiet 10m`), or "
            "measure anyway with `--max-other-load any`"
        )
    beside = f" ({times} of {len(lost)} attempts)" if times < len(lost) else ""
    return Failing(
        case=case,
        headline=f"could not be measured: {counted(len(lost), 'attempt')}, none valid",
        facts=(("reason", visible(reason) + beside),),
        lines_title="",
        lines=(),
        remedy=remedy,
    )


def _without_image(case: str, error: str) -> Failing:
    said, _, remedy = error.partition(_REMEDY)
    first, *lines = said.splitlines()
    return Failing(
        case=case,
        headline=f"has no image: {visible(first)}",
        facts=(),
        lines_title="error output",
        lines=tuple(visible(line.strip())[:_LONGEST_LINE] for line in lines[-_MOST_OF_A_BUILD:]),
        remedy=visible(remedy),
    )


def _failed_starts(run: Run, case: str) -> list[TrialResult]:
    return [
        trial
        for trial in run.results
        if trial.key.case == case
        and trial.status is TrialStatus.FAILED
        and trial.key.network == "open"
        and trial.key.arm != SIZE_ARM
        and not trial.key.replicas
        and not trial.service
    ]


def _with_failures(run: Run, case: str, failed: list[TrialResult]) -> Failing:
    kinds = Counter(failure_kind(trial.reason) for trial in failed)
    kind, times = kinds.most_common(1)[0]
    first = next(trial for trial in failed if failure_kind(trial.reason) == kind)
    made = sum(
        trial.status.counts and trial.key.case == case and trial.key.network == "open"
        for trial in run.results
        if not trial.service and not trial.key.replicas and trial.key.arm != SIZE_ARM
    )
    counts = f"{len(failed)} of {counted(made, 'trial')} failed"
    never = not got_ready(run.results, case)
    headline = f"never got ready: {counts}" if never else counts
    if case in run.stopped:
        headline += f"; {stopped_words(run.stopped[case])}"
    others = len(kinds) - 1
    beside = f" ({counted(times, 'trial')}; {counted(others, 'other reason')})" if others else ""
    model = run.scenario.cases[case]
    lines = [line for line in first.log_tail if line.strip()][-MOST_LINES:]
    return Failing(
        case=case,
        headline=headline,
        facts=(*_probe_fact(model), ("reason", visible(first.reason) + beside)),
        lines_title="last lines of its output",
        lines=tuple(visible(line)[:_LONGEST_LINE] for line in lines) or ("(it wrote nothing)",),
        remedy=_remedy(model, first),
    )


def _probe_fact(case: Case) -> tuple[tuple[str, str], ...]:
    if case.lacks(Capability.SINGLE):
        return ()
    words = [visible(probe.words) for probe in case.ready.probes()] or [_BY_IMAGE]
    joined = (" or " if case.ready.any else " and ").join(words)
    return (("waited for", f"{joined}, for at most {case.ready.timeout:g} s"),)


def _log_file(case: Case, trial: TrialResult) -> str:
    """Where its output is; of a stack, that of the service which its reason begins with."""
    number, dot, attempt = trial.trial_id.partition(".")
    service = f"-{trial.reason.partition(':')[0]}" if case.lacks(Capability.SINGLE) else ""
    return f"logs/{trial.key.case}-{number}{service}{dot}{attempt}.log"


def _remedy(case: Case, trial: TrialResult) -> str:
    log = _log_file(case, trial)
    facts = trial.facts
    if facts.cause is not None:
        return visible(facts.cause.remedy)
    if facts.memory_kill is not None and facts.memory_kill.happened:
        limit = case.effective_limits.memory
        now = f" ({format_bytes(limit)} now)" if limit else ""
        return f"raise `limits.memory`{now}, or reduce its memory use"
    if facts.exit is not None or _ENDED in trial.reason:
        return f"fix the error above; the full output is in {log}"
    if facts.hint:
        return visible(facts.hint)
    unreached = any(words in trial.reason for words in _UNREACHED)
    if case.lacks(Capability.SINGLE) and unreached:
        return "make it listen on the probed port, or set its own port in `ready`"
    if case.lacks(Capability.SINGLE):
        return f"see its output in {log}"
    places = [probe.endpoint for probe in case.ready.probes()]
    asked = [
        endpoint.port
        for endpoint in places
        if endpoint is not None and isinstance(endpoint.port, int)
    ]
    sockets = [endpoint.socket for endpoint in places if endpoint is not None and endpoint.socket]
    if sockets and _NO_SOCKET in trial.reason:
        return f"make it listen on {visible(sockets[0])}, or set its own socket in `ready`"
    found = facts.listening or ()
    if asked and any(listener.port in asked for listener in found) and unreached:
        return f"make it listen on 0.0.0.0:{asked[0]}, not only on loopback"
    if asked and found and unreached:
        others = " or ".join(dict.fromkeys(str(listener.port) for listener in found))
        loopback = all(listener.address.startswith("127.") for listener in found)
        where = f"0.0.0.0:{asked[0]}"
        if loopback:
            return f"make it listen on {where}; a port open only on loopback cannot be probed"
        return f"make it listen on {where}, or set port {others} in `ready`"
    return (
        f"see its output in {log}; if it is only slow, raise `ready.timeout` "
        f"({case.ready.timeout:g} s now)"
    )
