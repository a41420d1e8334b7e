"""A pull: the stream's messages on each layer, the speed of the link, the registry's log."""

from __future__ import annotations

from dataclasses import dataclass, field

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.journal.facts.form import Amount, Rate, Seconds

COPY_STATUS = "the same as layer"
"""Prefix of the status of a layer that also occurs further below in its image."""


@dataclass(frozen=True)
class LayerPull:
    """The times of one layer from the pull stream; None if not reported.

    Attributes:
        announced_s: from the pull request to the first message on the layer.
        queue_s: from there to its first byte, or until it was present if no download was seen.
        download_s: from its first byte until it was downloaded and verified.
        hold_s: from there to its extraction: the layers below come first.
        extract_s: of the extraction, and of its registration in the store.
        status: the last message of the stream on it.
    """

    index: Amount
    digest: str
    instruction: str
    transfer_bytes: Amount | None
    unpacked_bytes: Amount | None
    queue_s: Seconds | None
    download_s: Seconds | None
    hold_s: Seconds | None
    extract_s: Seconds | None
    status: str
    announced_s: Seconds | None = None

    @property
    def is_copy(self) -> bool:
        """Whether the image has the same layer further below, so that it is fetched once."""
        return self.status.startswith(COPY_STATUS)

    @property
    def download_span_s(self) -> tuple[float, float] | None:
        """From its first byte until it was present, since the pull request; None if unknown."""
        if self.announced_s is None or self.queue_s is None or self.download_s is None:
            return None
        begun_s = self.announced_s + self.queue_s
        return begun_s, begun_s + self.download_s


@dataclass(frozen=True)
class LinkFact:
    """The link from the registry, in bits per second.

    Attributes:
        rate_bit_s: its shaped rate; None if not shaped.
        achieved_bit_s: actual rate while layers were being downloaded; None if unknown.
    """

    rate_bit_s: Rate | None
    achieved_bit_s: Rate | None


@dataclass(frozen=True)
class BlobServed:
    """How often a blob was served according to the registry's access log, and its total bytes."""

    requests: Amount
    size_bytes: Amount


@dataclass(frozen=True)
class ServedFact:
    """The requests and bytes that the registry served for a pull: in total, and by blob digest."""

    requests: Amount
    size_bytes: Amount
    blobs: dict[str, BlobServed] = field(default_factory=dict)
