"""The network of a trial: open or cut, with what is declared, and how long it is waited for."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialKey, TrialStatus
from bench.core.errors import EngineError
from bench.egress.watch import NoWatch, Watch
from bench.journal.facts.contacts import Observation, WayOut
from bench.journal.facts.form import read_facts
from bench.runner.plan import CheckTrials, check_trials, make_plan
from bench.runtimes.specs import WorkloadSpec
from bench.scenario.allow import parse_allowed
from bench.scenario.model import Case, Scenario
from bench.standard.checklist import load_checklist
from bench.trial import container_network as module
from bench.trial.container_network import CUT_PATIENCE_S, TrialNetwork, way_out
from bench.trial.context import PreparedCase
from bench.trial.trial import Trial
from tests.fakes import Script
from tests.trial.lab import CASE, REFERENCE

if TYPE_CHECKING:
    from bench.trial.context import TrialContext
    from tests.trial.lab import Bench

OPEN = TrialKey("web", 0, "warm")
REFUSED = dataclasses.replace(OPEN, round=2, network="cut")
SILENT = dataclasses.replace(OPEN, round=3, network="cut")


class FakeCut:
    """A cut network that only remembers what was asked of it."""

    made: list[FakeCut] = []  # noqa: RUF012 - emptied by the fixture

    def __init__(self, engine: object, way: WayOut) -> None:
        self.way = way
        self.holder, self.address = SimpleNamespace(id="c0ffee"), "10.0.0.9"
        self.is_there = False
        FakeCut.made.append(self)

    def make(self, name: str, labels: object, hosts: dict[str, str], reachable: Any) -> None:
        self.is_there = True
        self.name, self.hosts = name, dict(hosts)
        self.reachable = [str(one) for one in reachable]

    def watch(self, ledger: object) -> Watch:
        return NoWatch("all", observed=True, way_out=self.way)

    def remove(self) -> None:
        self.is_there = False


@pytest.fixture(autouse=True)
def fake_cut(monkeypatch) -> None:
    FakeCut.made = []
    monkeypatch.setattr(module, "CutNetwork", FakeCut)


def subject(bench: Bench, **case: Any) -> PreparedCase:
    model = Case.model_validate(CASE | {"cache": "warm"} | case)
    hosts = {"Index": "10.1.2.3"}
    return PreparedCase("web", model, REFERENCE, None, (), bench.folder, extra_hosts=hosts)


def network(bench: Bench, key: TrialKey, *allow: str, **case: Any) -> TrialNetwork:
    return TrialNetwork(lab(bench, *allow), subject(bench, **case), key)


def lab(bench: Bench, *allow: str) -> TrialContext:
    allowed = tuple(parse_allowed(text) for text in allow)
    return dataclasses.replace(bench.laboratory(), allow=allowed)


SPEC = WorkloadSpec(image="web", name="t", labels={}, ports=("80",), extra_hosts={"a": "b"})


def test_of_two_cut_trials_in_a_row_one_is_refused_and_one_is_not():
    for number in range(5):
        keys = [dataclasses.replace(REFUSED, round=number + one) for one in (0, 1)]
        assert {way_out(key) for key in keys} == {WayOut.REFUSED, WayOut.SILENT}
    assert way_out(OPEN) is WayOut.OPEN


def test_an_open_network_is_left_to_the_engine(bench):
    one = network(bench, OPEN)
    one.prepare("t0007")
    assert FakeCut.made == []
    assert one.joined(SPEC) is SPEC


def test_a_cut_container_joins_the_holder_and_brings_nothing_of_a_network(bench):
    one = network(bench, SILENT)
    one.prepare("t0007")
    (cut,) = FakeCut.made
    assert (cut.name, cut.way) == ("t0007-network", WayOut.SILENT)
    assert cut.hosts == {"index": "10.1.2.3"}
    assert cut.reachable == []
    assert one.joined(SPEC) == dataclasses.replace(
        SPEC, network_mode="container:c0ffee", ports=(), extra_hosts={}
    )


def test_what_is_declared_and_has_an_address_can_be_reached(bench, monkeypatch):
    known = {"config.example": "192.0.2.7"}

    def look_up(name: str, *_: object) -> list[Any]:
        if name not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [(2, 1, 6, "", (known[name], 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    allow = ("index:8000", "10.8.0.0/16", ":443", "config.example", "gone.example")
    one = network(bench, REFUSED, *allow)
    one.prepare("t0007")
    (cut,) = FakeCut.made
    assert cut.reachable == ["10.1.2.3/32", "10.8.0.0/16", "192.0.2.7/32"]
    assert cut.hosts == {"index": "10.1.2.3", "config.example": "192.0.2.7"}


def test_a_container_without_a_network_needs_no_holder(bench):
    one = network(bench, SILENT, network_mode="none")
    one.prepare("t0007")
    seen = one.watch().finish(0)
    assert FakeCut.made == []
    assert (seen.observed, seen.way_out) == (True, WayOut.SILENT)


def test_probes_go_to_the_holders_address(bench):
    state = bench.engine.workload(bench.engine.create(SPEC).id).state()
    state = dataclasses.replace(state, address="10.0.0.1")
    open_, cut = network(bench, OPEN), network(bench, SILENT)
    cut.prepare("t0007")
    assert open_.address(state) == "10.0.0.1"
    assert cut.address(state) == "10.0.0.9"


def test_a_cut_container_is_waited_for_a_while_longer_than_its_slowest_open_start(bench):
    common = lab(bench)
    ready = subject(bench, ready={"log": "x", "timeout": "60s"}).case.ready
    open_, cut = (TrialNetwork(common, subject(bench), key) for key in (OPEN, SILENT))
    assert cut.patience(ready).timeout == 60.0, "nothing is known yet"
    for seconds in (2.0, 4.25, 1.0):
        open_.was_ready(seconds)
    cut.was_ready(30.0)
    assert cut.patience(ready).timeout == 4.2 + CUT_PATIENCE_S
    assert open_.patience(ready) is ready
    short = ready.model_copy(update={"timeout": 5.0})
    assert cut.patience(short).timeout == 5.0


def test_why_it_was_not_ready_says_what_the_network_did(bench):
    common = lab(bench)
    cut = TrialNetwork(common, subject(bench), REFUSED)
    assert (
        cut.explained("too late", ended=False)
        == "too late (network cut off: connections are refused)"
    )
    TrialNetwork(common, subject(bench), OPEN).was_ready(2.0)
    late = cut.explained("too late", ended=False)
    assert late == (
        "too late (network cut off: connections are refused; "
        "with the network open it took at most 2.00 s)"
    )
    ended = cut.explained("it ended", ended=True)
    assert ended == "it ended (network cut off: connections are refused)"
    assert TrialNetwork(common, subject(bench), OPEN).explained("late", ended=False) == "late"


def run(bench: Bench, key: TrialKey, **case: Any) -> TrialStatus:
    return Trial(bench.laboratory(), subject(bench, **case), key, 7, 0).run()


def test_a_cut_trial_is_on_record_with_what_was_seen_and_leaves_nothing(bench):
    assert run(bench, REFUSED) is TrialStatus.OK
    facts = bench.ended["facts"]["egress"]
    assert read_facts(Observation, facts) == Observation(True, "all", WayOut.REFUSED)
    (made,) = bench.engine.made
    assert made.spec.network_mode == "container:c0ffee"
    assert not FakeCut.made[0].is_there
    assert bench.engine.leftovers == []


def test_the_holder_is_there_before_the_trials_zero(bench):
    run(bench, REFUSED)
    assert bench.phases[:2] == ["prepare", "create"]


def test_a_cut_trial_that_ends_early_has_failed_and_leaves_nothing(bench):
    bench.engine.script = Script(life_s=0.0, exit_code=9)
    assert run(bench, SILENT) is TrialStatus.FAILED
    assert bench.ended["reason"] == (
        "exited with code 9 before it was ready (network cut off: packets are dropped)"
    )
    assert not FakeCut.made[0].is_there


def test_an_open_trial_of_an_engine_elsewhere_says_that_nothing_was_observed(bench):
    bench.engine._info = dataclasses.replace(bench.engine.info, is_local=False)
    run(bench, OPEN)
    facts = bench.ended["facts"]["egress"]
    assert not facts["observed"]
    assert "under another kernel" in facts["reach"]


def test_a_trial_that_was_never_started_has_nothing_on_record(bench):
    bench.engine.trouble("attach", EngineError("engine", "gone"))
    assert run(bench, REFUSED) is TrialStatus.ERROR
    assert "egress" not in bench.ended["facts"]
    assert not FakeCut.made[0].is_there


def test_two_trials_with_no_way_out_follow_the_need_arm_one_refused_and_one_not():
    model = Case.model_validate({"image": "x", "ready": {"exit": True}, "repeat": 3})
    cases = dict.fromkeys("ab", model)
    checks = CheckTrials(need={"a": 2}, cut=["a", "b"])
    plan = make_plan(cases, 1, checks=checks, calibrate=False)
    tail = plan[6:]
    own = {name: [key for key in tail if key.case == name] for name in "ab"}
    assert [(key.arm, key.network) for key in own["a"]] == [
        ("need", "open"),
        ("need", "open"),
        ("fit", "cut"),
        ("fit", "cut"),
    ]
    assert [(key.network, key.cache, key.warmup) for key in own["b"]] == [
        ("cut", "image", False),
        ("cut", "image", False),
    ]
    for keys in own.values():
        assert {way_out(key) for key in keys} - {WayOut.OPEN} == {WayOut.REFUSED, WayOut.SILENT}
        assert len({key.round for key in keys}) == len(keys)


def test_a_row_on_contacts_asks_for_cut_trials_of_every_case_with_a_network_of_its_own():
    of = Scenario.model_validate(
        {
            "version": 1,
            "name": "s",
            "cases": {
                "own": {"image": "x", "ready": {"exit": True}},
                "hosts": {"image": "x", "ready": {"exit": True}, "network_mode": "host"},
            },
        }
    )
    standard = load_checklist("cloud-native", Path())
    assert check_trials(of, standard).cut == ["own"]
    off = of.model_copy(update={"checks": {"CI-3": "off"}})
    assert not check_trials(off, standard).cut
    assert not check_trials(of, None).cut
