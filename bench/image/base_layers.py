"""Which layers of an image belong to its base, and how to have those alone on an engine.

In production a node often holds the base image already and fetches only what stands on it. The
base's layers are the first of the image's own manifest, told by the digests of their content. An
image of just these, under the digests that the case's manifest has, is put into the registry:
once an engine has pulled it, exactly the base's layers are there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.engine.registry import Manifest, Registry

BASE_TAG = "bench-base"
"""The tag of the image of the base's layers, in the repository of the case."""

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$", re.IGNORECASE)
_ARG = re.compile(r"^\s*ARG\s+(\w+)(?:=(\S*))?\s*$", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class BaseLayers:
    """The base of a case's image.

    Attributes:
        name: of the base, as the scenario or the Dockerfile has it.
        count: how many of the image's layers, from the first, are the base's.
        reference: an image of just these layers.
    """

    name: str
    count: int
    reference: str


def final_base(
    dockerfile_text: str, args: Mapping[str, str], target: str | None = None
) -> str | None:
    """The image that the last stage, or the stage `target`, stands on; None where on nothing."""
    given: dict[str, str] = {}
    stages: dict[str, str] = {}
    last = ""
    for line in dockerfile_text.splitlines():
        argument, origin = _ARG.match(line), _FROM.match(line)
        if argument and not stages:  # only those ahead of the first FROM count in a FROM
            given[argument[1]] = args.get(argument[1], (argument[2] or "").strip("\"'"))
        elif origin:
            name = _VARIABLE.sub(lambda found: given.get(found[1] or found[2], ""), origin[1])
            base = stages.get(name.lower(), name)
            last = (origin[2] or str(len(stages))).lower()
            stages[last] = base
            if target is not None and target.lower() in (last, str(len(stages) - 1)):
                break
    base = stages.get(last, "")
    return None if base in ("", "scratch") else base


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
