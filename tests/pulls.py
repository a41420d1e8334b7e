"""Manifests made up from a name, and what an engine says when it pulls them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from bench.runtimes.managed.registry import Blob, Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping


def digest_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def manifest_of(name: str, *sizes: int) -> Manifest:
    """A manifest with layers of these compressed sizes, base first."""
    return Manifest(
        digest=digest_of(f"{name} manifest"),
        config=Blob(digest_of(f"{name} config"), 1512, ""),
        layers=tuple(
            Blob(digest_of(f"{name} layer {index}"), size, "") for index, size in enumerate(sizes)
        ),
    )


def cold_stream(manifest: Manifest) -> list[Mapping[str, Any]]:
    """What an overlay2 engine says when it pulls `manifest` from nothing."""
    lines: list[Mapping[str, Any]] = [{"status": "Pulling from x", "id": manifest.digest}]
    ids = [(blob.digest[7:19], blob.size_bytes) for blob in manifest.layers]
    lines += [{"status": "Pulling fs layer", "id": layer} for layer, _ in ids]
    for layer, size in ids:
        detail = {"current": size, "total": size}
        lines += [
            {"status": "Downloading", "id": layer, "progressDetail": detail},
            {"status": "Download complete", "id": layer, "progressDetail": {}},
            {"status": "Extracting", "id": layer, "progressDetail": detail},
            {"status": "Pull complete", "id": layer, "progressDetail": {}},
        ]
    return [*lines, {"status": f"Digest: {manifest.digest}"}, {"status": "Status: Downloaded"}]


def warm_stream(manifest: Manifest) -> list[Mapping[str, Any]]:
    """The same where every layer is there already."""
    lines: list[Mapping[str, Any]] = [
        {"status": "Already exists", "id": blob.digest[7:19]} for blob in manifest.layers
    ]
    return [*lines, {"status": f"Digest: {manifest.digest}"}]
