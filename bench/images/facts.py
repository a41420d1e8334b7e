"""Everything that a run records of an image, gathered from the registry that serves it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bench.images.leftovers import Classifier
from bench.images.waste import waste_bytes
from bench.journal.facts.image import ImageFacts, LayerFacts, LeftoverFact

if TYPE_CHECKING:
    from bench.images.layers import LayerContent, LayerReader
    from bench.runtimes.managed.registry import Manifest, Registry

_LONGEST = 300
_SHELL = re.compile(r"^(RUN )?(\|\d+ .*?)?/bin/sh -c ")
_CONFIG_KEYS = (
    "User",
    "Entrypoint",
    "Cmd",
    "Healthcheck",
    "Shell",
    "ExposedPorts",
    "StopSignal",
    "WorkingDir",
    "Volumes",
    "Labels",
)


def gather(
    case: str,
    repository: str,
    manifest: Manifest,
    registry: Registry,
    reader: LayerReader,
    *,
    source: str,
    build_s: float | None,
    engine_size_bytes: int | None,
) -> ImageFacts:
    """The facts of the image behind `manifest`; sizes that cannot be read stay None."""
    config = registry.config(repository, manifest)
    contents = reader.contents(repository, manifest)
    made_by = instructions(config, len(manifest.layers))
    layers = tuple(
        LayerFacts(
            digest=layer.digest,
            instruction=made_by[index],
            transfer_bytes=layer.size_bytes,
            unpacked_bytes=contents[index].unpacked_bytes if contents else None,
            leftovers=_leftovers(contents[index]) if contents else (),
        )
        for index, layer in enumerate(manifest.layers)
    )
    inner = config.get("config") or {}
    return ImageFacts(
        case=case,
        reference=f"{registry.address}/{repository}@{manifest.digest}",
        digest=manifest.digest,
        source=source,
        build_s=build_s,
        size_bytes=sum(content.unpacked_bytes for content in contents)
        if contents is not None
        else None,
        transfer_bytes=manifest.transfer_bytes,
        waste_bytes=waste_bytes(contents) if contents is not None else None,
        engine_size_bytes=engine_size_bytes,
        layers=layers,
        config={key: inner[key] for key in _CONFIG_KEYS if inner.get(key)}
        | {"architecture": config.get("architecture", ""), "created": config.get("created", "")},
    )


def _leftovers(content: LayerContent) -> tuple[LeftoverFact, ...]:
    """The leftovers of a layer by their kind, the largest first; those of no bytes are left out."""
    classifier = Classifier()
    sizes: dict[str, int] = {}
    for path, size in content.files.items():
        if size and (kind := classifier.kind(path)):
            sizes[kind.id] = sizes.get(kind.id, 0) + size
    return tuple(
        LeftoverFact(kind, size) for kind, size in sorted(sizes.items(), key=lambda it: -it[1])
    )


def instructions(config: dict[str, Any], count: int) -> list[str]:
    """The instruction that made each layer; empty where the history does not say."""
    written = config.get("history")
    history = [
        _readable(str(entry.get("created_by") or entry.get("comment") or ""))[:_LONGEST]
        for entry in (written if isinstance(written, list) else ())
        if isinstance(entry, dict) and not entry.get("empty_layer")
    ]
    return history if len(history) == count else [""] * count


def _readable(created_by: str) -> str:
    """A history entry as it stood in the Dockerfile, more or less.

    The classic builder writes the shell's command line, BuildKit the instruction with the shell
    in it; both put the build arguments before the shell, where they are left out.
    """
    text = " ".join(created_by.split()).removesuffix(" # buildkit")
    if text.startswith("/bin/sh -c #(nop) "):
        return text.removeprefix("/bin/sh -c #(nop) ")
    return _SHELL.sub("RUN ", text)
