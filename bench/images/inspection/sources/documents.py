"""An OCI index resolved to the one image in it for this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.images.inspection.sources.source import algorithm_of, parse_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.core.errors import BenchError

_DEEPEST = 8
"""Indexes in one another; real ones are two at most."""


class OciDocuments:
    """The documents of an OCI layout, wherever its blobs lie."""

    def __init__(
        self, name: str, blob: Callable[[str], bytes], architecture: str, fault: type[BenchError]
    ) -> None:
        """Nothing is read yet.

        Args:
            name: of the source, for messages.
            blob: a document by its digest; raises BenchError.
            architecture: of this machine, as images name it.
            fault: type of the error for what is wrong with the documents.
        """
        self._name = name
        self._blob = blob
        self._architecture = architecture
        self._fault = fault

    def manifest(self, index: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Digest and document of the image that `index` leads to.

        Raises:
            BenchError: there is none for this machine, there are several, or one is damaged.
        """
        for _ in range(_DEEPEST):
            entry = self._chosen(index)
            digest = self.digest(entry)
            document = self._document(digest)
            if "manifests" not in document:
                return digest, document
            index = document
        raise self._fault(self._name, "its indexes lead to one another without end")

    def config(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration of an image."""
        return self._document(self.digest(manifest.get("config")))

    def layers(self, manifest: Mapping[str, Any]) -> list[str]:
        """Digests of the layers of an image, the base's first."""
        layers = manifest.get("layers")
        if not isinstance(layers, list):
            raise self._fault(self._name, "its manifest lists no layers")
        return [self.digest(layer) for layer in layers]

    def digest(self, entry: object) -> str:
        """The digest of a descriptor."""
        digest = str(entry.get("digest")) if isinstance(entry, dict) else ""
        if not algorithm_of(digest):
            raise self._fault(self._name, f"names a blob by {digest or 'nothing'}, not by a digest")
        return digest

    def _document(self, digest: str) -> dict[str, Any]:
        return parse_document(self._blob(digest), f"{self._name}: blob {digest}", self._fault)

    def _chosen(self, index: Mapping[str, Any]) -> dict[str, Any]:
        entries = index.get("manifests")
        listed = entries if isinstance(entries, list) else []
        images = [entry for entry in listed if isinstance(entry, dict) and _is_image(entry)]
        here = [entry for entry in images if self._runs_here(entry)]
        distinct = {str(entry.get("digest")): entry for entry in here}
        if len(distinct) == 1:
            return next(iter(distinct.values()))
        if distinct:
            names = ", ".join(sorted({_ref_name(entry) for entry in here}))
            raise self._fault(
                self._name, f"has {len(distinct)} images: {names}", "save the one to inspect alone"
            )
        if images:
            offered = ", ".join(sorted({_platform(entry) for entry in images}))
            raise self._fault(
                self._name, f"has no image for linux/{self._architecture}, only for {offered}"
            )
        raise self._fault(self._name, "its index lists no image")

    def _runs_here(self, entry: Mapping[str, Any]) -> bool:
        platform = entry.get("platform")
        if not isinstance(platform, dict):
            return True  # not said: the only one, or a question for the user
        return (platform.get("os"), platform.get("architecture")) == ("linux", self._architecture)


def _is_image(entry: Mapping[str, Any]) -> bool:
    """Whether it is no attestation, which BuildKit stores beside the images of an index."""
    platform = entry.get("platform")
    return not (isinstance(platform, dict) and platform.get("architecture") == "unknown")


def _platform(entry: Mapping[str, Any]) -> str:
    platform = entry["platform"]
    return f"{platform.get('os')}/{platform.get('architecture')}"


def _ref_name(entry: Mapping[str, Any]) -> str:
    notes = entry.get("annotations") or {}
    name = notes.get("io.containerd.image.name") or notes.get("org.opencontainers.image.ref.name")
    return str(name or entry.get("digest"))
