"""Which processes count as workers."""

from __future__ import annotations

from typing import Any

import pytest

from bench.journal.facts.behaviour import ProcessUse
from bench.judge.workers import workers
from tests.judge.replicas import use


def named(*uses: dict[str, Any]) -> list[str]:
    return [one.name for one in workers([ProcessUse(**one) for one in uses])]


def test_a_program_by_itself_is_the_worker():
    assert named(use(1, "uvicorn", 40, cpu_s=1.0)) == ["uvicorn"]


def test_a_shell_that_waits_for_the_program_is_none():
    shell = use(1, "bash", 2, cpu_s=0.01, is_shell=True)
    assert named(use(7, "uvicorn", 40, parent=1, cpu_s=1.0), shell) == ["uvicorn"]


def test_nor_is_one_as_large_as_the_tiny_program_it_waits_for():
    shell = use(1, "sh", 0.05, cpu_s=0.02, is_shell=True)
    assert named(use(7, "httpd", 0.05, parent=1), shell) == ["httpd"]


def test_an_init_is_none_whatever_it_takes():
    init = use(1, "tini", 50, cpu_s=1.0, is_init=True)
    assert named(init, use(7, "app", 50, parent=1, cpu_s=1.0)) == ["app"]


def test_the_idle_master_of_one_worker_is_none():
    master = use(1, "gunicorn", 20, cpu_s=0.4)
    assert named(use(7, "gunicorn", 40, parent=1, cpu_s=0.6), master) == ["gunicorn"]


def test_two_workers_below_a_master_are_two():
    master = use(1, "gunicorn", 20, cpu_s=0.4)
    both = [use(pid, "worker", 40, parent=1, cpu_s=0.6) for pid in (7, 8)]
    assert named(*both, master) == ["worker", "worker"]


def test_a_parent_that_works_beside_its_child_is_a_worker_too():
    parent = use(1, "app", 40, cpu_s=3.0, observed_cpu_s=0.5)
    child = use(7, "app", 40, parent=1, cpu_s=3.0, observed_cpu_s=0.5)
    assert named(parent, child) == ["app", "app"]


def test_a_parent_far_above_its_child_is_found_through_those_between():
    launcher = use(1, "npm", 60, cpu_s=0.5)
    shell = use(7, "sh", 0.1, parent=1, is_shell=True)
    assert named(launcher, use(9, "node", 50, parent=7, cpu_s=0.5), shell) == ["node"]


def test_a_helper_that_takes_little_is_none():
    small = use(8, "tracker", 3, parent=1, cpu_s=0.05)
    assert named(use(1, "uvicorn", 60, cpu_s=1.0), small) == ["uvicorn"]


@pytest.mark.parametrize(
    ("cpu_s", "expected"), [(0.09, ["app"]), (0.10, ["app", "cron"])], ids=["too little", "enough"]
)
def test_shares_of_hardly_any_cpu_say_nothing(cpu_s, expected):
    beside = use(8, "cron", 1, parent=0, cpu_s=cpu_s)
    assert named(use(1, "app", 50), beside) == expected


def test_where_memory_cannot_be_read_cpu_decides():
    both = [use(1, "app", None, cpu_s=0.95), use(7, "beside", None, cpu_s=0.05)]
    assert named(*both) == ["app"]
    (found,) = workers([ProcessUse(**one) for one in both])
    assert found.anon_share is None
    assert found.cpu_share == pytest.approx(0.95)


def test_without_processes_there_are_no_workers():
    assert named() == []
