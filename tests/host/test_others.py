"""Who else is at work: the busiest programs, and containers of bench's engine and of others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.host.others import CpuTimes, busiest, containers, read_processes
from bench.journal.facts.host import Busy
from tests.host.trees import VM, copy_of

if TYPE_CHECKING:
    from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def process(
    root: Path,
    pid: int,
    name: str,
    used_s: float = 0.0,
    command: bytes = b"",
    parent: int = 1,
    reaped_s: float = 0.0,
) -> None:
    """A process of the tree, in the form of the recorded one."""
    tail = (VM / "proc" / "417" / "stat").read_text().rpartition(")")[2].split()
    tail[1] = str(parent)
    tail[11:15] = (str(round(used_s * TICKS)), "0", str(round(reaped_s * TICKS)), "0")
    folder = root / "proc" / str(pid)
    folder.mkdir(exist_ok=True)
    (folder / "stat").write_text(f"{pid} ({name}) {' '.join(tail)}\n")
    (folder / "cmdline").write_bytes(command)


@pytest.fixture
def root(tmp_path):
    return copy_of(VM, tmp_path)


def test_what_a_process_and_its_ended_children_used_is_read(root):
    process(root, 5, "a) odd (name", used_s=0.25, parent=3, reaped_s=1.5)
    assert read_processes(root)[5] == CpuTimes("a) odd (name", 3, 0.25, 1.5)


def one(used_s: float, name: str = "x", parent: int = 1, reaped_s: float = 0.0) -> CpuTimes:
    return CpuTimes(name, parent, used_s, reaped_s)


def test_the_busiest_programs_are_named_and_idle_ones_are_not():
    before = {5: one(1.0, "five"), 6: one(2.0, "six"), 7: one(3.0), os.getpid(): one(0.0)}
    after = {5: one(1.25, "five"), 6: one(2.5, "six"), 7: one(3.04), os.getpid(): one(0.5)}
    assert busiest(before, after, 0.5) == (Busy("six", 6, 1.0), Busy("five", 5, 0.5))


def test_programs_of_bench_are_not_named():
    assert busiest({5: one(1.0)}, {5: one(1.5)}, 0.5, own=[5]) == ()


def test_a_program_that_has_just_begun_is_named():
    assert busiest({}, {5: one(0.4, "new")}, 0.5) == (Busy("new", 5, 0.8),)


def test_a_program_that_ends_on_the_way_is_left_out():
    assert busiest({5: one(9.0)}, {}, 0.5) == ()


def test_children_that_come_and_go_are_counted_with_the_parent_that_starts_them():
    before = {4: one(0.0, "make", reaped_s=100.0), 5: one(50.0, "cc1plus", parent=4)}
    after = {4: one(0.01, "make", reaped_s=150.49)}  # cc1plus went on for 0.1 s, others ran 0.39 s
    (found,) = busiest(before, after, 0.5)
    assert found.name == "make"
    assert found.cores == pytest.approx(1.0)


def test_what_grandchildren_had_used_before_is_no_work_of_now():
    """A test run of minutes ends with its workers: its shell has not used all that just now."""
    before = {
        3: one(0.0, "bash"),
        4: one(9.0, "pytest", parent=3, reaped_s=2.0),
        5: one(90.0, "worker", parent=4),
    }
    after = {3: one(0.0, "bash", reaped_s=101.2)}
    (found,) = busiest(before, after, 0.5)
    assert (found.name, round(found.cores, 2)) == ("bash", 0.4)


def test_what_an_orphan_had_used_before_is_not_said_of_whoever_adopts_it():
    before = {1: one(0.0, "init"), 5: one(900.0, "orphan", parent=4)}
    assert busiest(before, {1: one(0.0, "init", reaped_s=900.1)}, 0.5) == ()


def test_containers_are_told_apart_by_the_engine_they_belong_to(root):
    own = b"containerd-shim-runc-v2\0-address\0/run/container-bench/containerd.sock\0"
    process(root, 21, "containerd-shim", command=own)
    process(root, 22, "containerd-shim", command=b"containerd-shim-runc-v2\0-id\0a\0")
    process(root, 23, "conmon", command=b"/usr/bin/conmon\0--api-version\0")
    process(root, 24, "python", command=own)
    assert containers(root) == (1, 2)
