"""The volumes and networks of an engine that speaks the Docker API."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.runtimes.docker.client import DockerClient


class DockerVolumes:
    """The named volumes of one engine."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client

    def labelled(self, label: str) -> list[tuple[str, str]]:
        """(name, label's value) of every volume with `label`."""
        with self._client.call("volumes"):
            found = self._client.api.volumes(filters={"label": label}).get("Volumes") or []
        return [(volume["Name"], (volume.get("Labels") or {}).get(label, "")) for volume in found]

    def names(self, label: str) -> list[str]:
        """Names of the volumes that carry `label`."""
        return [name for name, _ in self.labelled(label)]

    def create(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        """Make a named volume."""
        with self._client.call(name):
            self._client.api.create_volume(
                name, driver_opts=dict(options or {}), labels=dict(labels)
            )

    def remove(self, name: str) -> None:
        """Remove a volume; absent is fine."""
        with self._client.call(name), contextlib.suppress(NotFound):
            self._client.api.remove_volume(name, force=True)


class DockerNetworks:
    """The networks of one engine."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client

    def labelled(self, label: str) -> list[tuple[str, str]]:
        """(name, label's value) of every network with `label`."""
        with self._client.call("networks"):
            found = self._client.api.networks(filters={"label": label})
        return [(each["Name"], (each.get("Labels") or {}).get(label, "")) for each in found]

    def create(
        self,
        name: str,
        labels: Mapping[str, str],
        *,
        internal: bool,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a bridge network."""
        given = options or {}
        with self._client.call(name):
            self._client.api.create_network(
                name,
                driver="bridge",
                options=given.get("Options"),
                ipam=given.get("IPAM"),
                enable_ipv6=bool(given.get("EnableIPv6")),
                labels=dict(labels),
                internal=internal,
                check_duplicate=True,
            )

    def remove(self, name: str) -> None:
        """Remove a network; absent is fine."""
        with self._client.call(name), contextlib.suppress(NotFound):
            self._client.api.remove_network(name)
