"""What every runtime must do: the same behaviours, asked of each through the protocol alone.

A test module of a runtime imports everything from here and has a fixture `subject`. What a runtime
declares that it lacks is left out, and everything else must hold.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.cgroup.counters import applied_limits
from bench.cgroup.mounts import find_mounts
from bench.core.capability import Capability
from bench.core.errors import EngineError, EngineRefusedError, EngineTimeoutError
from bench.core.stop_signal import signal_number
from bench.runtimes.protocol import LABEL, OwnedKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.runtimes.protocol import Owned, Runtime
    from bench.runtimes.specs import WorkloadSpec
    from bench.runtimes.workload import Workload

PATIENCE_S = 60.0
RUN = f"conformance-{os.getpid()}"
LASTS = "while :; do sleep 0.05; done"
"""A script that goes on until it is asked to stop; shells heed SIGTERM as they are told to."""

_numbers = itertools.count()


@dataclass
class Subject:
    """The runtime under test, and how a shell script becomes a workload of it.

    Attributes:
        template: a spec whose image has a shell; the command is replaced.
        cgroup_parent: of every workload; empty where the runtime takes none.
        flags_oom: whether its state says that a process was killed for memory; the kernel's count
            says it in any case.
    """

    runtime: Runtime
    template: WorkloadSpec
    cgroup_parent: str = ""
    flags_oom: bool = True
    made: list[Workload] = field(default_factory=list)

    def create(self, script: str, **changes: Any) -> Workload:
        """A workload that is created and not started."""
        return self.create_from(self.spec("sh", "-c", script, **changes))

    def create_from(self, spec: WorkloadSpec) -> Workload:
        """The same from a whole spec."""
        workload = self.runtime.create(spec)
        self.made.append(workload)
        return workload

    def spec(self, *command: str, **changes: Any) -> WorkloadSpec:
        """The template with a command and a name of its own."""
        name = f"{RUN}-{next(_numbers)}"
        given = {"name": name, "command": command, "cgroup_parent": self.cgroup_parent}
        return replace(self.template, **(given | changes))

    def start(self, script: str, **changes: Any) -> Workload:
        """A workload that was started."""
        workload = self.create(script, **changes)
        workload.start()
        return workload

    @contextlib.contextmanager
    def up(self, script: str, **changes: Any) -> Iterator[Workload]:
        """A workload that was started, and has written its first word."""
        workload = self.create(f"{script}; echo up; {LASTS}", **changes)
        with contextlib.closing(workload.attach()) as stream:
            workload.start()
            next(iter(stream))
            yield workload

    def output_of(self, script: str, **changes: Any) -> bytes:
        """Everything that a script writes, until its end."""
        workload = self.create(script, **changes)
        stream = workload.attach()
        workload.start()
        with contextlib.closing(stream):
            return b"".join(chunk.data for chunk in stream)

    def needs(self, *capabilities: Capability) -> None:
        """Leave the test out where the runtime declares that it lacks one of them."""
        if reason := self.runtime.capabilities.why_not(*capabilities):
            pytest.skip(reason)

    def clean(self) -> None:
        """Remove everything that was made."""
        for workload in self.made:
            workload.remove()


def awaited(condition: Any, what: str) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.01)


def owned(subject: Subject, label: str = LABEL) -> list[Owned]:
    return [item for item in subject.runtime.owned(label) if item.run_id == RUN]


# What it is


def test_it_says_what_it_is(subject):
    info = subject.runtime.info
    assert info.kind
    assert info.cpus >= 1
    assert info.memory_bytes > 2**20
    assert info.is_local == (Capability.LOCAL in subject.runtime.capabilities)


def test_every_lack_has_a_reason(subject):
    lacking = subject.runtime.capabilities.lacking
    assert all(reason.strip() for reason in lacking.values())
    assert set(lacking) <= set(Capability)


def test_the_further_parts_are_there_or_their_lack_is_declared(subject):
    runtime = subject.runtime
    parts = (runtime.images, runtime.builder, runtime.volumes, runtime.networks)
    has_images = Capability.IMAGE in runtime.capabilities
    assert [part is not None for part in parts] == [has_images] * len(parts)


# Life


def test_what_is_created_does_not_run(subject):
    workload = subject.create("exit 0")
    state = workload.state()
    assert (state.running, state.address, state.exit_code) == (False, "", 0) or (
        # a plain process waits in its cgroup for the word, and is a process already
        not subject.runtime.images and state.pid
    )


def test_what_is_started_runs_and_has_a_process(subject):
    state = subject.start(LASTS).state()
    assert state.running
    assert state.pid > 0
    if Capability.LOCAL in subject.runtime.capabilities:
        os.kill(state.pid, 0)


@pytest.mark.parametrize("code", [0, 1, 7, 126, 255])
def test_its_exit_code_is_its_own(subject, code):
    workload = subject.start(f"exit {code}")
    assert workload.wait(PATIENCE_S) == code
    assert workload.wait(PATIENCE_S) == code
    state = workload.state()
    assert (state.running, state.pid, state.exit_code) == (False, 0, code)


def test_an_end_by_a_signal_is_128_and_the_signal(subject):
    workload = subject.start(LASTS)
    subject.needs(Capability.LOCAL)
    os.kill(workload.state().pid, 9)
    assert workload.wait(PATIENCE_S) == 137


def test_who_waits_for_what_does_not_end_is_told_in_time(subject):
    workload = subject.start(LASTS)
    begun = time.monotonic()
    with pytest.raises(EngineTimeoutError):
        workload.wait(0.3)
    assert 0.2 < time.monotonic() - begun < 20


def test_two_are_told_apart(subject):
    first, second = subject.start("exit 3"), subject.start("exit 4")
    assert first.id != second.id
    assert (first.wait(PATIENCE_S), second.wait(PATIENCE_S)) == (3, 4)


def test_a_name_leads_to_the_same_as_the_id(subject):
    spec = subject.spec("sh", "-c", LASTS)
    workload = subject.create_from(spec)
    workload.start()
    assert subject.runtime.workload(spec.name).state().pid == workload.state().pid
    subject.runtime.workload(spec.name).remove()
    with pytest.raises(EngineRefusedError):
        workload.state()


def test_what_is_not_there_is_refused_and_may_be_removed(subject):
    absent = subject.runtime.workload(f"{RUN}-absent")
    with pytest.raises(EngineRefusedError) as refusal:
        absent.state()
    assert refusal.value.status == 404
    absent.remove()


def test_it_is_removed_while_it_runs_and_once_is_enough(subject):
    workload = subject.start(LASTS)
    pid = workload.state().pid
    workload.remove()
    workload.remove()
    if Capability.LOCAL in subject.runtime.capabilities:
        awaited(lambda: not _is_alive(pid), "its end")
    with pytest.raises(EngineRefusedError):
        workload.state()


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


# Refusals


def test_a_program_that_is_not_there_is_an_error_or_ends_with_127(subject):
    with contextlib.suppress(EngineRefusedError):
        workload = subject.create_from(subject.spec("no-such-program-at-all"))
        workload.start()
        assert workload.wait(PATIENCE_S) in (126, 127)


def test_a_name_is_given_once(subject):
    subject.needs(Capability.IMAGE)
    spec = subject.spec("true")
    subject.create_from(spec)
    with pytest.raises(EngineError):
        subject.create_from(spec)


# Output


def test_all_output_comes_with_its_stream_and_then_an_end(subject):
    workload = subject.create("echo out; echo err >&2; exit 0")
    stream = workload.attach()
    workload.start()
    found = {1: b"", 2: b""}
    with contextlib.closing(stream):
        for chunk in stream:
            found[chunk.stream] += chunk.data
    assert found == {1: b"out\n", 2: b"err\n"}


def test_much_output_is_whole(subject):
    script = "i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done"
    lines = subject.output_of(script).split()
    assert lines == [f"line-{number}".encode() for number in range(20000)]


def test_a_stream_is_closed_from_another_thread(subject):
    workload = subject.create(LASTS)
    stream = workload.attach()
    workload.start()
    threading.Timer(0.2, stream.close).start()
    begun = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - begun < 20


# Settings


def test_it_has_its_environment(subject):
    environment = {**subject.template.environment, "MINE": "a b"}
    assert subject.output_of('echo "$MINE"', environment=environment) == b"a b\n"


def test_it_starts_in_its_working_folder(subject):
    assert subject.output_of("pwd", working_dir="/tmp") == b"/tmp\n"


def test_limits_hold_in_its_cgroup(subject):
    subject.needs(Capability.LOCAL)
    mounts = find_mounts()
    assert mounts is not None
    workload = subject.start(LASTS, memory_bytes=64 * 2**20, cpus=0.5, pids=50)
    applied = applied_limits(workload.cgroup(mounts, subject.cgroup_parent))
    assert applied["memory_bytes"] == 64 * 2**20
    assert applied["cpus"] == pytest.approx(0.5)
    assert applied["pids"] == 50


def test_its_processes_are_in_its_cgroup(subject):
    subject.needs(Capability.LOCAL)
    mounts = find_mounts()
    assert mounts is not None
    workload = subject.start(LASTS)
    cgroup = workload.cgroup(mounts, subject.cgroup_parent)
    listed = (mounts.path("memory", cgroup.child) / "cgroup.procs").read_text().split()
    assert str(workload.state().pid) in listed


def test_it_is_killed_for_memory_and_says_so(subject):
    subject.needs(Capability.LOCAL)
    workload = subject.start("tail /dev/zero", memory_bytes=64 * 2**20)
    assert workload.wait(PATIENCE_S) != 0
    assert workload.state().oom_killed is subject.flags_oom


# Stop


def test_a_stop_is_heeded_with_a_code_of_its_own(subject):
    with subject.up("trap 'exit 5' TERM") as workload:
        workload.stop(10)
        assert workload.wait(PATIENCE_S) == 5


def test_who_does_not_heed_it_is_killed_after_the_grace(subject):
    with subject.up("trap '' TERM") as workload:
        begun = time.monotonic()
        workload.stop(1)
        assert 0.9 < time.monotonic() - begun < 30
        assert workload.wait(PATIENCE_S) == 137


def test_the_stop_signal_is_the_specs(subject):
    script = "trap 'exit 6' USR1; trap 'exit 5' TERM"
    with subject.up(script, stop_signal="SIGUSR1") as workload:
        assert signal_number(workload.state().stop_signal) == signal.SIGUSR1
        workload.stop(10)
        assert workload.wait(PATIENCE_S) == 6


def test_what_has_ended_may_be_stopped(subject):
    workload = subject.start("exit 3")
    workload.wait(PATIENCE_S)
    workload.stop(1)
    assert workload.wait(PATIENCE_S) == 3


# Commands


@pytest.mark.parametrize("code", [0, 9])
def test_a_command_beside_it_gives_its_code(subject, code):
    assert subject.start(LASTS).execute(("sh", "-c", f"exit {code}"), PATIENCE_S) == code


def test_a_command_that_does_not_end_is_given_up(subject):
    workload = subject.start(LASTS)
    begun = time.monotonic()
    with pytest.raises(EngineTimeoutError):
        workload.execute(("sleep", "60"), 0.5)
    assert time.monotonic() - begun < 20
    assert workload.state().running


# What is bench's own


def test_what_carries_the_label_is_listed_and_removed_by_it(subject):
    workload = subject.create(LASTS)
    (item,) = [item for item in owned(subject) if item.name == workload.id]
    assert item.kind is OwnedKind.CONTAINER
    assert subject.runtime.owned("org.container-bench-conformance-other") == []
    subject.runtime.remove(item)
    subject.runtime.remove(item)
    assert workload.id not in [item.name for item in owned(subject)]


# Further parts


def test_counters_of_its_own_have_known_names(subject):
    workload = subject.start(LASTS)
    usage = workload.usage()
    assert all(isinstance(value, int) and value >= 0 for value in usage.values())
    if Capability.IMAGE in subject.runtime.capabilities:
        assert usage["cpu_ns"] > 0


def test_what_it_writes_is_found_in_its_files(subject):
    workload = subject.start("echo hello > /written; mkdir /made; echo x > /made/x")
    workload.wait(PATIENCE_S)
    files = workload.files
    if files is None:
        subject.needs(Capability.IMAGE)
    assert files is not None
    changed = {change.path: change.kind for change in files.changes()}
    assert changed["/written"] == "added"
    assert changed["/made/x"] == "added"
    written = files.read("/written", 3)
    assert written is not None
    assert (written.kind, written.head) == ("file", b"hel")
    made = files.read("/made", 0)
    assert made is not None
    assert made.kind == "folder"
    assert files.read("/absent", 10) is None


def test_it_is_started_again_with_all_that_it_wrote(subject):
    subject.needs(Capability.IMAGE)
    workload = subject.start("[ -e /here ] && exit 8; echo > /here; exit 0")
    assert workload.wait(PATIENCE_S) == 0
    workload.start()
    assert workload.wait(PATIENCE_S) == 8


def test_a_volume_is_made_named_and_removed(subject):
    volumes = subject.runtime.volumes
    if volumes is None:
        subject.needs(Capability.IMAGE)
    assert volumes is not None
    name = f"{RUN}-volume-{next(_numbers)}"
    volumes.create(name, {LABEL: RUN})
    try:
        assert name in volumes.names(LABEL)
        assert name in [item.name for item in owned(subject) if item.kind is OwnedKind.VOLUME]
    finally:
        volumes.remove(name)
    volumes.remove(name)
    assert name not in volumes.names(LABEL)


def test_a_network_is_made_and_removed(subject):
    networks = subject.runtime.networks
    if networks is None:
        subject.needs(Capability.IMAGE)
    assert networks is not None
    name = f"{RUN}-network-{next(_numbers)}"
    networks.create(name, {LABEL: RUN}, internal=True)
    try:
        assert name in [item.name for item in owned(subject) if item.kind is OwnedKind.NETWORK]
    finally:
        networks.remove(name)
    networks.remove(name)


def test_an_image_has_names_an_id_and_an_end(subject):
    images = subject.runtime.images
    if images is None:
        subject.needs(Capability.IMAGE)
    assert images is not None
    given, other = subject.template.image, f"{RUN}:other"
    assert images.has(given)
    assert not images.has(other)
    images.tag(given, other)
    try:
        assert images.inspect(other).id == images.inspect(given).id
        assert images.inspect(given).layers
        assert any(name.endswith(other) for name in images.inspect(given).names)
    finally:
        images.remove(other)
    images.remove(other)
    assert images.has(given)
    assert not images.has(other)


def test_an_image_is_made_of_a_root_file_system_and_carried_over(subject, tmp_path: Path):
    images = subject.runtime.images
    if images is None:
        subject.needs(Capability.IMAGE)
    assert images is not None
    archive = tmp_path / "image.tar"
    archive.write_bytes(b"".join(images.save(subject.template.image)))

    def chunks() -> Iterator[bytes]:
        with archive.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk

    images.load(chunks())
    assert images.has(subject.template.image)


def test_a_pull_of_what_is_nowhere_is_an_error(subject):
    images = subject.runtime.images
    if images is None:
        subject.needs(Capability.IMAGE)
    assert images is not None
    with pytest.raises(EngineError):
        list(images.pull("127.0.0.1:1/no/such:image"))
