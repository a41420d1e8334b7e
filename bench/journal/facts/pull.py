"""What the stream of a pull said of each layer."""

from __future__ import annotations

from dataclasses import dataclass

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

    index: int
    digest: str
    instruction: str
    transfer_bytes: int | None
    unpacked_bytes: int | None
    queue_s: float | None
    download_s: float | None
    hold_s: float | None
    extract_s: float | None
    status: str
    announced_s: float | None = None

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
