"""From an image that was read to the facts about it: waste, leftovers, secrets, shared layers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.images.bases.layers import shared_layers
from bench.images.facts import instructions
from bench.images.inspection.model import (
    Hidden,
    Inspection,
    LayerFigures,
    Leftover,
    Shared,
    ShippedSecret,
    WastedPath,
)
from bench.images.inspection.settings import image_settings
from bench.images.leftovers import Classifier, LeftoverKind
from bench.images.waste import hidden_files
from bench.scenario.redact import redacted_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.images.inspection.sources.source import ReadImage, ReadLayer
    from bench.images.waste import HiddenFile


def inspect_image(image: ReadImage, other: ReadImage | None = None) -> Inspection:
    """The facts about `image`, held against `other` if there is one."""
    hidden = list(hidden_files([layer.scan.content for layer in image.layers]))
    wasted = [_wasted(image.layers, file) for file in hidden]
    wasted.sort(key=lambda file: (-file.bytes, file.path, file.layer))
    hidden_by = {(file.layer, file.path): file.hidden_by for file in hidden}
    leftovers = _leftovers(image, hidden_by)
    layers = _layers(image, wasted, other)
    unpacked = sum(layer.unpacked_bytes for layer in layers)
    waste = sum(file.bytes for file in wasted)
    return Inspection(
        image=image.name,
        source=image.source,
        digest=image.digest or None,
        unpacked_bytes=unpacked,
        transfer_bytes=_transfer_bytes(image.layers),
        visible_bytes=unpacked - waste,
        waste_bytes=waste,
        leftover_bytes=sum(found.bytes for found in leftovers),
        file_count=sum(layer.file_count for layer in layers),
        layers=layers,
        wasted=tuple(wasted),
        leftovers=leftovers,
        secrets=tuple(_secrets(image.layers, hidden_by)),
        settings=image_settings(image.config),
        against=None if other is None else _shared(image, other),
    )


def _wasted(layers: Sequence[ReadLayer], file: HiddenFile) -> WastedPath:
    before, after = layers[file.layer].scan, layers[file.hidden_by].scan
    if file.deleted:
        how = Hidden.DELETED
    elif (
        after.content.files.get(file.path) == file.size_bytes
        and after.checksums[file.path] == before.checksums[file.path]
    ):
        how = Hidden.METADATA
    else:
        how = Hidden.OVERWRITTEN
    return WastedPath(file.path, file.size_bytes, file.layer, file.hidden_by, how)


def _layers(
    image: ReadImage, wasted: Sequence[WastedPath], other: ReadImage | None
) -> tuple[LayerFigures, ...]:
    waste: dict[int, int] = defaultdict(int)
    for file in wasted:
        waste[file.layer] += file.bytes
    others = None if other is None else {layer.diff_id for layer in other.layers}
    made_by = instructions(dict(image.config), len(image.layers))
    return tuple(
        LayerFigures(
            index=index,
            digest=layer.digest,
            diff_id=layer.diff_id,
            instruction=redacted_text(made_by[index]),
            unpacked_bytes=layer.scan.content.unpacked_bytes,
            transfer_bytes=layer.transfer_bytes,
            file_count=layer.scan.file_count,
            waste_bytes=waste[index],
            shared=None if others is None else layer.diff_id in others,
        )
        for index, layer in enumerate(image.layers)
    )


def _transfer_bytes(layers: Sequence[ReadLayer]) -> int | None:
    """Compressed bytes of the distinct layers; None if not known of all."""
    distinct = {layer.digest: layer.transfer_bytes for layer in layers}
    known = [size for size in distinct.values() if size is not None]
    return sum(known) if known and len(known) == len(distinct) else None


@dataclass
class _Sum:
    """Leftovers of one kind, while they are added up."""

    bytes: int = 0
    file_count: int = 0
    by_layer: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    largest: tuple[int, str] = (-1, "")


def _leftovers(image: ReadImage, hidden_by: dict[tuple[int, str], int]) -> tuple[Leftover, ...]:
    dev_packages = frozenset[str]().union(*(layer.scan.dev_packages for layer in image.layers))
    classifier = Classifier(dev_packages)
    sums: dict[str, tuple[LeftoverKind, _Sum]] = {}
    for index, layer in enumerate(image.layers):
        for path, size in layer.scan.content.files.items():
            kind = classifier.kind(path) if size and (index, path) not in hidden_by else None
            if kind is not None:
                _, total = sums.setdefault(kind.id, (kind, _Sum()))
                total.bytes += size
                total.file_count += 1
                total.by_layer[index] += size
                total.largest = max(total.largest, (size, path))
    found = [
        Leftover(
            kind=kind.id,
            title=kind.title,
            bytes=total.bytes,
            file_count=total.file_count,
            layer=max(total.by_layer, key=lambda index: (total.by_layer[index], -index)),
            example=total.largest[1],
            remedy=kind.remedy,
        )
        for kind, total in sums.values()
    ]
    return tuple(sorted(found, key=lambda leftover: (-leftover.bytes, leftover.kind)))


def _secrets(
    layers: Sequence[ReadLayer], hidden_by: dict[tuple[int, str], int]
) -> Iterator[ShippedSecret]:
    for index, layer in enumerate(layers):
        for secret in layer.scan.secrets:
            hidden = hidden_by.get((index, secret.path))
            yield ShippedSecret(secret.path, secret.kind, secret.size_bytes, index, hidden)


def _shared(image: ReadImage, other: ReadImage) -> Shared:
    own = {layer.diff_id: layer.scan.content.unpacked_bytes for layer in image.layers}
    theirs = {layer.diff_id: layer.scan.content.unpacked_bytes for layer in other.layers}
    both = own.keys() & theirs.keys()
    ids, others = (
        [layer.diff_id for layer in image.layers],
        [layer.diff_id for layer in other.layers],
    )
    return Shared(
        image=other.name,
        is_base=shared_layers(others, ids) > 0,
        layer_count=len(both),
        bytes=sum(own[diff_id] for diff_id in both),
        own_bytes=sum(size for diff_id, size in own.items() if diff_id not in both),
        others_own_bytes=sum(size for diff_id, size in theirs.items() if diff_id not in both),
    )
