"""A pull split by layer from the engine's stream, and the proof that it was cold.

The stream carries no times, so each line is stamped on arrival. With the graph-driver stores a
layer is announced, waits, is downloaded, and is extracted after its parent. With the containerd
store the same messages come from a poll every 100 ms, a present image gives no layer lines, engines
before 28 do not report the extraction, and blobs that are not layers may be listed too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.journal.facts.pull import COPY_STATUS, LayerPull
from bench.runtimes.images import PullStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.journal.facts.image import LayerFacts
    from bench.runtimes.images import PullLine
    from bench.runtimes.managed.registry import Blob, Manifest

_SHORT = 12
_FETCHED = (PullStep.DOWNLOADED, PullStep.DONE)
"""Last steps of a fetched layer; the first if the engine does not report the extraction."""


@dataclass
class _LayerMoments:
    """Timestamps of one layer, CLOCK_MONOTONIC ns."""

    announced_ns: int
    status: str = ""
    step: PullStep = PullStep.ANNOUNCED
    downloading_ns: int | None = None
    downloaded_ns: int | None = None
    extracting_ns: int | None = None
    done_ns: int | None = None
    total_bytes: int | None = None


@dataclass
class PullRecorder:
    """Collects the stamped lines of one pull, which was requested at `begun_ns`."""

    begun_ns: int
    layers: dict[str, _LayerMoments] = field(default_factory=dict)
    digest: str = ""

    def line(self, stamp_ns: int, line: PullLine) -> None:
        """Record one line of the stream."""
        self.digest = line.digest or self.digest
        if not line.layer:
            return
        layer = self.layers.setdefault(line.layer, _LayerMoments(stamp_ns))
        match line.step:
            case PullStep.DOWNLOADING:
                layer.downloading_ns = layer.downloading_ns or stamp_ns
                layer.total_bytes = line.total_bytes or layer.total_bytes
            case PullStep.VERIFYING | PullStep.DOWNLOADED:
                layer.downloaded_ns = layer.downloaded_ns or stamp_ns
            case PullStep.EXTRACTING:
                layer.extracting_ns = layer.extracting_ns or stamp_ns
            case PullStep.DONE:
                layer.done_ns = stamp_ns
            case PullStep.RETRYING:
                layer.downloaded_ns = None
        layer.step, layer.status = line.step, line.text

    def why_not_cold(self, manifest: Manifest | None, base_layers: int = 0) -> str:
        """Why this pull was not that of a cold image; empty if it provably was.

        Without a manifest to compare with, the stream is the only evidence.

        Args:
            manifest: of the image, or None.
            base_layers: how many of its layers, from the first, were to be present already.
        """
        there = set(_sizes(manifest, base_layers)) if manifest and base_layers else set()
        present = {name for name, layer in self.layers.items() if layer.step is PullStep.PRESENT}
        if present - there:
            count = len(manifest.layers) if manifest else len(self.layers)
            return f"{len(present - there)} of {count} layers were already there"
        fetched = {name for name, layer in self.layers.items() if layer.step in _FETCHED}
        if manifest is None:
            return "" if fetched else "the stream does not show a layer being fetched"
        again = {name for name in there if name in self.layers and self.layers[name].downloading_ns}
        if again:
            return f"{len(again)} of {len(there)} layers of its base were fetched again"
        sizes = _sizes(manifest)
        wanted = set(sizes) - there
        missing = len(wanted - fetched)
        if missing:
            return f"the stream does not show {missing} of {len(wanted)} layers being fetched"
        strange = [name for name in set(self.layers) - set(sizes) if self.layers[name].done_ns]
        if strange:
            plural = "" if len(strange) == 1 else "s"
            return f"{len(strange)} layer{plural} came that its manifest does not have"
        for name in wanted:
            seen = self.layers[name].total_bytes
            if seen is not None and seen != sizes[name]:
                return f"layer {name} was {seen} bytes, its manifest says {sizes[name]}"
        return ""

    def downloaded_bytes(self, manifest: Manifest) -> int:
        """Compressed bytes of the fetched layers, each distinct layer once."""
        return sum(
            size
            for name, size in _sizes(manifest).items()
            if name in self.layers and self.layers[name].step in _FETCHED
        )

    def intervals(self, blobs: Sequence[Blob], facts: Sequence[LayerFacts]) -> list[LayerPull]:
        """Queue, download, hold (waiting for the parent) and extract of each layer, in seconds.

        A layer so small that its download was never observed has no download interval; its queue
        then lasts until it was present. A layer that occurs in the image twice is pulled once.
        """
        digests = [blob.digest for blob in blobs]
        return [
            self._interval(
                index,
                blob,
                facts[index] if index < len(facts) else None,
                first=digests.index(blob.digest),
            )
            for index, blob in enumerate(blobs)
        ]

    def _interval(
        self, index: int, blob: Blob, facts: LayerFacts | None, *, first: int
    ) -> LayerPull:
        layer = self.layers.get(_short(blob.digest))
        status = layer.status if layer else "not in the stream"
        if first < index:
            layer, status = None, f"{COPY_STATUS} {first}"
        begun = layer.downloading_ns or layer.downloaded_ns if layer else None
        return LayerPull(
            index=index,
            digest=blob.digest,
            instruction=facts.instruction if facts else "",
            transfer_bytes=blob.size_bytes,
            unpacked_bytes=facts.unpacked_bytes if facts else None,
            queue_s=_seconds(layer.announced_ns, begun) if layer else None,
            download_s=_seconds(layer.downloading_ns, layer.downloaded_ns) if layer else None,
            hold_s=_seconds(layer.downloaded_ns, layer.extracting_ns) if layer else None,
            extract_s=_seconds(layer.extracting_ns, layer.done_ns) if layer else None,
            status=status,
            announced_s=_seconds(self.begun_ns, layer.announced_ns) if layer else None,
        )


def _sizes(manifest: Manifest, first: int | None = None) -> dict[str, int]:
    """Compressed size by short id, each distinct layer once; of the `first` layers, or of all."""
    return {_short(layer.digest): layer.size_bytes for layer in manifest.layers[:first]}


def _short(digest: str) -> str:
    return digest.partition(":")[2][:_SHORT]


def _seconds(start_ns: int | None, end_ns: int | None) -> float | None:
    """Seconds between two moments; None if one is unknown, or if they are out of order."""
    if start_ns is None or end_ns is None or end_ns < start_ns:
        return None
    return (end_ns - start_ns) / 1e9
