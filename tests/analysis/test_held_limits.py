"""Limits that were asked for against those that the kernel holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.analysis.held_limits import not_held
from bench.cgroup.counters import applied_limits
from bench.cgroup.mounts import CgroupVersion
from bench.journal.facts.form import read_facts
from bench.journal.facts.limits import LimitsAsked, LimitsHeld
from tests.sampling.trees import CONTAINER_ID, PARENT, cgroup_of, copy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.cgroup.mounts import ContainerCgroup

V1, V2 = CgroupVersion.V1, CgroupVersion.V2
MIB = 2**20
ASKED = {"memory_bytes": 64 * MIB, "swap_bytes": 0, "cpus": 0.5, "pids": 512}


def mismatches(
    cgroup: ContainerCgroup, asked: Mapping[str, float | None]
) -> tuple[dict[str, Any], list[str]]:
    applied = applied_limits(cgroup)
    return applied, not_held(read_facts(LimitsAsked, asked), read_facts(LimitsHeld, applied))


def test_limits_in_force_are_no_mismatch():
    applied, wrong = mismatches(cgroup_of(V2), ASKED)
    assert applied == ASKED
    assert wrong == []


def test_what_was_not_asked_for_is_not_looked_for():
    _, wrong = mismatches(cgroup_of(V2), dict.fromkeys(ASKED))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "asked"), [("memory_bytes", 65 * MIB), ("cpus", 0.75), ("pids", 100)]
)
def test_a_limit_that_differs_is_named_with_what_the_kernel_holds(name, asked):
    _, (said,) = mismatches(cgroup_of(V2), ASKED | {name: asked})
    assert said.startswith(f"{name} = ")
    assert "(the kernel holds " in said


def test_sizes_are_compared_to_the_page():
    assert mismatches(cgroup_of(V2), ASKED | {"memory_bytes": 64 * MIB + 4000})[1] == []


def test_swap_that_is_let_in_is_a_mismatch(tmp_path):
    root = copy_of(V2, tmp_path)
    (root / PARENT.lstrip("/") / CONTAINER_ID / "memory.swap.max").write_text("max\n")
    _, (said,) = mismatches(cgroup_of(V2, root), ASKED)
    assert said == "swap_bytes = 0 (the kernel holds unlimited)"


def test_a_kernel_that_has_no_limit_of_swap_has_nothing_to_compare():
    applied, wrong = mismatches(cgroup_of(V1), ASKED | {"pids": 64})
    assert "swap_bytes" not in applied
    assert wrong == []
