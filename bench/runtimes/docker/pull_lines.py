"""Conversion of the lines of an engine's pull stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.runtimes.images import PullLine, PullStep

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORT = 12
_STEPS = {
    "Already exists": PullStep.PRESENT,
    "Downloading": PullStep.DOWNLOADING,
    "Verifying Checksum": PullStep.VERIFYING,
    "Download complete": PullStep.DOWNLOADED,
    "Extracting": PullStep.EXTRACTING,
    "Pull complete": PullStep.DONE,
}


def pull_line(line: Mapping[str, Any]) -> PullLine:
    """A decoded line of `POST /images/create`."""
    text = str(line.get("status") or "")
    if text.startswith("Digest:"):
        return PullLine(text=text, digest=text.partition(":")[2].strip())
    layer = str(line.get("id") or "")
    is_layer = len(layer) == _SHORT and set(layer) <= set("0123456789abcdef")
    if not is_layer or text.startswith("Pulling from"):  # a tag may look like a layer
        return PullLine(text=text)
    step = PullStep.RETRYING if text.startswith("Retrying") else PullStep.ANNOUNCED
    detail = line.get("progressDetail") or {}
    return PullLine(layer, _STEPS.get(text, step), text, detail.get("total") or None)
