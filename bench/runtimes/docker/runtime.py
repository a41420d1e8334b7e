"""The Docker Engine as a runtime.

Only the SDK's low-level calls are used: the high-level ones pull implicitly, swallow errors in
streams and drop the warnings of a create call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.capability import Capabilities, Capability
from bench.runtimes.docker.builders.choose import DockerBuilder
from bench.runtimes.docker.config import container_config, endpoint
from bench.runtimes.docker.container import DockerContainer
from bench.runtimes.docker.images import DockerImages
from bench.runtimes.docker.stores import DockerNetworks, DockerVolumes
from bench.runtimes.protocol import Owned, OwnedKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.runtimes.docker.client import DockerClient
    from bench.runtimes.protocol import RuntimeInfo
    from bench.runtimes.specs import WorkloadSpec

OTHER_KERNEL = "the engine does not run under this kernel"
_SHARED_STORE = "only the private engine may be emptied for it"


class DockerRuntime:
    """An engine that speaks the Docker API over one address (`unix://…` or `tcp://…`).

    Attributes:
        images, builder, volumes, networks: its further parts.
    """

    def __init__(self, client: DockerClient, *, is_exclusive: bool = False) -> None:
        """`is_exclusive`: whether everything in the engine is bench's own."""
        self._client = client
        self._api = client.api
        self._is_exclusive = is_exclusive
        self.images = DockerImages(client)
        self.builder = DockerBuilder(client)
        self.volumes = DockerVolumes(client)
        self.networks = DockerNetworks(client)

    @property
    def info(self) -> RuntimeInfo:
        """The engine."""
        return self._client.info

    @property
    def capabilities(self) -> Capabilities:
        """Everything except what requires an engine of bench's own, or one under this kernel."""
        lacking = {}
        if not self._is_exclusive:
            lacking[Capability.EXCLUSIVE_STORE] = _SHARED_STORE
        if not self.info.is_local:
            lacking[Capability.LOCAL] = OTHER_KERNEL
        return Capabilities(lacking)

    def workload(self, name: str) -> DockerContainer:
        """A handle for a container by its id or name."""
        return DockerContainer(self._client, self.capabilities, name)

    def create(self, spec: WorkloadSpec) -> DockerContainer:
        """Create a container from an image that is present."""
        with self._client.call(spec.name):
            answer = self._api.create_container_from_config(container_config(spec), spec.name)
            for name in list(spec.networks)[1:]:  # older engines take only one when it is made
                self._join(answer["Id"], name, endpoint(spec, name))
        made = self.workload(answer["Id"])
        made.warnings = tuple(answer.get("Warnings") or ())
        return made

    def _join(self, container_id: str, network: str, how: Mapping[str, Any]) -> None:
        """Attach the container to a network; the SDK's own call supports only some settings."""
        url = self._api._url("/networks/{0}/connect", network)  # noqa: SLF001
        body = {"Container": container_id, "EndpointConfig": how}
        self._api._raise_for_status(self._api._post_json(url, data=body))  # noqa: SLF001

    def owned(self, label: str) -> list[Owned]:
        """Containers, networks, volumes and images with `label`."""
        with self._client.call("containers"):
            found = self._api.containers(all=True, filters={"label": label})
        containers = [(container["Id"], container["Labels"].get(label, "")) for container in found]
        parts = {
            OwnedKind.CONTAINER: containers,
            OwnedKind.NETWORK: self.networks.labelled(label),
            OwnedKind.VOLUME: self.volumes.labelled(label),
            OwnedKind.IMAGE: self.images.labelled(label),
        }
        return [Owned(kind, *pair) for kind, pairs in parts.items() for pair in pairs]

    def remove(self, item: Owned) -> None:
        """Remove it; absent is fine."""
        match item.kind:
            case OwnedKind.CONTAINER:
                self.workload(item.name).remove()
            case OwnedKind.NETWORK:
                self.networks.remove(item.name)
            case OwnedKind.VOLUME:
                self.volumes.remove(item.name)
            case OwnedKind.IMAGE:
                self.images.remove(item.name)

    def close(self) -> None:
        """Close the connection pool."""
        self._client.close()
