"""Opened files, as the kernel reports them for a file system that is mounted while one waits."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bench.core.clock import SystemClock
from bench.images.layers import LayerContent
from bench.journal.facts.opened import OpenedFiles, OpenedUnknown
from bench.journal.facts.ready import ReadyFact
from bench.journal.facts.trial import TrialFacts
from bench.observe.fanotify import OpenEvents
from bench.observe.opened_files import OpenedFilesObserver
from bench.runtimes.workload import Change, WorkloadState


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


def execute(program: Path) -> int:
    """Run a program that is in the file system itself; returns its process id."""
    with subprocess.Popen([program, program.parent / "used"], stdout=subprocess.DEVNULL) as child:
        child.wait()
    return child.pid


def test_what_is_opened_until_ready_is_told_from_the_rest(mount):
    watch = observer(f"/{mount.parent.name}/root", {"/used": 100, "/unused": 100, "/cat": 9})
    threads = threading.active_count()
    watch.created()
    put(mount)
    program = mount / "cat"
    pid = 0
    for _ in range(50):  # the mount is noticed some milliseconds later
        pid = execute(program)
        watch.started(running(pid), 0)
        if watch._executed:
            break
    facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
    watch.ready(facts)
    (mount / "unused").read_bytes()
    pid = execute(program)
    watch.finish(facts)
    assert isinstance(facts.opened, OpenedFiles)
    assert facts.opened.opened_files == 2
    assert facts.opened.total.opened_bytes == 109
    assert threading.active_count() == threads


def test_a_program_that_was_executed_before_is_no_measurement(mount):
    watch = observer(f"/{mount.parent.name}/root", {"/used": 100})
    put(mount)
    watch.created()
    watch.started(running(1), 0)
    facts = TrialFacts(ready=ReadyFact(SystemClock().monotonic_ns(), 0, 0, "x"))
    watch.ready(facts)
    watch.finish(facts)
    assert isinstance(facts.opened, OpenedUnknown)
    assert "before its file system could be watched" in facts.opened.unknown


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
    watch._executed, watch._pid = {7}, 7
    watch.finish(facts)
    assert facts.opened == OpenedUnknown("the files of its layers are not known")


def test_files_that_this_process_opens_itself_do_not_count(mount):
    put(mount)
    events = OpenEvents()
    events.add(mount)
    (mount / "used").read_bytes()
    subprocess.run([sys.executable, "-c", f"open({str(mount / 'unused')!r})"], check=True)
    found = {event.path: event.pid for event in events.read()}
    events.close()
    assert set(found) == {str(mount / "used"), str(mount / "unused")}
