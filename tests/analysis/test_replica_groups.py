"""Containers that were started at once, taken together."""

from __future__ import annotations

import pytest

from bench.analysis.replica_groups import ReplicaGroup, replica_evidence
from bench.core.domain import TrialStatus
from tests.judge.replicas import lost_replicas, replica, replicas

MIB = 2**20


def only(*trials) -> ReplicaGroup:
    (group,) = replica_evidence(trials, "app").groups
    return group


def test_the_figures_of_a_group_are_those_of_its_replicas():
    group = only(*(replica(n, 4, startup_s=s) for n, s in ((2, 3.0), (1, 1.0), (4, 8.0), (3, 2.0))))
    assert [one.key.replica for one in group.trials] == [1, 2, 3, 4]
    assert (group.first_s, group.median_s, group.last_s) == (1.0, 2.5, 8.0)
    assert group.per_second == pytest.approx(0.5)


def test_where_one_never_got_ready_there_is_no_last_and_no_throughput():
    lame = replica(2, startup_s=0.0, status=TrialStatus.FAILED, reason="timeout")
    group = only(replica(1), lame, replica(3))
    assert (group.first_s, group.median_s, group.last_s, group.per_second) == (
        1.0,
        None,
        None,
        None,
    )
    assert len(group.ready) == 2


def test_memory_is_the_median_and_absent_where_one_has_none():
    peaks = [replica(n, memory_peak_bytes=n * MIB) for n in (1, 2, 3)]
    assert only(*peaks).median_of("memory_peak_bytes") == 2 * MIB
    assert only(*peaks[:2], replica(3)).median_of("memory_peak_bytes") is None


def test_groups_come_in_the_order_of_the_plan_and_apart():
    found = replica_evidence([*replicas(4, round_=20), *replicas(2, round_=21)], "app")
    assert [one.replicas for one in found.groups] == [4, 2]
    assert found.lost == ()


def test_the_last_whole_attempt_stands_for_a_group():
    again = [replica(n, attempt=1, startup_s=5.0) for n in (1, 2, 3)]
    assert only(*replicas(), *again).first_s == 5.0
    assert only(*again[:2], *replicas()).first_s == 1.0  # the second attempt was cut off


def test_a_group_without_a_whole_attempt_is_lost_with_what_became_of_it():
    busy = lost_replicas(TrialStatus.INVALID, "busy")
    cut = lost_replicas(TrialStatus.INTERRUPTED, "SIGINT")
    assert replica_evidence(busy, "app").lost == tuple(busy)
    assert replica_evidence(cut, "app") == replica_evidence([], "app")


def test_other_cases_are_not_mixed_in():
    assert replica_evidence(replicas(), "other").groups == ()
