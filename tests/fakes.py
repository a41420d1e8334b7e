"""Stand-ins for what lies outside: the engine, the clock, whoever watches.

`FakeRuntime` keeps containers, volumes and images as an engine does and does with a container
what its `Script` says. Every call is recorded, and trouble can be put in the way of any of them.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.cgroup.mounts import CgroupMounts, ContainerCgroup
from bench.core.capability import Capabilities, Capability
from bench.core.errors import (
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
    PullError,
)
from bench.runtimes.build_request import BuildResult, BuildTool, quiet
from bench.runtimes.docker.pull_lines import pull_line
from bench.runtimes.docker.usage import usage_columns
from bench.runtimes.images import Builder, ImageInfo, ImageStore, PullLine
from bench.runtimes.protocol import Networks, Owned, OwnedKind, Runtime, RuntimeInfo, Volumes
from bench.runtimes.workload import Change, HealthChecks, OutputChunk, Workload, WorkloadState
from tests.pulls import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.core.domain import TrialKey
    from bench.runtimes.build_request import BuildRequest
    from bench.runtimes.specs import ContainerFile, ContainerSetup, WorkloadSpec


class FakeClock:
    """A clock that goes on only when it is told to, and does what is due on the way."""

    def __init__(self, *, tick_ns: int = 0) -> None:
        """`tick_ns` passes with every look at the clock."""
        self.now_ns = 5_000_000_000
        self._tick_ns = tick_ns
        self._due: list[tuple[int, int, Callable[[], object]]] = []
        self._count = itertools.count()

    def monotonic_ns(self) -> int:
        self.now_ns += self._tick_ns
        return self.now_ns

    def utc_now(self) -> datetime:
        return datetime(2026, 11, 22, 8, 31, tzinfo=UTC) + timedelta(seconds=self.now_ns / 1e9)

    def at(self, after_s: float, action: Callable[[], object]) -> None:
        """Do `action` so many seconds from now."""
        heapq.heappush(self._due, (self.now_ns + round(after_s * 1e9), next(self._count), action))

    def advance(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> None:
        """Let `seconds` pass, or fewer where something that is due makes `until` true."""
        target = self.now_ns + round(seconds * 1e9)
        while self._due and self._due[0][0] <= target:
            due_ns, _, action = heapq.heappop(self._due)
            self.now_ns = max(self.now_ns, due_ns)
            action()
            if until():
                return
        self.now_ns = target


class ClockedEvent(threading.Event):
    """An event on which waiting takes time of a fake clock only."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None, "this would wait for ever"
        if not self.is_set():
            self._clock.advance(timeout, until=self.is_set)
        return self.is_set()


@dataclass(frozen=True)
class Script:
    """How a container of the fake engine behaves.

    Attributes:
        output: what it writes as it is started: stdout, or (stream, bytes).
        life_s: None until it is stopped; 0 where it is over before the start call returns.
        exit_code: its code where it ends by itself.
        stop_code: its code where it is stopped.
        address: where its probes go.
        health: what the engine calls it, inspection by inspection, the last for ever.
        exec_results: the outcome of each command run in it, the last for ever.
        warnings: of the engine, when it is created.
        statistics: the engine's one-shot stats.
        changes: what it has written into its own layer.
        health_interval_s: how often its health is checked.
        oom_killed: whether the engine says that a process of it was killed for memory.
        setup: what it runs, as the engine says.
        files: what is in it, by path.
        again: how it behaves where it is started again after its end; as before where None.
    """

    output: tuple[bytes | tuple[int, bytes], ...] = ()
    life_s: float | None = None
    exit_code: int = 0
    stop_code: int = 143
    address: str = "127.0.0.1"
    health: tuple[str, ...] = ("",)
    exec_results: tuple[int | Exception, ...] = (0,)
    warnings: tuple[str, ...] = ()
    statistics: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    health_interval_s: float | None = None
    oom_killed: bool = False
    setup: ContainerSetup | None = None
    files: Mapping[str, ContainerFile] = field(default_factory=dict)
    again: Script | None = None


class FakeOutput:
    """The output of one container."""

    def __init__(self) -> None:
        self._chunks: queue.SimpleQueue[OutputChunk | None] = queue.SimpleQueue()

    def write(self, data: bytes, stream: int = 1) -> None:
        self._chunks.put(OutputChunk(stream, data))

    def __iter__(self) -> Iterator[OutputChunk]:
        while (chunk := self._chunks.get()) is not None:
            yield chunk

    def close(self) -> None:
        self._chunks.put(None)


class FakeContainer:
    """One container, from its creation to its removal."""

    def __init__(
        self, container_id: str, spec: WorkloadSpec, script: Script, *, has_child: bool
    ) -> None:
        """`has_child` gives it a process of this host, so that its end can be watched."""
        self._has_child = has_child
        self._child: subprocess.Popen[bytes] | None = None
        self.container_id = container_id
        self.spec = spec
        self.script = script
        self.output = FakeOutput()
        self.started = False
        self.code: int | None = None
        self.ended = threading.Event()
        self._health = list(script.health)
        self._results = list(script.exec_results)

    @property
    def running(self) -> bool:
        return self.started and not self.ended.is_set()

    @property
    def pid(self) -> int:
        """Of its main process; some number where it is under another kernel."""
        if not self.running:
            return 0
        return self._child.pid if self._child else 4242

    def end(self, code: int) -> None:
        """Its main process ends."""
        if not self.ended.is_set():
            self.code = code
            self.output.close()
            self.ended.set()
            if self._child:
                self._child.kill()
                self._child.wait()

    def revive(self) -> None:
        """It has ended, and may be started again."""
        self.script = self.script.again or self.script
        self.output = FakeOutput()
        self.started = False
        self.ended.clear()
        self._child = None

    def begin(self) -> None:
        self.started = True
        for piece in self.script.output:
            stream, data = piece if isinstance(piece, tuple) else (1, piece)
            self.output.write(data, stream)
        if self.script.life_s == 0:
            self.end(self.script.exit_code)
            return
        if self._has_child:
            self._child = subprocess.Popen(["sleep", "60"])
            if self.ended.is_set():  # removed by another thread in the meantime
                self._child.kill()
                self._child.wait()
        if self.script.life_s is None:
            return
        timer = threading.Timer(self.script.life_s, self.end, [self.script.exit_code])
        timer.daemon = True
        timer.start()

    def health(self) -> str:
        return self._health.pop(0) if len(self._health) > 1 else self._health[0]

    def health_checks(self) -> HealthChecks | None:
        interval_s = self.script.health_interval_s
        return None if interval_s is None else HealthChecks(interval_s, interval_s)

    def execute(self) -> int:
        result = self._results.pop(0) if len(self._results) > 1 else self._results[0]
        if isinstance(result, Exception):
            raise result
        return result


FACTS = RuntimeInfo(
    kind="docker",
    version="20.10.24",
    api_version="1.41",
    engine_id="FAKE",
    address="unix:///run/fake.sock",
    storage_driver="overlay2",
    image_store="graphdriver",
    cgroup_driver="systemd",
    cgroup_version="2",
    runtime="runc",
    kernel="6.1.0",
    cpus=2,
    memory_bytes=2**34,
    is_local=False,
)


@dataclass(frozen=True)
class Call:
    """One call of the engine: its name and its arguments."""

    name: str
    arguments: tuple[Any, ...]


@dataclass
class _Trouble:
    call: str | None
    remaining: int
    happens: BaseException | Callable[[], object]


class FakeRuntime(Runtime):
    """A container engine in memory.

    Attributes:
        script: how containers behave, but for those of images in `scripts`.
        streams: lines of each pull by reference, pull by pull, the last for ever; an exception
            among the lines is raised there.
        calls: what the thread that made the engine asked of it, in order.
        on_call: called with the name of each call of that thread, before it takes effect.
        present_images: labels of the images that are there, by reference.
        image: what is said of every image.
        archives: of the images that tests read, by reference.
        lacking: capabilities that it lacks, beside those that its facts say.
    """

    def __init__(
        self, script: Script | None = None, *, facts: RuntimeInfo = FACTS, is_exclusive: bool = True
    ) -> None:
        self.script = script or Script()
        self.scripts: dict[str, Script] = {}
        self.streams: dict[str, list[Sequence[Mapping[str, Any] | Exception]]] = {}
        self.made: list[FakeContainer] = []
        self.present: dict[str, FakeContainer] = {}
        self.volume_labels: dict[str, Mapping[str, str]] = {}
        self.network_labels: dict[str, Mapping[str, str]] = {}
        self.present_images: dict[str, Mapping[str, str]] = {}
        self.image = ImageInfo("sha256:1", size_bytes=1000)
        self.archives: dict[str, bytes] = {}
        self.calls: list[Call] = []
        self.pulls_of: list[str] = []
        self.is_dead = False
        self.on_call: Callable[[str], object] = lambda _: None
        self.lacking: dict[Capability, str] = {}
        if not facts.is_local:
            self.lacking[Capability.LOCAL] = "the engine does not run under this kernel"
        if not is_exclusive:
            self.lacking[Capability.EXCLUSIVE_STORE] = "only the private engine may be emptied"
        self._info = facts
        self._images = FakeImages(self)
        self._builder = FakeBuilder(self)
        self._volumes = FakeVolumes(self)
        self._networks = FakeNetworks(self)
        self._troubles: list[_Trouble] = []
        self._home = threading.get_ident()
        self._ids = itertools.count(1)

    # for tests

    @property
    def order(self) -> list[str]:
        """The names of the calls so far."""
        return [call.name for call in self.calls]

    def arguments_of(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of that name."""
        return [call.arguments for call in self.calls if call.name == name]

    def trouble(
        self,
        call: str | None,
        happens: BaseException | Callable[[], object],
        *,
        at: int = 1,
    ) -> None:
        """Raise or do `happens` before the `at`-th further call of that name, or of any name."""
        self._troubles.append(_Trouble(call, at, happens))

    def enter(self, name: str, *arguments: Any) -> None:
        """A call begins."""
        if threading.get_ident() == self._home:
            self.calls.append(Call(name, arguments))
            self.on_call(name)
            for trouble in self._troubles:
                if trouble.call in (None, name):
                    trouble.remaining -= 1
                    if trouble.remaining == 0:
                        if isinstance(trouble.happens, BaseException):
                            raise trouble.happens
                        trouble.happens()
        if self.is_dead:
            raise EngineUnavailableError("engine", "does not answer")

    def end_all(self) -> None:
        """End what a test left running."""
        for container in self.made:
            container.end(137)

    @property
    def leftovers(self) -> list[str]:
        """Containers, volumes and networks that are there."""
        containers = [container.spec.name for container in self.present.values()]
        return [*containers, *self.volume_labels, *self.network_labels]

    def container(self, name: str) -> FakeContainer:
        """The container of this id or name."""
        by_name = {container.spec.name: container for container in self.present.values()}
        found = self.present.get(name) or by_name.get(name)
        if found is None:
            raise EngineRefusedError(name, "no such container", status=404)
        return found

    # the protocol

    @property
    def info(self) -> RuntimeInfo:
        return self._info

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(self.lacking)

    @property
    def images(self) -> FakeImages:
        return self._images

    @property
    def builder(self) -> FakeBuilder:
        return self._builder

    @property
    def volumes(self) -> FakeVolumes:
        return self._volumes

    @property
    def networks(self) -> FakeNetworks:
        return self._networks

    def create(self, spec: WorkloadSpec) -> FakeWorkload:
        self.enter("create", spec)
        script = self.scripts.get(spec.image, self.script)
        container_id = f"{next(self._ids):064x}"
        container = FakeContainer(container_id, spec, script, has_child=self.info.is_local)
        self.made.append(container)
        self.present[container.container_id] = container
        return FakeWorkload(self, container.container_id, script.warnings)

    def workload(self, name: str) -> FakeWorkload:
        return FakeWorkload(self, name)

    def owned(self, label: str) -> list[Owned]:
        self.enter("owned", label)
        containers = {name: one.spec.labels for name, one in self.present.items()}
        kinds = {
            OwnedKind.CONTAINER: containers,
            OwnedKind.NETWORK: self.network_labels,
            OwnedKind.VOLUME: self.volume_labels,
            OwnedKind.IMAGE: self.present_images,
        }
        return [
            Owned(kind, name, labels[label])
            for kind, found in kinds.items()
            for name, labels in found.items()
            if label in labels
        ]

    def remove(self, item: Owned) -> None:
        {
            OwnedKind.CONTAINER: lambda name: self.workload(name).remove(),
            OwnedKind.NETWORK: self.networks.remove,
            OwnedKind.VOLUME: self.volumes.remove,
            OwnedKind.IMAGE: self.images.remove,
        }[item.kind](item.name)

    def close(self) -> None:
        pass


class FakeWorkload(Workload):
    """A handle for a container of the fake engine."""

    def __init__(self, runtime: FakeRuntime, name: str, warnings: tuple[str, ...] = ()) -> None:
        self._runtime = runtime
        self.id = name
        self.warnings = warnings

    def _enter(self, call: str, *arguments: Any) -> FakeContainer:
        self._runtime.enter(call, self.id, *arguments)
        return self._runtime.container(self.id)

    @property
    def capabilities(self) -> Capabilities:
        return self._runtime.capabilities

    @property
    def files(self) -> FakeWorkload:
        return self

    def attach(self) -> FakeOutput:
        container = self._enter("attach")
        if container.ended.is_set():
            container.revive()
        return container.output

    def start(self) -> None:
        self._enter("start").begin()

    def state(self) -> WorkloadState:
        container = self._enter("state")
        return WorkloadState(
            running=container.running,
            pid=container.pid,
            address=container.script.address if container.running else "",
            exit_code=container.code or 0,
            oom_killed=container.script.oom_killed,
            health=container.health(),
            health_checks=container.health_checks(),
            setup=container.script.setup,
        )

    def wait(self, timeout_s: float) -> int:
        container = self._enter("wait", timeout_s)
        if not container.ended.wait(timeout_s):
            raise EngineTimeoutError(self.id, "the engine did not answer in time")
        assert container.code is not None
        return container.code

    def execute(self, command: tuple[str, ...], timeout_s: float) -> int:
        container = self._enter("execute", command, timeout_s)
        if not container.running:
            raise EngineRefusedError(self.id, "is not running", status=409)
        return container.execute()

    def stop(self, grace_s: int) -> None:
        container = self._enter("stop", grace_s)
        container.end(container.script.stop_code)

    def remove(self) -> None:
        self._runtime.enter("remove", self.id)
        container = self._runtime.present.pop(self.id, None)
        if container is not None:
            container.end(137)

    def mounted_at(self) -> tuple[str, ...]:
        return (f"/no-mount-of-{self.id}",)

    def changes(self) -> list[Change]:
        return list(self._enter("changes").script.changes)

    def read(self, path: str, most_bytes: int) -> ContainerFile | None:
        found = self._enter("file", path, most_bytes).script.files.get(path)
        return found and dataclasses.replace(found, head=found.head[:most_bytes])

    def log_tail(self, lines: int) -> list[str]:
        self._enter("log_tail", lines)
        return []

    def usage(self) -> Mapping[str, int]:
        return usage_columns(self._enter("usage").script.statistics)

    def usages(self) -> Iterator[Mapping[str, int]]:
        return iter([usage_columns(self._enter("usages").script.statistics)])

    def cgroup(self, mounts: CgroupMounts, parent: str) -> ContainerCgroup:
        group = f"{parent}/{self.id}" if parent else f"/system.slice/docker-{self.id}.scope"
        return ContainerCgroup(mounts, parent or group, group)


class FakeImages(ImageStore):
    """The image store of the fake engine."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime
        self._labels = runtime.present_images

    def pull(self, reference: str) -> Iterator[PullLine]:
        self._runtime.enter("pull", reference)
        self._runtime.pulls_of.append(reference)
        streams = self._runtime.streams.get(reference, [()])
        return self._pulled(reference, streams.pop(0) if len(streams) > 1 else streams[0])

    def _pulled(
        self, reference: str, lines: Sequence[Mapping[str, Any] | Exception]
    ) -> Iterator[PullLine]:
        for line in lines:
            if isinstance(line, Exception):
                raise line
            if "error" in line:
                raise PullError(reference, f"the pull failed: {line['error']}")
            yield pull_line(line)
        self._labels[reference] = {}

    def has(self, reference: str) -> bool:
        self._runtime.enter("has_image", reference)
        return reference in self._labels

    def inspect(self, reference: str) -> ImageInfo:
        self._runtime.enter("inspect_image", reference)
        return self._runtime.image

    def ids(self) -> list[str]:
        self._runtime.enter("image_ids")
        return list(self._labels)

    def tag(self, reference: str, new_reference: str) -> None:
        self._runtime.enter("tag", reference, new_reference)
        self._labels[new_reference] = self._labels.get(reference, {})

    def push(self, reference: str) -> str:
        self._runtime.enter("push", reference)
        return digest_of(f"{reference} manifest")

    def remove(self, reference: str) -> None:
        self._runtime.enter("remove_image", reference)
        self._labels.pop(reference, None)

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        self._runtime.enter("import_rootfs", tar, tag, changes)
        self._labels[tag] = {}

    def save(self, reference: str) -> Iterator[bytes]:
        """Its archive, or else one that holds the name alone, which `load` reads again."""
        self._runtime.enter("save", reference)
        yield self._runtime.archives.get(reference, reference.encode())

    def load(self, chunks: Iterator[bytes]) -> None:
        reference = b"".join(chunks).decode()
        self._runtime.enter("load", reference)
        self._labels[reference] = {}


class FakeBuilder(Builder):
    """The builder of the fake engine."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime

    @property
    def tool(self) -> BuildTool:
        return BuildTool("buildx", "0.13.1")

    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:
        self._runtime.enter("build", request)
        self._runtime.present_images[request.tag] = request.labels
        return BuildResult(0.5, ())


class FakeVolumes(Volumes):
    """The volumes of the fake engine."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime
        self._labels = runtime.volume_labels

    def names(self, label: str) -> list[str]:
        self._runtime.enter("volumes", label)
        return [name for name, labels in self._labels.items() if label in labels]

    def create(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        self._runtime.enter("create_volume", name, labels, *([options] if options else []))
        self._labels[name] = labels

    def remove(self, name: str) -> None:
        self._runtime.enter("remove_volume", name)
        self._labels.pop(name, None)


class FakeNetworks(Networks):
    """The networks of the fake engine."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime
        self._labels = runtime.network_labels

    def create(
        self,
        name: str,
        labels: Mapping[str, str],
        *,
        internal: bool,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._runtime.enter("create_network", name, labels)
        self._labels[name] = labels

    def remove(self, name: str) -> None:
        self._runtime.enter("remove_network", name)
        used = [one for one in self._runtime.present.values() if name in one.spec.networks]
        if used:
            raise EngineRefusedError(name, "has active endpoints", status=403)
        self._labels.pop(name, None)


def local(facts: RuntimeInfo = FACTS) -> RuntimeInfo:
    """The same engine, under this kernel."""
    return dataclasses.replace(facts, is_local=True)


# Whoever watches


class Watcher:
    """A `Progress` that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def say(self, text: str) -> None:
        self.told.append(("say", text))

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        self.told.append(("trial_begins", number, total, key))

    def phase_ended(self, phase: str, seconds: float) -> None:
        self.told.append(("phase_ended", phase, seconds))

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        self.told.append(("trial_ended", status, reason, startup_s))

    def said(self) -> list[str]:
        """The lines."""
        return [one[1] for one in self.told if one[0] == "say"]
