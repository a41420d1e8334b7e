"""Podman as a runtime: the Docker Engine's, with Podman's differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.cgroup.mounts import ContainerCgroup
from bench.core.capability import Capabilities, Capability
from bench.core.errors import EngineRefusedError
from bench.runtimes.build_request import BuildTool
from bench.runtimes.docker.builders.choose import DockerBuilder
from bench.runtimes.docker.container import DockerContainer
from bench.runtimes.docker.images import DockerImages
from bench.runtimes.docker.runtime import DockerRuntime

if TYPE_CHECKING:
    from bench.cgroup.mounts import CgroupMounts
    from bench.runtimes.docker.client import DockerClient

_NO_SUCH_NAME = "tag not known"
"""Said of a digest that is found by another name of the same image."""

_SYSTEMD = Path("/run/systemd/system")
"""There where systemd is the host's first process: sd_booted(3)."""

_NO_SYSTEMD = (
    "Podman leaves health checks to systemd, which this host does not run; "
    "use another probe, such as `exec` with the same command"
)


class PodmanImages(DockerImages):
    """The images of Podman."""

    def push(self, reference: str) -> str:
        """Push; Podman does not report the digest."""
        return self.pushed(reference)

    def remove(self, reference: str) -> None:
        """Remove an image; no error if it is absent or already gone under another name."""
        try:
            super().remove(reference)
        except EngineRefusedError as error:
            if _NO_SUCH_NAME not in error.cause:
                raise


class PodmanBuilder(DockerBuilder):
    """Podman's own builder."""

    @property
    def tool(self) -> BuildTool:
        """Podman itself."""
        return BuildTool("podman", self._client.info.version)


class PodmanContainer(DockerContainer):
    """A container of Podman."""

    def cgroup(self, mounts: CgroupMounts, parent: str) -> ContainerCgroup:
        """The location chosen by Podman's cgroup manager.

        It is the container's own even below a parent of bench's: Podman puts its monitor there
        too, whose cleaning up after a container takes more than a small container does.
        """
        name = f"libpod-{self.id}"
        if parent or self._client.info.cgroup_driver != "systemd":
            group = f"{parent or '/libpod_parent'}/{name}"
            return ContainerCgroup(mounts, group, group)
        return self.scope(mounts, f"/machine.slice/{name}.scope")


class PodmanRuntime(DockerRuntime):
    """Podman's service."""

    def __init__(
        self, client: DockerClient, *, is_exclusive: bool = False, systemd: Path = _SYSTEMD
    ) -> None:
        """`systemd` says whether systemd is the host's first process."""
        super().__init__(client, is_exclusive=is_exclusive)
        self.images = PodmanImages(client)
        self.builder = PodmanBuilder(client)
        self._systemd = systemd

    @property
    def capabilities(self) -> Capabilities:
        """Those of an engine, except health checks on a host without systemd."""
        found = super().capabilities
        if self.info.is_local and not self._systemd.is_dir():
            return Capabilities({**found.lacking, Capability.HEALTH_CHECKS: _NO_SYSTEMD})
        return found

    def workload(self, name: str) -> PodmanContainer:
        """A handle for a container by its id or name."""
        return PodmanContainer(self._client, self.capabilities, name)
