"""Who used the host's cores in a trial."""

from __future__ import annotations

from typing import Any

import pytest

from bench.analysis.model import TrialResult
from bench.analysis.own_load import CoreUser, own_load
from bench.core.domain import TrialKey, TrialStatus
from tests.facts import facts_of


def trial(host: dict[str, Any] | None, **metrics: float) -> TrialResult:
    facts = facts_of(host=host)
    key = TrialKey("web", 0, "cold")
    return TrialResult("t0", key, 0, TrialStatus.OK, "", facts=facts, metrics=metrics)


HOST: dict[str, Any] = {
    "wall_s": 10.0,
    "core_s": 20.0,
    "busy_share": 0.5,
    "steal_share": 0.01,
    "other_share": 0.05,
    "cpu_s": {
        "bench": 0.5,
        "measuring": 5.0,
        "building": 0.25,
        "containerd": 0.75,
        "registry": 1.0,
        "link": 0.5,
        "services": 0.3,
        "workload": 2.0,
    },
}


def test_daemons_that_belong_together_are_added():
    load = own_load(trial(HOST))
    assert load is not None
    assert load.used_s == {
        CoreUser.BENCH: 0.5,
        CoreUser.ENGINE: 6.0,
        CoreUser.REGISTRY: 1.5,
        CoreUser.SERVICES: 0.3,
        CoreUser.WORKLOAD: 2.0,
        CoreUser.OTHERS: 1.0,
    }
    assert load.share(CoreUser.ENGINE) == pytest.approx(0.3)


def test_on_the_users_own_engine_neither_it_nor_others_are_known():
    """Its daemon is not one of bench's, and what it uses cannot be told from other work."""
    host = {name: value for name, value in HOST.items() if name != "other_share"}
    load = own_load(trial(host | {"cpu_s": {"bench": 0.5, "registry": 1.0, "workload": 2.0}}))
    assert load is not None
    assert set(load.used_s) == {CoreUser.BENCH, CoreUser.REGISTRY, CoreUser.WORKLOAD}
    assert load.share(CoreUser.ENGINE) is None
    assert load.share(CoreUser.OTHERS) is None


def test_an_older_journal_has_seconds_and_no_shares():
    old = {"busy_share": 0.4, "steal_share": 0.0, "cpu_s": {"bench": 0.2, "measuring": 6.0}}
    load = own_load(trial(old, cpu_s=0.4))
    assert load is not None
    assert load.used_s == {CoreUser.BENCH: 0.2, CoreUser.ENGINE: 6.0, CoreUser.WORKLOAD: 0.4}
    assert load.share(CoreUser.BENCH) is None


@pytest.mark.parametrize("host", [None, {}, {"cpu_s": {}}])
def test_a_trial_that_says_nothing_has_none(host):
    assert own_load(trial(host)) is None
