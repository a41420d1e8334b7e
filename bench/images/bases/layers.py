"""Which layers of an image belong to its base, and how to have those alone on an engine.

In production a node often holds the base image already and fetches only what stands on it. The
base's layers are the first of the image's own manifest, told by the digests of their content. An
image of just these, under the digests that the case's manifest has, is put into the registry:
once an engine has pulled it, exactly the base's layers are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.runtimes.managed.registry import Manifest, Registry

BASE_TAG = "bench-base"
"""The tag of the image of the base's layers, in the repository of the case."""


@dataclass(frozen=True)
class BaseLayers:
    """The base of a case's image.

    Attributes:
        count: how many of the image's layers, from the first, are the base's.
        reference: an image of just these layers.
    """

    count: int
    reference: str


def shared_layers(base: Sequence[str], image: Sequence[str]) -> int:
    """How many layers the image has from its base; 0 where they are not all its first ones.

    Args:
        base: digests of the content of the base's layers, uncompressed.
        image: likewise of the image's.
    """
    return len(base) if base and list(image[: len(base)]) == list(base) else 0


def push_base(
    registry: Registry,
    repository: str,
    manifest: Manifest,
    config: Mapping[str, Any],
    count: int,
    label: Mapping[str, str],
) -> str:
    """Put an image of the first `count` layers of `manifest` beside it; returns its reference.

    Args:
        registry: of both.
        repository: of both.
        manifest: of the case's image.
        config: of the case's image.
        count: how many layers are the base's.
        label: marks the image as bench's.

    Raises:
        RegistryError: the registry does not take it.
    """
    document = {
        "architecture": config.get("architecture", ""),
        "os": config.get("os", "linux"),
        "config": {"Labels": dict(label)},
        "rootfs": {"type": "layers", "diff_ids": config["rootfs"]["diff_ids"][:count]},
    }
    digest = registry.push_image(repository, BASE_TAG, document, manifest.layers[:count])
    return f"{registry.address}/{repository}@{digest}"
