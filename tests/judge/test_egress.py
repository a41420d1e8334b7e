"""CI-3: no contact before ready, in the open and in the cut, and ready with no way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.judge.destinations import destinations
from bench.judge.model import Outcome
from bench.results.model import TrialStatus
from tests.judge.build import (
    CLOUD_NATIVE,
    attempt,
    cut,
    failed,
    lost,
    scenario,
    seen,
    trial,
    verdict,
)

if TYPE_CHECKING:
    from bench.judge.model import Verdict
    from bench.results.model import TrialResult

READY_S = 2.0


def facts(*attempts: Any, ready: bool = True, **changes: Any) -> dict[str, Any]:
    """Facts of a trial that was started at 10 s, and ready 2 s later."""
    found: dict[str, Any] = {"egress": seen(*attempts, **changes), "start_sent_ns": 10_000_000_000}
    return found | ({"ready": {"at_ns": 12_000_000_000, "resolution_ns": 1}} if ready else {})


def rounds(*attempts: Any, count: int = 6, **changes: Any) -> list[TrialResult]:
    return [trial(number, facts=facts(*attempts, **changes)) for number in range(count)]


def closed(*attempts: Any, **changes: Any) -> list[TrialResult]:
    """The two cut trials."""
    return cut(facts=facts(*attempts, way_out="silent", **changes))


def judged(trials: list[TrialResult], **changes: Any) -> Verdict:
    case = changes.pop("case", None)
    return verdict(scenario(case), trials, "CI-3", checklist=CLOUD_NATIVE, **changes)


def test_nothing_tried_and_ready_all_the_same_passes():
    found = judged(rounds() + closed())
    assert (found.verdict, found.n, found.required) == (Outcome.PASS, 8, True)
    assert found.reason == (
        "no contact before ready in 8 trials, and ready with no way out in 2 of 2"
    )


@pytest.mark.parametrize("where", ["open", "cut"])
def test_one_attempt_in_one_trial_fails(where):
    tried = [trial(5, facts=facts(attempt("198.51.100.9:443", process="pip", t_s=0.25)))]
    trials = rounds(count=5) + tried + closed()
    if where == "cut":
        trials = [*rounds(), closed(attempt("198.51.100.9:443", process="pip", t_s=0.25))[0]]
        trials.append(closed()[1])
    found = judged(trials)
    assert found.verdict is Outcome.FAIL
    assert found.reason == (
        "1 outside destination tried before ready: "
        "198.51.100.9:443 (TCP by pip, 250 ms after the start, 1 of 8 trials); "
        "it gets ready with no way out too"
    )


def test_what_was_tried_after_ready_or_is_declared_is_no_matter():
    late, declared = attempt(t_s=READY_S + 0.001), attempt("198.51.100.1:8888", allowed=True)
    assert judged(rounds(late, declared) + closed(late, declared)).verdict is Outcome.PASS


def test_what_was_tried_until_the_very_moment_of_ready_counts():
    assert judged(rounds(attempt(t_s=READY_S)) + closed()).verdict is Outcome.FAIL


def test_all_that_a_trial_tried_that_was_never_ready_came_before():
    trials = [*rounds(count=5), failed(5, facts=facts(attempt(t_s=50.0), ready=False))]
    assert "1 of 8 trials" in judged(trials + closed()).reason


def test_destinations_are_named_by_what_is_known_of_them_the_earliest_first():
    trials = rounds(
        attempt("198.51.100.9:443", name="pip.test", t_s=0.9),
        attempt("10.0.0.2:53", "dns", name="pip.test", question="AAAA", t_s=0.8),
        attempt("198.51.100.7:8125", "udp", t_s=0.2),
    )
    trials += closed(attempt("10.0.0.2:53", "dns", name="pip.test", question="A", t_s=0.7))
    listed = [(one.label, one.protocol, one.trials) for one in destinations(trials)]
    assert listed == [
        ("198.51.100.7:8125", "UDP", 6),
        ("pip.test", "DNS AAAA, A", 8),
        ("pip.test:443", "TCP", 6),
    ]


def test_many_destinations_are_counted_and_the_first_three_are_named():
    tried = [attempt(f"198.51.100.{one}:80", t_s=one / 100) for one in range(1, 9)]
    found = judged(rounds(*tried) + closed())
    assert found.reason.startswith("8 outside destinations tried before ready: 198.51.100.1:80")
    assert "198.51.100.3:80" in found.reason
    assert "198.51.100.4:80" not in found.reason
    assert "and 5 more" in found.reason


def test_a_service_that_is_not_declared_comes_with_the_advice_to_declare_it():
    tried = attempt("10.1.2.3:8000", name="index")
    found = judged(rounds(tried) + closed(), services=("Index", "other"))
    assert (
        "Index is a service of the scenario: declare under `allow` what belongs to the platform"
        in found.reason
    )


def test_what_does_not_get_ready_with_no_way_out_fails_though_nothing_was_seen():
    broken = [failed(20, "exited with code 9", network="cut", cache="image"), closed()[1]]
    found = judged(rounds() + broken)
    assert found.verdict is Outcome.FAIL
    assert found.reason == "with no way out it fails in 1 of 2 trials: exited with code 9"


UNSEEN: dict[str, Any] = {"observed": False, "reach": "listening needs root"}


@pytest.mark.parametrize(
    ("trials", "why"),
    [
        (rounds(**UNSEEN), "contacts could not be observed: listening needs root"),
        (rounds() + closed(**UNSEEN), "listening needs root"),
        (rounds(), "not run with its network cut"),
        (rounds(dropped=2, count=1) + rounds()[1:] + closed(), "2 packets passed unseen"),
        ([], "it has no trials"),
    ],
)
def test_what_was_not_seen_in_full_is_not_measured_and_no_pass(trials, why):
    found = judged(trials)
    assert found.verdict is Outcome.NOT_MEASURED
    assert why in found.reason


def test_a_record_without_a_word_of_contacts_is_not_measured():
    trials = rounds() + closed()
    for one in trials:
        one.facts.pop("egress")
    assert judged(trials).verdict is Outcome.NOT_MEASURED


def test_what_was_seen_fails_even_where_not_all_could_be_seen():
    trials = rounds(attempt(), count=3) + rounds(dropped=5)[3:] + closed()
    assert judged(trials).verdict is Outcome.FAIL


def test_a_crash_in_every_trial_leaves_it_unjudged():
    crashed = [failed(number, facts=facts(ready=False)) for number in range(6)]
    found = judged(crashed)
    assert found.verdict is Outcome.NOT_MEASURED
    assert (found.reason, found.remedy) == ("not judged: it never got ready", "")


def test_trials_that_came_to_nothing_are_an_error():
    wrong = [lost(20, "the engine died", network="cut", cache="image"), closed()[1]]
    found = judged(rounds() + wrong)
    assert found.verdict is Outcome.ERROR
    assert found.reason == (
        "with no way out, only 1 of 2 trials could be measured: the engine died"
    )


def test_an_interrupted_run_leaves_it_open():
    assert judged(rounds() + closed()[:1], complete=False).verdict is Outcome.INCONCLUSIVE


def test_trials_of_other_arms_and_warm_ups_are_not_looked_at():
    others = [
        trial(30, arm="need", facts=facts(attempt())),
        trial(31, warmup=True, facts=facts(attempt())),
        trial(32, replica=1, facts=facts(attempt())),
        trial(33, status=TrialStatus.INVALID, facts=facts(attempt())),
    ]
    assert judged(rounds() + others + closed()).verdict is Outcome.PASS


def test_a_failure_with_no_way_out_is_no_failure_of_other_rows():
    broken = [
        failed(20 + one, network="cut", cache="image", facts=facts(ready=False)) for one in (0, 1)
    ]
    fine = [trial(number, startup_s=1.0, facts=facts()) for number in range(6)]
    start = verdict(scenario(), fine + broken, "CI-5", checklist=CLOUD_NATIVE)
    assert (start.verdict, start.n) == (Outcome.PASS, 6)
    assert "failed" not in start.reason
