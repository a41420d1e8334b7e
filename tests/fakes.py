"""Stand-ins for what lies outside: the engine, the clock, whoever watches.

`FakeRuntime` keeps containers, volumes and images as an engine does and does with a container
what its `Script` says. Every call is recorded, and trouble can be put in the way of any of them.
"""

from __future__ import annotations

import dataclasses
import functools
import heapq
import itertools
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from bench.core.errors import (
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
    PullError,
)
from bench.runtimes.build_request import Builder, BuildResult, quiet
from bench.runtimes.protocol import (
    Change,
    WorkloadState,
    Runtime,
    RuntimeInfo,
    HealthChecks,
    OutputChunk,
)
from bench.runtimes.specs import ContainerFile, ContainerSetup, WorkloadSpec, Created
from tests.pulls import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.core.domain import TrialKey
    from bench.runtimes.build_request import BuildRequest

P = ParamSpec("P")
R = TypeVar("R")


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


def _call(
    method: Callable[Concatenate[FakeRuntime, P], R],
) -> Callable[Concatenate[FakeRuntime, P], R]:
    """Record a call, and let the trouble that was ordered for it happen first."""

    @functools.wraps(method)
    def wrapper(self: FakeRuntime, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.enter(method.__name__, args)
        return method(self, *args, **kwargs)

    return wrapper


class FakeRuntime(Runtime):
    """An engine in memory.

    Attributes:
        script: how containers behave, but for those of images in `scripts`.
        streams: lines of each pull by reference, pull by pull, the last for ever; an exception
            among the lines is raised there.
        calls: what the thread that made the engine asked of it, in order.
        on_call: called with the name of each call of that thread, before it takes effect.
    """

    def __init__(self, script: Script | None = None, *, facts: RuntimeInfo = FACTS) -> None:
        self.script = script or Script()
        self.scripts: dict[str, Script] = {}
        self.streams: dict[str, list[Sequence[Mapping[str, Any] | Exception]]] = {}
        self.made: list[FakeContainer] = []
        self.present: dict[str, FakeContainer] = {}
        self.volume_labels: dict[str, Mapping[str, str]] = {}
        self.network_labels: dict[str, Mapping[str, str]] = {}
        self.images: dict[str, Mapping[str, str]] = {}
        self.calls: list[Call] = []
        self.pulls_of: list[str] = []
        self.is_dead = False
        self.on_call: Callable[[str], object] = lambda _: None
        self._facts = facts
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

    def enter(self, name: str, arguments: tuple[Any, ...]) -> None:
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
        containers = [one.spec.name for one in self.present.values()]
        return [*containers, *self.volume_labels, *self.network_labels]

    def _container(self, container_id: str) -> FakeContainer:
        by_name = {one.spec.name: one for one in self.present.values()}
        found = self.present.get(container_id) or by_name.get(container_id)
        if found is None:
            raise EngineRefusedError(container_id, "no such container", status=404)
        return found

    # the protocol

    @property
    def facts(self) -> RuntimeInfo:
        return self._facts

    @_call
    def pull(self, reference: str) -> Iterator[Mapping[str, Any]]:
        self.pulls_of.append(reference)
        streams = self.streams.get(reference, [()])
        return self._pulled(reference, streams.pop(0) if len(streams) > 1 else streams[0])

    def _pulled(
        self, reference: str, lines: Sequence[Mapping[str, Any] | Exception]
    ) -> Iterator[Mapping[str, Any]]:
        for line in lines:
            if isinstance(line, Exception):
                raise line
            if "error" in line:
                raise PullError(reference, f"the pull failed: {line['error']}")
            yield line
        self.images[reference] = {}

    @_call
    def create(self, spec: WorkloadSpec) -> Created:
        script = self.scripts.get(spec.image, self.script)
        container_id = f"{next(self._ids):064x}"
        container = FakeContainer(container_id, spec, script, has_child=self.facts.is_local)
        self.made.append(container)
        self.present[container.container_id] = container
        return Created(container.container_id, script.warnings)

    @_call
    def attach(self, container_id: str) -> FakeOutput:
        container = self._container(container_id)
        if container.ended.is_set():
            container.revive()
        return container.output

    @_call
    def start(self, container_id: str) -> None:
        self._container(container_id).begin()

    @_call
    def state(self, container_id: str) -> WorkloadState:
        container = self._container(container_id)
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

    @_call
    def wait(self, container_id: str, timeout_s: float) -> int:
        container = self._container(container_id)
        if not container.ended.wait(timeout_s):
            raise EngineTimeoutError(container_id, "the engine did not answer in time")
        assert container.code is not None
        return container.code

    @_call
    def execute(self, container_id: str, command: tuple[str, ...], timeout_s: float) -> int:
        container = self._container(container_id)
        if not container.running:
            raise EngineRefusedError(container_id, "is not running", status=409)
        return container.execute()

    @_call
    def stop(self, container_id: str, grace_s: int) -> None:
        container = self._container(container_id)
        container.end(container.script.stop_code)

    @_call
    def changes(self, container_id: str) -> list[Change]:
        return list(self._container(container_id).script.changes)

    @_call
    def file(self, container_id: str, path: str, most_bytes: int) -> ContainerFile | None:
        found = self._container(container_id).script.files.get(path)
        return found and dataclasses.replace(found, head=found.head[:most_bytes])

    @_call
    def log_tail(self, container_id: str, lines: int) -> list[str]:
        return []

    @_call
    def usage(self, container_id: str) -> Mapping[str, Any]:
        return self._container(container_id).script.statistics

    @_call
    def usages(self, container_id: str) -> Iterator[Mapping[str, Any]]:
        return iter([self._container(container_id).script.statistics])

    @_call
    def remove(self, container_id: str) -> None:
        container = self.present.pop(container_id, None)
        if container is not None:
            container.end(137)

    @_call
    def containers(self, label: str) -> list[tuple[str, str]]:
        return [
            (container_id, one.spec.labels[label])
            for container_id, one in self.present.items()
            if label in one.spec.labels
        ]

    @_call
    def volumes(self, label: str) -> list[tuple[str, str]]:
        return [
            (name, labels[label]) for name, labels in self.volume_labels.items() if label in labels
        ]

    @_call
    def create_volume(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        self.volume_labels[name] = labels

    @_call
    def remove_volume(self, name: str) -> None:
        self.volume_labels.pop(name, None)

    @_call
    def networks(self, label: str) -> list[tuple[str, str]]:
        return [
            (name, labels[label]) for name, labels in self.network_labels.items() if label in labels
        ]

    @_call
    def create_network(
        self,
        name: str,
        labels: Mapping[str, str],
        *,
        internal: bool,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.network_labels[name] = labels

    @_call
    def remove_network(self, name: str) -> None:
        used = [one for one in self.present.values() if name in one.spec.networks]
        if used:
            raise EngineRefusedError(name, "has active endpoints", status=403)
        self.network_labels.pop(name, None)

    @_call
    def has_image(self, reference: str) -> bool:
        return reference in self.images

    @_call
    def image_details(self, reference: str) -> Mapping[str, Any]:
        return {"Size": 1000}

    @_call
    def image_references(self, label: str) -> list[tuple[str, str]]:
        return [(name, labels[label]) for name, labels in self.images.items() if label in labels]

    @_call
    def remove_image(self, reference: str) -> None:
        self.images.pop(reference, None)

    @_call
    def image_ids(self) -> list[str]:
        return list(self.images)

    @property
    def builder(self) -> Builder:
        return Builder("buildx", "0.13.1")

    @_call
    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:
        self.images[request.tag] = request.labels
        return BuildResult(0.5, ())

    @_call
    def tag(self, reference: str, new_reference: str) -> None:
        self.images[new_reference] = self.images.get(reference, {})

    @_call
    def push(self, reference: str) -> str:
        return digest_of(f"{reference} manifest")

    @_call
    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        self.images[tag] = {}

    @_call
    def transfer_image(self, reference: str, target: Runtime) -> None:
        raise NotImplementedError

    @_call
    def load_image(self, chunks: Iterator[bytes]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


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
