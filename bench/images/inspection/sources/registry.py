"""An image in a registry, whose layers are read as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
import urllib3

from bench.core.errors import NotInRegistryError, RegistryError, UsageError
from bench.images.inspection.sources.source import (
    DamagedBlobError,
    ReadImage,
    algorithm_of,
    diff_ids,
    path_budget,
    read_blob,
)

if TYPE_CHECKING:
    from bench.images.inspection.sources.source import ReadLayer
    from bench.runtimes.managed.registry import Manifest, Registry


class RegistryImage:
    """An image by its repository and tag or digest."""

    def __init__(
        self, registry: Registry, repository: str, reference: str, architecture: str
    ) -> None:
        """No request is sent yet; `architecture` is that of this machine, as images name it."""
        self._registry = registry
        self._repository = repository
        self._reference = reference
        self._architecture = architecture
        self._budget = path_budget()
        separator = "@" if ":" in reference else ":"
        self._name = f"{registry.address}/{repository}{separator}{reference}"

    def read(self) -> ReadImage:
        """Read the image; raises RegistryError, or UsageError if there is none of that name."""
        manifest = self._manifest()
        config = self._registry.config(self._repository, manifest)
        ids = diff_ids(config, len(manifest.layers), self._name, RegistryError)
        digests = [layer.digest for layer in manifest.layers]
        layers = tuple(map(self._layer, digests, ids))
        return ReadImage(self._name, "registry", manifest.digest, config, layers)

    def _manifest(self) -> Manifest:
        try:
            return self._registry.manifest(self._repository, self._reference, self._architecture)
        except NotInRegistryError as error:
            raise UsageError(
                self._name, "the registry has no such image", "check its name and its tag"
            ) from error

    def _layer(self, digest: str, diff_id: str) -> ReadLayer:
        try:
            with self._registry.blob(self._repository, digest) as stream:
                blob = read_blob(stream, self._budget, algorithm_of(digest) or "sha256")
        except (DamagedBlobError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise RegistryError(
                self._name, f"layer {digest} cannot be read: {error}", "push the image again"
            ) from error
        if blob.digest != digest:
            raise RegistryError(
                self._name,
                f"layer {digest} is damaged in the registry: its digest is another",
                "push the image again",
            )
        return blob.as_layer(diff_id, served=True)
