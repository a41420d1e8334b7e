"""Who else is at work: the busiest programs, and containers of bench's engine and of others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.host.others import Busy, busiest, containers
from tests.host.trees import VM, copy_of

if TYPE_CHECKING:
    from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def process(root: Path, pid: int, name: str, used_s: float = 0.0, command: bytes = b"") -> None:
    """A process of the tree, in the form of the recorded one."""
    tail = (VM / "proc" / "417" / "stat").read_text().rpartition(")")[2].split()
    tail[11], tail[12] = str(round(used_s * TICKS)), "0"
    folder = root / "proc" / str(pid)
    folder.mkdir(exist_ok=True)
    (folder / "stat").write_text(f"{pid} ({name}) {' '.join(tail)}\n")
    (folder / "cmdline").write_bytes(command)


@pytest.fixture
def root(tmp_path):
    return copy_of(VM, tmp_path)


def test_the_busiest_programs_are_named_and_idle_ones_are_not(root):
    process(root, 5, "a) odd (name")
    process(root, 6, "make")
    process(root, os.getpid(), "bench")

    def meanwhile(_: float) -> None:
        process(root, 5, "a) odd (name", used_s=0.25)
        process(root, 6, "make", used_s=0.5)
        process(root, 7, "new", used_s=9.0)  # nobody knows since when
        process(root, os.getpid(), "bench", used_s=0.5)

    assert busiest(root, meanwhile) == [Busy("make", 6, 1.0), Busy("a) odd (name", 5, 0.5)]


def test_a_program_that_ends_on_the_way_is_left_out(root):
    process(root, 6, "make")

    def meanwhile(_: float) -> None:
        (root / "proc" / "6" / "stat").unlink()

    assert busiest(root, meanwhile) == []


def test_containers_are_told_apart_by_the_engine_they_belong_to(root):
    own = b"containerd-shim-runc-v2\0-address\0/run/container-bench/containerd.sock\0"
    process(root, 21, "containerd-shim", command=own)
    process(root, 22, "containerd-shim", command=b"containerd-shim-runc-v2\0-id\0a\0")
    process(root, 23, "conmon", command=b"/usr/bin/conmon\0--api-version\0")
    process(root, 24, "python", command=own)
    assert containers(root) == (1, 2)
