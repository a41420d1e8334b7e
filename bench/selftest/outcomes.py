"""Yes-or-no facts: how trials ended, what they left behind, what they contacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.behaviour import behaviour
from bench.core.domain import TrialStatus
from bench.selftest.known import (
    CHILDREN,
    KNOWN,
    PLANTED_NAME,
    PLANTED_TCP,
    PLANTED_UDP,
    ZOMBIES,
)
from bench.selftest.score import Fact, ScoredFigure, ScoreSection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.analysis.model import TrialResult
    from bench.journal.facts.contacts import Observation
    from bench.selftest.evidence import Observed, SelfTestEvidence

_TIMES = ("ready_s", "startup_s", "port_open_s")
_PLANTED = {("dns", PLANTED_NAME), ("tcp", PLANTED_TCP), ("udp", PLANTED_UDP)}


def outcomes(evidence: SelfTestEvidence) -> ScoreSection:
    """All that is either right or wrong."""
    return ScoreSection(
        "FOUND  yes or no, and right every time",
        (
            _fact(
                "ends", "each trial ended as it must", "known", _last_attempts(evidence), _ending
            ),
            _fact("no_time", "no time of what failed", "known", evidence.trials, _timeless),
            _of_case("oom", "killed for memory", "64 MiB limit", evidence, "starves", _starved),
            _of_case("exit", "its exit code", "code 1", evidence, "crashes", _exited),
            _of_case("term", "SIGTERM honoured", "handler", evidence, "honours-term", _honoured),
            _of_case("kill", "SIGTERM ignored", "no handler", evidence, "ignores-term", _ignored),
            _of_case(
                "silent", "closed stdout: no output", "none", evidence, "closes-stdout", _silent
            ),
            _left_behind(evidence),
            *_contacts(evidence),
        ),
    )


def _fact(
    name: str,
    title: str,
    truth: str,
    trials: Iterable[TrialResult],
    wrong: Callable[[TrialResult], str | None],
) -> Fact:
    """A fact about `trials`; `wrong` says what is wrong with one, None where it does not count."""
    findings = [
        ScoredFigure(trial.key.case, trial.trial_id, right=not said, said=said)
        for trial in trials
        if (said := wrong(trial)) is not None
    ]
    return Fact(f"found.{name}", title, truth, tuple(findings))


def _of_case(
    name: str,
    title: str,
    truth: str,
    evidence: SelfTestEvidence,
    case: str,
    wrong: Callable[[TrialResult], str | None],
) -> Fact:
    return _fact(name, title, truth, (observed.trial for observed in evidence.of(case)), wrong)


def _last_attempts(evidence: SelfTestEvidence) -> list[TrialResult]:
    """The last attempt of each trial of the plan."""
    return list({(trial.key.case, trial.key.round): trial for trial in evidence.trials}.values())


def _ending(trial: TrialResult) -> str | None:
    """The fault in how a trial ended; errors of the harness and abandoned trials are faults too."""
    if trial.status is TrialStatus.INTERRUPTED:
        return None
    fails = KNOWN[trial.key.case].fails
    expected = TrialStatus.FAILED if fails else TrialStatus.OK
    if trial.status is expected and fails in trial.reason:
        return ""
    return f"{trial.status}: {trial.reason}"


def _timeless(trial: TrialResult) -> str | None:
    if not KNOWN[trial.key.case].fails or not trial.status.counts:
        return None
    return ", ".join(name for name in _TIMES if name in trial.metrics)


def _starved(trial: TrialResult) -> str | None:
    kills = trial.metrics.get("oom_kills")
    return "" if kills == 1 else f"oom_kills is {kills}"


def _exited(trial: TrialResult) -> str | None:
    code = trial.metrics.get("exit_code")
    return "" if code == 1 else f"exit_code is {code}"


def _stopped(trial: TrialResult, disposition: str, *, killed: bool) -> str | None:
    seen = behaviour(trial)
    if seen.stop is None or seen.stop.killed is not killed:
        return f"stop: {seen.stop}"
    if seen.standing is not None and seen.standing.disposition != disposition:
        return f"disposition: {seen.standing.disposition}"
    return ""


def _honoured(trial: TrialResult) -> str | None:
    return _stopped(trial, "handler", killed=False)


def _ignored(trial: TrialResult) -> str | None:
    return _stopped(trial, "ignored", killed=True)


def _left_behind(evidence: SelfTestEvidence) -> Fact:
    findings, unseen = [], set()
    for observed in evidence.of("leaves-children"):
        seen = behaviour(observed.trial)
        if seen.standing is None:
            unseen.add(seen.unseen)
            continue
        found = len(seen.standing.children), seen.standing.zombies
        said = f"{found[0]} children and {found[1]} zombies"
        right = found == (CHILDREN, ZOMBIES)
        findings.append(ScoredFigure(observed.trial.key.case, observed.trial.trial_id, right, said))
    absent = "" if findings else "; ".join(sorted(unseen))
    truth = f"{CHILDREN} and {ZOMBIES}"
    return Fact("found.left", "children and zombies left", truth, tuple(findings), absent)


def _silent(trial: TrialResult) -> str | None:
    value = trial.metrics.get("first_output_s")
    return "" if value is None else f"first_output_s is {value}"


def _contacts(evidence: SelfTestEvidence) -> tuple[Fact, Fact]:
    """Planted attempts, and all other containers, which contacted nothing."""
    seen = [(observed, observed.trial.facts.egress) for observed in evidence.everything()]
    able = [(observed, found) for observed, found in seen if found is not None and found.observed]
    reasons = {found.reach for _, found in seen if found is not None and not found.observed}
    absent = "" if able else "; ".join(sorted(reasons)) or "contacts are not observed"
    planted = [
        _planted(observed, found)
        for observed, found in able
        if observed.trial.key.case == "contacts"
    ]
    invented = [
        _invented(observed, found)
        for observed, found in able
        if observed.trial.key.case != "contacts"
    ]
    return (
        Fact("found.planted", "planted contacts found", "name, TCP, UDP", tuple(planted), absent),
        Fact("found.invented", "no contact invented", "none made", tuple(invented), absent),
    )


def _planted(observed: Observed, found: Observation) -> ScoredFigure:
    names = {(contact.kind, contact.destination) for contact in found.attempts}
    said = ", ".join(sorted(f"{kind} {to}" for kind, to in names ^ _PLANTED))
    return ScoredFigure(observed.trial.key.case, observed.trial.trial_id, names == _PLANTED, said)


def _invented(observed: Observed, found: Observation) -> ScoredFigure:
    said = ", ".join(f"{contact.kind} {contact.destination}" for contact in found.attempts)
    return ScoredFigure(observed.trial.key.case, observed.trial.trial_id, not found.attempts, said)
