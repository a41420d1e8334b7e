"""The networks, volumes and files that a stack's services share, created for one trial."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.options import container_options, endpoint_options, network_options
from bench.core.domain import Arm
from bench.core.errors import BenchError, HostError
from bench.egress.watch import NoWatch, Watch
from bench.runtimes.protocol import LABEL
from bench.scenario.compose_case import StackVolumes
from bench.trial.spec import healthcheck_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.compose.mounts import FileUse, Mount
    from bench.compose.stack import ComposeService
    from bench.runtimes.protocol import ContainerEngine
    from bench.runtimes.specs import WorkloadSpec
    from bench.runtimes.workload import WorkloadState
    from bench.scenario.probes import Ready
    from bench.trial.stack.prepared import PreparedService, PreparedStack

NOT_WATCHED = "what the services of a stack try to reach outside of it is not observed"
_PLAIN_MODE = 0o444
_SECRETS, _CONFIGS = "/run/secrets", "/"


class StackEnvironment:
    """Resources that the services of a stack share for one trial.

    Attributes:
        containers: the engine's container names, by service name.
        found_empty: whether volumes that should have been filled had to be created.
    """

    def __init__(
        self, engine: ContainerEngine, run_id: str, prepared: PreparedStack, trial_id: str
    ) -> None:
        """Nothing is created before `make`."""
        self._engine = engine
        self._labels = {LABEL: run_id}
        self._prepared = prepared
        self._prefix = f"cbench-{run_id}-{trial_id}"
        self._is_kept = prepared.use.volumes is StackVolumes.FILLED
        kept = f"cbench-{run_id}-{prepared.name}"
        self._volumes = kept if self._is_kept else self._prefix
        self._files: Path | None = None
        self._networks: list[str] = []
        self.containers: dict[str, str] = {}
        self.found_empty = False

    def network(self, name: str) -> str:
        """The engine's name of a network."""
        return f"{self._prefix}-{name}"

    def volume(self, name: str) -> str:
        """The engine's name of a named volume."""
        return f"{self._volumes}-{name}"

    def address_of(self, member: ComposeService) -> str:
        """The address of a started container; empty if it has none."""
        owner = member.shared.get(member.service.network_mode or "")
        if owner:
            return self.address_of(self._prepared.stack.member(owner))
        return self._engine.workload(self.containers[member.name]).state().address

    def make(self) -> None:
        """Create the missing networks and volumes."""
        for name, network in self._prepared.stack.networks.items():
            self._networks.append(self.network(name))
            self._engine.networks.create(
                self.network(name),
                self._labels,
                internal=network.internal,
                options=network_options(network),
            )
        there = set(self._engine.volumes.names(LABEL)) if self._is_kept else set()
        for name, volume in self._prepared.stack.volumes.items():
            if self.volume(name) not in there:
                self.found_empty = self._is_kept
                options = None if volume.external else volume.driver_opts
                self._engine.volumes.create(self.volume(name), self._labels, options)

    def remove(self) -> str:
        """Remove what `make` created; returns what could not be done."""
        trouble: list[str] = []
        for name in self._networks:
            with noted(trouble):
                self._engine.networks.remove(name)
        if not self._is_kept:
            self.empty(trouble)
        if self._files is not None:
            shutil.rmtree(self._files, ignore_errors=True)
        return "; ".join(trouble)

    def empty(self, trouble: list[str]) -> None:
        """Remove the volumes and their contents."""
        for name in self._prepared.stack.volumes:
            with noted(trouble):
                self._engine.volumes.remove(self.volume(name))

    def file(self, kind: str, use: FileUse) -> str:
        """Path on this host of the config or secret that `use` mounts.

        Raises:
            HostError: it cannot be written.
        """
        stack = self._prepared.stack
        source = (stack.secrets if kind == "secrets" else stack.configs)[use.source]
        if source.file is not None:
            return source.file
        text = source.content
        if text is None:
            assert source.environment is not None, "a config or secret has one of three sources"
            text = stack.environ[source.environment]
        if self._files is None:
            self._files = Path(tempfile.mkdtemp(prefix="container-bench-"))
        descriptor, path = tempfile.mkstemp(dir=self._files)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(path).chmod(use.mode if use.mode is not None else _PLAIN_MODE)
            if use.uid or use.gid:
                os.chown(path, int(use.uid or -1), int(use.gid or -1))
        except (OSError, ValueError) as error:
            raise HostError(f"{kind} {use.source}", f"cannot be written: {error}") from error
        return path


@contextlib.contextmanager
def noted(trouble: list[str]) -> Iterator[None]:
    """Continue if the engine refuses, and add that to `trouble`."""
    try:
        yield
    except BenchError as error:
        trouble.append(error.cause)


class ServiceNetwork:
    """The networks of one service, and everything else that it shares with the others."""

    def __init__(
        self,
        part: PreparedService,
        around: StackEnvironment,
        became_ready: Callable[[], None],
        arm: Arm = Arm.FIT,
    ) -> None:
        """`became_ready` is called at the moment of the confirming answer."""
        self._part = part
        self._arm = arm
        self._around = around
        self._became_ready = became_ready

    def prepare(self, container: str) -> None:
        """Do nothing: the environment is created for all services at once."""

    def joined(self, spec: WorkloadSpec) -> WorkloadSpec:
        """`spec` with its networks, volumes, files, names and health check."""
        around, member = self._around, self._part.member
        service = member.service
        uses = service.networks or {}
        shared = {
            key: f"container:{around.containers[member.shared[written]]}"
            for key in ("network_mode", "ipc", "pid")
            if (written := getattr(service, key)) in member.shared
        }
        options = container_options(member, capped=self._arm is Arm.FIT)
        host = options.setdefault("HostConfig", {})
        if "pid" in shared:
            host["PidMode"] = shared["pid"]
        if service.volumes_from:
            host["VolumesFrom"] = [self._volumes_of(volume) for volume in service.volumes_from]
        own = {name: all_[0] for name, all_ in service.extra_hosts.items() if all_}
        return dataclasses.replace(
            spec,
            labels={**member.labels, **spec.labels},
            network_mode=shared.get("network_mode", spec.network_mode),
            ipc=shared.get("ipc", spec.ipc),
            networks={around.network(name): names for name, names in member.networks.items()},
            endpoints={
                around.network(name): given
                for name, use in uses.items()
                if (given := endpoint_options(use))
            },
            hostname=service.hostname,
            extra_hosts={} if "network_mode" in shared else {**spec.extra_hosts, **own},
            options=options,
            binds=(
                *(self._bind(mount) for mount in member.mounts if mount.type != "tmpfs"),
                *self._files(member),
            ),
            healthcheck=healthcheck_config(self._part.prepared.case.healthcheck, keep=True),
        )

    def _volumes_of(self, written: str) -> str:
        """The container whose volumes it mounts, in the engine's syntax."""
        member = self._part.member
        is_read_only = written.endswith(":ro")
        name = self._around.containers[member.shared[written]]
        return f"{name}:ro" if is_read_only else name

    def _bind(self, mount: Mount) -> str:
        modes = ["ro"] if mount.read_only else []
        if mount.type == "bind":
            modes += [mode for mode in (mount.bind.selinux, mount.bind.propagation) if mode]
            source = mount.source or ""
        else:
            modes += ["nocopy"] if mount.volume.nocopy else []
            source = self._around.volume(mount.source) if mount.source else ""
        return ":".join(part for part in (source, mount.target, ",".join(modes)) if part)

    def _files(self, member: ComposeService) -> list[str]:
        service = member.service
        kinds = (("configs", service.configs, _CONFIGS), ("secrets", service.secrets, _SECRETS))
        return [
            f"{self._around.file(kind, use)}:{use.path(folder)}:ro"
            for kind, uses, folder in kinds
            for use in uses
        ]

    def watch(self) -> Watch:
        """No capture: traffic within a stack cannot be told from outside contacts."""
        return NoWatch(NOT_WATCHED)

    def address(self, state: WorkloadState) -> str:
        """Its address in its first network, or that of the container it shares one with."""
        member = self._part.member
        is_shared = (member.service.network_mode or "") in member.shared
        return self._around.address_of(member) if is_shared else state.address

    def patience(self, ready: Ready) -> Ready:
        """Return `ready` unchanged."""
        return ready

    def was_ready(self, seconds: float) -> None:  # noqa: ARG002 - when is noted elsewhere
        """Note that the confirming answer has just arrived."""
        self._became_ready()

    def explained(self, reason: str, *, ended: bool) -> str:  # noqa: ARG002 - as it is
        """Return `reason` unchanged."""
        return reason

    def remove(self) -> None:
        """Do nothing: the environment is removed for all services at once."""
