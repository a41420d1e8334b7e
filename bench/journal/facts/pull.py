"""A pull: what its stream said of each layer, how fast the link was, what the registry served."""

from __future__ import annotations

from dataclasses import dataclass, field

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.journal.facts.form import Amount, Rate, Seconds

COPY_STATUS = "the same as layer"
"""How the status of a layer begins that stands in its image further below too."""


@dataclass(frozen=True)
class LayerPull:
    """What the pull stream said of one layer; None where it did not say.

    Attributes:
        announced_s: from the pull request to the first word on the layer.
        queue_s: from there to its first byte, or until it was there where none was seen before.
        download_s: from its first byte until it was there and verified.
        hold_s: from there to its extraction: the layers below come first.
        extract_s: of the extraction, and of making it known to the store.
        status: the last word of the stream on it.
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
        """Whether the image has the same layer further below: it is fetched once."""
        return self.status.startswith(COPY_STATUS)

    @property
    def download_span_s(self) -> tuple[float, float] | None:
        """From its first byte until it was there, since the pull request; None where unknown."""
        if self.announced_s is None or self.queue_s is None or self.download_s is None:
            return None
        begun_s = self.announced_s + self.queue_s
        return begun_s, begun_s + self.download_s


@dataclass(frozen=True)
class LinkFact:
    """The way from the registry, in bits a second.

    Attributes:
        rate_bit_s: that it was shaped to; None where it was not.
        achieved_bit_s: that came over it while layers were being downloaded; None where unknown.
    """

    rate_bit_s: Rate | None
    achieved_bit_s: Rate | None


@dataclass(frozen=True)
class BlobServed:
    """How often a blob was served by the registry's access log, and how many bytes of it in all."""

    requests: Amount
    size_bytes: Amount


@dataclass(frozen=True)
class ServedFact:
    """What the registry served for a pull: in all, and of each blob by its digest."""

    requests: Amount
    size_bytes: Amount
    blobs: dict[str, BlobServed] = field(default_factory=dict)
