"""The processes of a container, read from a made-up /proc and from a real namespace."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from bench.observe.process_table import Process, Signals, read_table
from tests.trial.proc_tree import TERM_CAUGHT, Entry, write_proc

TERM = 15


def table(folder: Path, *entries: Entry) -> list[Process]:
    return read_table(entries[0].pid, write_proc(folder, *entries))


def test_what_is_below_process_1_is_the_containers_and_nothing_else(tmp_path):
    found = table(
        tmp_path,
        Entry(500, 400, "bash", 1),
        Entry(501, 500, "uvicorn", 7),
        Entry(502, 501, "worker", 8),
        Entry(400, 1, "containerd-shim"),
        Entry(600, 400, "cat", 20),  # run in it by `docker exec`
    )
    assert [(one.name, one.inner_pid) for one in found] == [
        ("bash", 1),
        ("uvicorn", 7),
        ("worker", 8),
    ]
    assert found[1].parent == 500


def test_a_process_that_is_gone_has_no_table(tmp_path):
    write_proc(tmp_path, Entry(1, 0, "init"))
    assert read_table(77, tmp_path) == []


def test_a_process_that_is_not_process_1_of_a_namespace_is_not_taken_for_one(tmp_path):
    # bench in a container of its own: the engine's number means another process here
    assert table(tmp_path, Entry(500, 400, "cron", 93)) == []
    assert read_table(os.getpid()) == []


def test_names_with_spaces_and_brackets_do_not_confuse(tmp_path):
    (one,) = table(tmp_path, Entry(500, 400, "a) S 1 (b", 1, ticks=250))
    assert one.name == "a) S 1 (b"
    assert one.parent == 400
    assert one.cpu_s == pytest.approx(250 / os.sysconf("SC_CLK_TCK"))


@pytest.mark.parametrize(
    ("entry", "bytes_"),
    [
        (Entry(5, 4, "a", 1, rss_anon_kib=900, pss_anon_kib=300), 300 * 1024),
        (Entry(5, 4, "a", 1, rss_anon_kib=900), 900 * 1024),
        (Entry(5, 4, "a", 1), None),
    ],
    ids=["its share of what is shared", "all it holds", "not readable"],
)
def test_anonymous_memory_is_the_best_figure_there_is(tmp_path, entry, bytes_):
    (one,) = table(tmp_path, entry)
    assert one.anon_bytes == bytes_


@pytest.mark.parametrize(
    ("entry", "is_shell", "is_init"),
    [
        (Entry(5, 4, "bash", 1, exe="/usr/bin/bash"), True, False),
        (Entry(5, 4, "start.sh", 1, ("/bin/bash", "/start.sh"), exe="/usr/bin/bash"), True, False),
        (Entry(5, 4, "sh", 1, ("sh", "-c", "x"), exe="/bin/busybox"), True, False),
        (Entry(5, 4, "busybox", 1, ("busybox", "sh"), exe="/bin/busybox"), True, False),
        (Entry(5, 4, "httpd", 1, ("httpd", "-f"), exe="/bin/busybox"), False, False),
        (Entry(5, 4, "sh", 1, ("-sh",)), True, False),
        (Entry(5, 4, "docker-init", 1, exe="/sbin/docker-init"), False, True),
        (Entry(5, 4, "tini", 1, ("/tini", "--", "sh")), False, True),
        (Entry(5, 4, "uvicorn", 1, ("python", "uvicorn"), exe="/usr/bin/python3"), False, False),
    ],
    ids=lambda value: value.name if isinstance(value, Entry) else str(value),
)
def test_shells_and_inits_are_known_by_what_runs(tmp_path, entry, is_shell, is_init):
    (one,) = table(tmp_path, entry)
    assert (one.is_shell, one.is_init) == (is_shell, is_init)


def test_a_zombie_is_one_and_has_no_words(tmp_path):
    found = table(tmp_path, Entry(5, 4, "app", 1), Entry(6, 5, "done", 2, state="Z"))
    assert [one.is_zombie for one in found] == [False, True]
    assert found[1].command == ()


@pytest.mark.parametrize(
    ("signals", "what"),
    [
        (Signals(0, 0, TERM_CAUGHT), "handler"),
        (Signals(TERM_CAUGHT, 0, TERM_CAUGHT), "handler"),
        (Signals(TERM_CAUGHT, 0, 0), "blocked"),
        (Signals(0, TERM_CAUGHT, 0), "ignored"),
        (Signals(0, 0, 0), "default"),
        (Signals(~TERM_CAUGHT, ~TERM_CAUGHT, ~TERM_CAUGHT), "default"),
    ],
)
def test_what_becomes_of_a_signal(signals, what):
    assert signals.of(TERM) == what


def test_a_real_namespace_is_read(tmp_path):
    """`unshare` makes one as an engine does, where that is permitted."""
    script = "trap : TERM; sleep 30 & wait"
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]
    process = subprocess.Popen(namespace, stderr=subprocess.PIPE)
    try:
        main = _only_child(process)
        deadline = time.monotonic() + 10
        while len(found := read_table(main)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [one.inner_pid for one in found] == [1, 2]
        assert found[0].is_shell
        assert found[0].signals.of(TERM) == "handler"
        assert found[1].name == "sleep"
        assert found[1].signals.of(TERM) == "default"
    finally:
        process.kill()
        process.communicate()


def _only_child(process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stderr is not None
            pytest.skip(f"no namespaces here: {process.stderr.read().decode()}")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    pytest.fail("unshare never forked")
