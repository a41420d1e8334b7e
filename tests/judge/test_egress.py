"""CI-3: no contact before ready, in the open and in the cut, and ready with the network cut off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialStatus
from bench.judge.destinations import destinations
from bench.judge.model import Outcome
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
from tests.judge.replicas import replicas

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.judge.model import Verdict

READY_S = 2.0


def facts(*attempts: Any, ready: bool = True, **changes: Any) -> dict[str, Any]:
    """Facts of a trial that was started at 10 s, and ready 2 s later."""
    found: dict[str, Any] = {"egress": seen(*attempts, **changes), "start_sent_ns": 10_000_000_000}
    return found | ({"ready": {"at_ns": 12_000_000_000, "resolution_ns": 1}} if ready else {})


def rounds(*attempts: Any, count: int = 6, **changes: Any) -> list[TrialResult]:
    return [trial(number, facts=facts(*attempts, **changes)) for number in range(count)]


def closed(*attempts: Any, **changes: Any) -> list[TrialResult]:
    """The two cut trials."""
    return [
        trial(20 + number, network="cut", cache="image", facts=facts(*attempts, **way | changes))
        for number, way in enumerate(({"way_out": "refused"}, {"way_out": "silent"}))
    ]


def judged(trials: list[TrialResult], **changes: Any) -> Verdict:
    case = changes.pop("case", None)
    return verdict(scenario(case), trials, "CI-3", checklist=CLOUD_NATIVE, **changes)


def test_nothing_tried_and_ready_all_the_same_passes():
    found = judged(rounds() + closed())
    assert (found.verdict, found.n, found.required) == (Outcome.PASS, 8, True)
    assert found.reason == (
        "no contact before ready in 8 starts (6 of the rounds, 2 with the network cut off); "
        "ready with the network cut off in 2 of 2"
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
        "198.51.100.9:443 (TCP by pip, 250 ms after the start, 1 of 8 starts); "
        "it also gets ready with the network cut off"
    )


def test_what_was_tried_after_ready_or_is_declared_is_no_matter():
    late, declared = attempt(t_s=READY_S + 0.001), attempt("198.51.100.1:8888", allowed=True)
    assert judged(rounds(late, declared) + closed(late, declared)).verdict is Outcome.PASS


def test_what_was_tried_until_the_very_moment_of_ready_counts():
    assert judged(rounds(attempt(t_s=READY_S)) + closed()).verdict is Outcome.FAIL


def test_all_that_a_trial_tried_that_was_never_ready_came_before():
    trials = [*rounds(count=5), failed(5, facts=facts(attempt(t_s=50.0), ready=False))]
    assert "1 of 8 starts" in judged(trials + closed()).reason


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
        "Index is a service of the scenario: declare it under `allow` if it belongs to the platform"
        in found.reason
    )


def test_what_does_not_get_ready_with_no_way_out_fails_though_nothing_was_seen():
    broken = [failed(20, "exited with code 9", network="cut", cache="image"), closed()[1]]
    found = judged(rounds() + broken)
    assert found.verdict is Outcome.FAIL
    assert (
        found.reason == "with the network cut off, it failed in 1 of 2 trials: exited with code 9"
    )


UNSEEN: dict[str, Any] = {"observed": False, "reach": "listening needs root"}


@pytest.mark.parametrize(
    ("trials", "why"),
    [
        (rounds(**UNSEEN), "contacts could not be observed in app-cold-fit-0-1: listening"),
        (rounds() + closed(**UNSEEN), "listening needs root"),
        (rounds(), "not run with the network cut off"),
        (rounds(dropped=2, count=1) + rounds()[1:] + closed(), "2 packets were missed"),
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
        one.facts.egress = None
    assert judged(trials).verdict is Outcome.NOT_MEASURED


def test_what_was_seen_fails_even_where_not_all_could_be_seen():
    trials = rounds(attempt(), count=3) + rounds(dropped=5)[3:] + closed()
    assert judged(trials).verdict is Outcome.FAIL


def test_what_never_got_ready_is_not_judged():
    crashed = [failed(number, facts=facts(ready=False)) for number in range(6)]
    stuck = [failed(20 + one, network="cut", cache="image") for one in range(2)]
    for measured in (crashed, crashed + stuck):
        found = judged(measured)
        assert found.verdict is Outcome.NOT_MEASURED
        assert found.reason == "not judged: it never got ready"


def test_a_contact_that_was_seen_before_the_crash_is_told_all_the_same():
    crashed = [failed(number, facts=facts(attempt(), ready=False)) for number in range(6)]
    found = judged(crashed)
    assert found.verdict is Outcome.FAIL
    assert "198.51.100.9:443" in found.reason


def test_trials_that_came_to_nothing_are_an_error():
    wrong = [lost(20, "the engine died", network="cut", cache="image"), closed()[1]]
    found = judged(rounds() + wrong)
    assert found.verdict is Outcome.ERROR
    assert found.reason == (
        "with the network cut off, only 1 of 2 trials could be measured: the engine died"
    )


def test_an_interrupted_run_leaves_it_open():
    assert judged(rounds() + closed()[:1], complete=False).verdict is Outcome.INCONCLUSIVE


def everywhere(**odd: Any) -> list[TrialResult]:
    """Quiet starts of every kind; `odd` gives the facts of the one of that kind."""
    return [
        *rounds(),
        trial(10, arm="need", cache="image", facts=odd.get("need") or facts()),
        trial(11, arm="need", cache="image", facts=facts()),
        *closed(),
        *replicas(facts=odd.get("replicas")),
    ]


def test_every_start_of_the_case_counts():
    found = judged(everywhere())
    assert (found.verdict, found.n) == (Outcome.PASS, 13)
    assert found.reason == (
        "no contact before ready in 13 starts (6 of the rounds, 2 without limits, "
        "3 of replicas, 2 with the network cut off); "
        "ready with the network cut off in 2 of 2"
    )


@pytest.mark.parametrize(("kind", "count"), [("need", 1), ("replicas", 3)])
def test_a_contact_without_limits_or_of_several_at_once_fails(kind, count):
    found = judged(everywhere(**{kind: facts(attempt())}))
    assert found.verdict is Outcome.FAIL
    assert f"{count} of 13 starts" in found.reason


@pytest.mark.parametrize(("kind", "count"), [("need", 1), ("replicas", 3)])
def test_a_start_of_any_kind_that_was_not_observed_is_no_pass(kind, count):
    unseen = everywhere(**{kind: facts() | {"egress": None}})
    found = judged(unseen)
    assert found.verdict is Outcome.NOT_MEASURED
    assert f"{count} of 13 starts have no record of contacts: " in found.reason


def test_warm_ups_are_not_looked_at():
    warm = trial(31, warmup=True, facts=facts(attempt()))
    assert judged([*rounds(), warm, *closed()]).verdict is Outcome.PASS


@pytest.mark.parametrize("status", [TrialStatus.INVALID, TrialStatus.ERROR])
def test_what_was_tried_in_an_attempt_that_counts_for_nothing_else_was_tried(status):
    spoilt = trial(3, attempt=0, status=status, facts=facts(attempt()))
    again = [replace(one, attempt=1) if one.key.round == 3 else one for one in rounds()]
    found = judged([*again, spoilt, *closed()])
    assert found.verdict is Outcome.FAIL
    assert "1 of 9 starts" in found.reason
    quiet = trial(3, attempt=0, status=status, facts=facts())
    found = judged([*again, quiet, *closed()])
    assert (found.verdict, found.n) == (Outcome.PASS, 8)


def test_starts_without_limits_that_came_to_nothing_leave_it_open():
    missing = [lost(40 + one, "the engine died", arm="need", cache="image") for one in range(2)]
    context = {"need_trials": {"app": 2}}
    found = judged([*rounds(), *missing, *closed()], **context)
    assert (found.verdict, found.reason.partition(",")[0]) == (Outcome.ERROR, "without limits")


@pytest.mark.parametrize("way", ["open", "refused", "silent"])
def test_the_way_out_must_have_been_cut_in_both_ways(way):
    alike = cut(facts=facts(way_out=way))
    found = judged(rounds() + alike)
    assert found.verdict is Outcome.NOT_MEASURED
    assert "both kinds of cut network" in found.reason


def test_a_failure_with_no_way_out_is_no_failure_of_other_rows():
    broken = [
        failed(20 + one, network="cut", cache="image", facts=facts(ready=False)) for one in (0, 1)
    ]
    fine = [trial(number, startup_s=1.0, facts=facts()) for number in range(6)]
    start = verdict(scenario(), fine + broken, "CI-5", checklist=CLOUD_NATIVE)
    assert (start.verdict, start.n) == (Outcome.PASS, 6)
    assert "failed" not in start.reason
