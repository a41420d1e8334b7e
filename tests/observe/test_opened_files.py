"""Opened files, as the kernel reports them for a file system that is mounted while one waits."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.core.clock import SystemClock
from bench.images.layers import LayerContent
from bench.journal.facts.opened import OpenedFiles, OpenedUnknown
from bench.journal.facts.ready import ReadyFact
from bench.journal.facts.trial import TrialFacts
from bench.observe import opened_files as module
from bench.observe.fanotify import OpenEvents
from bench.observe.opened_files import OpenedFilesObserver
from bench.runtimes.workload import Change, WorkloadState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def why_not() -> str:
    try:
        OpenEvents().close()
    except OSError as error:
        return f"fanotify: {error}"
    return ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture
def mount(tmp_path: Path):
    """Where a test mounts a file system."""
    target = tmp_path / "root"
    target.mkdir()
    yield target
    subprocess.run(["umount", "--lazy", target], check=False, capture_output=True)


class Files:
    def __init__(self, *endings: str) -> None:
        self._endings = endings

    def mounted_at(self) -> tuple[str, ...]:
        return self._endings

    def changes(self) -> list[Change]:
        raise AssertionError("not asked for")

    def read(self, path: str, most_bytes: int) -> None:
        raise AssertionError("not asked for")


def observer(ending: str, files: dict[str, int]) -> OpenedFilesObserver:
    return OpenedFilesObserver(SystemClock(), Files(ending), lambda: [LayerContent(files, (), ())])


def put(target: Path) -> None:
    layers = [target.parent / name for name in ("lower", "upper", "work")]
    for layer in layers:
        layer.mkdir()
    for name in ("used", "unused"):
        (layers[0] / name).write_bytes(b"x" * 100)
    (layers[0] / "cat").write_bytes(Path("/bin/cat").read_bytes())
    (layers[0] / "cat").chmod(0o755)
    options = "lowerdir={},upperdir={},workdir={}".format(*layers)
    subprocess.run(["mount", "-t", "overlay", "none", "-o", options, target], check=True)


def running(pid: int) -> WorkloadState:
    return WorkloadState(True, pid, "", 0, False, "")


@contextmanager
def executed(program: Path, *arguments: str | Path) -> Iterator[int]:
    """A program of the file system itself, which runs meanwhile; gives its process id."""
    with subprocess.Popen(
        [program, *arguments, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        yield child.pid
        assert child.stdin is not None
        child.stdin.close()


def until(happens: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def awaited(watch: OpenedFilesObserver) -> None:
    """Wait until the mount has been noticed, and a tick of the clock that stamps processes."""
    until(lambda: watch._watched_s is not None)
    time.sleep(2 / os.sysconf("SC_CLK_TCK"))


def test_what_is_opened_until_ready_is_told_from_the_rest(mount):
    watch = observer(f"/{mount.parent.name}/root", {"/used": 100, "/unused": 100, "/cat": 9})
    threads, files = threading.active_count(), open_files()
    watch.created()
    put(mount)
    awaited(watch)
    with executed(mount / "cat", mount / "used") as pid:
        watch.started(running(pid), 0)
        until(lambda: any(path == "/used" for _, path in watch._opened))
        facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
        watch.ready(facts)
    subprocess.run([mount / "cat", mount / "unused"], check=True, stdout=subprocess.DEVNULL)
    watch.finish(facts)
    assert isinstance(facts.opened, OpenedFiles)
    assert facts.opened.opened_files == 2
    assert facts.opened.total.opened_bytes == 109
    assert threading.active_count() == threads
    assert open_files() == files


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_more_openings_than_anything_makes_are_no_measurement(mount, monkeypatch):
    monkeypatch.setattr(module, "_MOST_EVENTS", 100)
    watch = observer(f"/{mount.parent.name}/root", {"/used": 100})
    files = open_files()
    watch.created()
    put(mount)
    awaited(watch)
    opener = f"for _ in range(5000): open({str(mount / 'used')!r}).close()"
    subprocess.run([sys.executable, "-c", opener], check=True)
    watch.started(running(os.getpid()), 0)
    facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
    watch.finish(facts)
    assert isinstance(facts.opened, OpenedUnknown)
    assert "it opened files more than" in facts.opened.unknown
    assert open_files() == files


def test_a_process_that_began_before_is_no_measurement(mount):
    watch = observer(f"/{mount.parent.name}/root", {"/used": 100})
    put(mount)
    watch.created()
    awaited(watch)
    watch.started(running(1), 0)
    facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
    watch.ready(facts)
    watch.finish(facts)
    assert isinstance(facts.opened, OpenedUnknown)
    assert "began before its file system could be watched" in facts.opened.unknown


def test_a_file_system_that_is_never_mounted_is_no_measurement():
    watch = observer("/nowhere/at/all", {})
    watch.created()
    facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
    watch.ready(facts)
    watch.finish(facts)
    assert isinstance(facts.opened, OpenedUnknown)
    assert "no overlay file system" in facts.opened.unknown


def test_a_mount_that_is_no_overlay_is_the_host_s(mount):
    watch = observer(f"/{mount.parent.name}/root", {"/used": 100})
    watch.created()
    subprocess.run(["mount", "-t", "tmpfs", "none", mount], check=True)
    facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
    watch.ready(facts)
    watch.finish(facts)
    assert isinstance(facts.opened, OpenedUnknown)


def test_of_a_container_that_is_not_ready_nothing_is_recorded():
    watch = observer("/nowhere/at/all", {})
    watch.created()
    facts = TrialFacts()
    watch.finish(facts)
    assert facts.opened is None


def test_layers_that_are_not_known_are_said(mount):
    watch = OpenedFilesObserver(SystemClock(), Files("/nowhere"), lambda: None)
    facts = TrialFacts(ready=ReadyFact(1, 0, 0, "x"))
    watch._watched_s, watch._begun_s = 7.0, 7.0
    watch.finish(facts)
    assert facts.opened == OpenedUnknown("the files of its layers are not known")


def test_a_case_of_which_nothing_can_be_told_is_not_observed():
    watch = OpenedFilesObserver(SystemClock(), Files("/nowhere"), list, "its probe does so, too")
    threads = threading.active_count()
    watch.created()
    assert threading.active_count() == threads
    facts = TrialFacts(ready=ReadyFact(1, 0, 0, "x"))
    watch.finish(facts)
    assert facts.opened == OpenedUnknown("its probe does so, too")


def test_a_process_that_ended_at_once_is_said(mount):
    watch = observer(f"/{mount.parent.name}/root", {})
    watch.created()
    put(mount)
    awaited(watch)
    watch.started(running(0), 0)
    facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
    watch.finish(facts)
    assert facts.opened == OpenedUnknown("its first process ended before it could be looked at")


def test_files_that_this_process_opens_itself_do_not_count(mount):
    put(mount)
    events = OpenEvents()
    events.add(mount)
    (mount / "used").read_bytes()
    subprocess.run([sys.executable, "-c", f"open({str(mount / 'unused')!r})"], check=True)
    found = {event.path: event.pid for event in events.read()}
    events.close()
    assert set(found) == {str(mount / "used"), str(mount / "unused")}
