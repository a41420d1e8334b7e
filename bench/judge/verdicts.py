"""Verdicts: every rule of the standard for every case, and the exit code that follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.domain import Arm, Severity
from bench.core.metrics import Scope
from bench.judge.checks import judge_check
from bench.judge.effective_rules import effective_rules
from bench.judge.evidence import got_ready, why_none_held
from bench.judge.finding import Finding, sentence, unmeasured
from bench.judge.image_limits import judge_image
from bench.judge.limits import judge_trials
from bench.judge.model import JudgeContext, Outcome, Verdict
from bench.judge.needs import needed
from bench.judge.no_start import NOT_JUDGED, why_no_start
from bench.judge.ready import READY, judge_ready
from bench.scenario.model import READY_ID

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.facts.image import ImageFacts
    from bench.judge.effective_rules import EffectiveRule
    from bench.scenario.model import Case, Scenario
    from bench.standard.checklist import Checklist
    from bench.standard.rule import Rule


@dataclass(frozen=True)
class CaseOutcome:
    """All blocking verdicts of a case as one.

    Attributes:
        outcome: the gravest, where what could not be judged is graver than a failure.
        as_expected: whether everything was judged, and came out as the scenario says.
    """

    outcome: Outcome
    as_expected: bool


def judge(
    scenario: Scenario,
    checklist: Checklist | None,
    images: Mapping[str, ImageFacts],
    trials: Sequence[TrialResult],
    *,
    context: JudgeContext,
    failed_images: Mapping[str, str] | None = None,
) -> tuple[Verdict, ...]:
    """The verdicts on every case of `scenario`, in the order of its cases and rules.

    Args:
        scenario: with the cases that were to be measured, and no others.
        checklist: the standard, or None where the scenario names none.
        images: what is known of each case's image, by case.
        trials: every attempt of every trial of the run.
        context: what else must be known of the run.
        failed_images: why a case has no image, by case.
    """
    missing = failed_images or {}
    rules = effective_rules(scenario, checklist)
    verdicts: list[Verdict] = []
    for case_id, case in scenario.cases.items():
        judged: list[Verdict] = []
        ready, why_not = got_ready(trials, case_id), why_none_held(trials, case_id)
        no_start = why_no_start(case_id, case, missing=missing, context=context)
        for effective in rules:
            impossible = case.source.capabilities.why_not(*needed(effective.rule))
            if impossible:
                optional = replace(effective.rule, required=False)
                verdict = _verdict(optional, case_id, unmeasured(impossible))
                judged.append(
                    _expected(_demanded(verdict, effective.rule, case), case, ready=ready)
                )
                continue
            unjudged = no_start.finding(effective.rule) if no_start else None
            if unjudged is not None and unjudged.outcome is Outcome.NOT_MEASURED:
                optional = replace(effective.rule, required=False)
                judged.append(_expected(_verdict(optional, case_id, unjudged), case, ready=ready))
                continue
            found = unjudged
            if found is None:
                found = _find(
                    effective.rule,
                    case_id,
                    case,
                    image=images.get(case_id),
                    trials=trials,
                    context=context,
                )
            rule = effective.rule
            if why_not and _depends_on_ready(rule, found, ready=ready):
                found = replace(unmeasured(f"{NOT_JUDGED}{why_not}"), n=found.n, cache=found.cache)
                judged.append(_never(_verdict(rule, case_id, found), case, ready=ready))
                continue
            verdict = _verdict(rule, case_id, found)
            verdict = _demanded(_waived(verdict, effective, context.today), effective.rule, case)
            crashed = _Crashed(
                found.by_crash, _is_time(effective.rule), effective.rule.arm is Arm.FIT
            )
            judged.append(_expected(verdict, case, ready=ready, crashed=crashed))
        found = no_start.start if no_start else judge_ready(case_id, case, trials, context)
        judged.append(_expected(_verdict(READY, case_id, found), case, ready=ready))
        verdicts += [*judged, *_unknown_expectations(case_id, case, judged)]
    return tuple(verdicts)


def _depends_on_ready(rule: Rule, found: Finding, *, ready: bool) -> bool:
    """Whether `rule` says nothing of a case whose every trial failed.

    What was seen up to its end to break a limit is broken, a start that never came is infinite,
    and what is judged up to ready is known where it got `ready`; all else is not.
    """
    if (rule.metric and rule.measured.scope is Scope.IMAGE) or found.outcome is Outcome.ERROR:
        return False
    if found.outcome is Outcome.PASS:
        return not ready
    is_time = bool(rule.metric) and rule.measured.is_time
    return found.outcome is not Outcome.FAIL or (found.by_crash and not is_time)


def _never(verdict: Verdict, case: Case, *, ready: bool) -> Verdict:
    """A rule that was not judged, though it may have to be.

    That one which was to fail did so cannot be told. Nor is anything known of a case that may
    crash, and always does; where it must not, it fails by that already.
    """
    listed = case.expect is not None and verdict.id in case.expect.fail
    excused = case.expect is not None and READY_ID in case.expect.may_fail
    required = ready and (listed or (excused and verdict.required))
    return replace(verdict, expected=not listed, required=required)


def case_outcome(verdicts: Sequence[Verdict]) -> CaseOutcome:
    """The outcome of one case, from its verdicts."""
    judged = [verdict for verdict in verdicts if _weighs(verdict)]
    gravity = (Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.NOT_MEASURED, Outcome.FAIL)
    found = {verdict.verdict for verdict in judged}
    outcome = next((kind for kind in gravity if kind in found), Outcome.PASS)
    open_ = any(_is_open(verdict) for verdict in judged)
    return CaseOutcome(outcome, not open_ and all(verdict.expected for verdict in judged))


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0 where every blocking verdict is as it should be, 1 where one is not, 3 where one is open.

    Open are errors, inconclusive verdicts and required figures that were not measured; they
    weigh more than a failure. `severity: warn` and `required: false` change nothing.
    """
    judged = [verdict for verdict in verdicts if _weighs(verdict)]
    if any(_is_open(verdict) for verdict in judged):
        return 3
    return 0 if all(verdict.expected for verdict in judged) else 1


def _weighs(verdict: Verdict) -> bool:
    if verdict.severity == Severity.WARN:
        return False
    return verdict.required or verdict.verdict is not Outcome.NOT_MEASURED


def _is_open(verdict: Verdict) -> bool:
    return verdict.verdict not in (Outcome.PASS, Outcome.FAIL)


def _find(
    rule: Rule,
    case_id: str,
    case: Case,
    *,
    image: ImageFacts | None,
    trials: Sequence[TrialResult],
    context: JudgeContext,
) -> Finding:
    complete = context.complete
    if rule.check is not None:
        return judge_check(rule, case_id, case, trials, context)
    if rule.measured.scope is Scope.IMAGE:
        return judge_image(rule, image, complete=complete)
    return judge_trials(rule, case_id, case, trials, context)


def _verdict(rule: Rule, case_id: str, found: Finding) -> Verdict:
    per_trial = bool(rule.metric) and rule.measured.scope is Scope.TRIAL
    return Verdict(
        case=case_id,
        id=rule.id,
        metric=found.metric or rule.metric,
        over=rule.over.value if per_trial and rule.over else "",
        arm=rule.arm.value if per_trial else "",
        cache=found.cache if per_trial else "",
        limit=rule.limit_text,
        actual=found.actual,
        n=found.n,
        interval=found.interval,
        verdict=found.outcome,
        severity=rule.severity.value,
        expected=True,
        required=rule.required,
        reason=found.reason,
        title=rule.title,
        remedy=rule.remedy if found.outcome is Outcome.FAIL and not found.by_crash else "",
        resolution=found.resolution,
        unit=rule.measured.unit if rule.metric else "",
    )


def _waived(verdict: Verdict, effective: EffectiveRule, today: dt.date) -> Verdict:
    waiver = effective.waiver
    if waiver is None:
        return verdict
    if today > waiver.until:
        note = f"its waiver expired on {waiver.until}"
        return replace(verdict, reason=sentence(verdict.reason, note))
    note = f"waived until {waiver.until}: {waiver.reason}"
    reason = sentence(verdict.reason, note)
    return replace(verdict, severity=Severity.WARN.value, reason=reason)


def _demanded(verdict: Verdict, rule: Rule, case: Case) -> Verdict:
    """The verdict, required to be measured where `expect` lists it as failing.

    Where the scenario itself says `required: false` it need not be.
    """
    listed = case.expect is not None and verdict.id in case.expect.fail
    if not (listed and rule.required and verdict.verdict is Outcome.NOT_MEASURED):
        return verdict
    reason = sentence(verdict.reason, "expected to fail, but could not be measured")
    return replace(verdict, required=True, reason=reason)


@dataclass(frozen=True)
class _Crashed:
    """How far a rule fails for crashes.

    Attributes:
        by_crash: whether for these alone.
        is_time: whether it is on a time, which a crash has none of.
        of_ready: whether its trials are those that READY judges.
    """

    by_crash: bool = False
    is_time: bool = False
    of_ready: bool = False


def _is_time(rule: Rule) -> bool:
    return bool(rule.metric) and rule.measured.is_time


def _expected(
    verdict: Verdict, case: Case, *, ready: bool, crashed: _Crashed = _Crashed()
) -> Verdict:
    """The verdict, and whether the case's `expect` lists it.

    A rule on a time that fails only because trials crashed fails as expected where these may crash.
    """
    if case.expect is None:
        return replace(verdict, expected=verdict.verdict is not Outcome.FAIL)
    listed = verdict.id in case.expect.fail
    allowed = verdict.id in case.expect.may_fail and not listed
    failed = verdict.verdict is Outcome.FAIL
    crashes = READY_ID in case.expect.fail
    by_crash = crashed.by_crash
    if by_crash and not listed:
        may_crash = crashed.of_ready and READY_ID in case.expect.may_fail
        allowed = crashed.is_time and (crashes or may_crash)
    met = allowed or listed == failed
    note = ""
    if failed and (listed or allowed) and not ready:
        met, note = False, "expected to fail, but no trial got ready"
    elif failed and by_crash and listed and not crashes:
        met, note = False, "expected to fail, but failed only because trials crashed"
    elif listed and verdict.verdict is Outcome.PASS:
        note = "expected to fail but passed"
    elif failed and not listed and not allowed:
        note = "not expected to fail"
    return replace(verdict, expected=met, reason=sentence(verdict.reason, note))


def _unknown_expectations(case_id: str, case: Case, judged: Sequence[Verdict]) -> list[Verdict]:
    """An error for each id that `expect` names and no rule has: it could never be met."""
    known = {verdict.id for verdict in judged}
    return [
        Verdict(
            case=case_id,
            id=name,
            metric="",
            over="",
            arm="",
            cache="",
            limit="",
            actual=None,
            n=0,
            interval=None,
            verdict=Outcome.ERROR,
            severity=Severity.BLOCK.value,
            expected=False,
            required=True,
            reason=f"`expect` lists {name!r}, but no rule of this scenario has that id",
        )
        for name in ((*case.expect.fail, *case.expect.may_fail) if case.expect else ())
        if name not in known
    ]
