"""The critical path of a pull: the downloads, waits and extractions that its end waited for.

A layer is announced, waits for one of the engine's download slots, is downloaded, is held until
the layer below it is extracted, and is extracted. Walking back from the last layer to be done,
each step leads to the one that it waited for; what is found is the critical path. Its steps up to
the last extraction must add up to the time of the pull. Where they do not, because layers were
extracted side by side, or because much happened after the last word on a layer, the decomposition
is not to be relied on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.journal.facts.pull import LayerPull

DOWNLOAD_SLOTS = 3
"""Downloads at once, by default, of the Docker Engine and of containerd."""

TOLERANCE = 0.02
TOLERANCE_S = 0.2
"""How much of a pull's time, or how many seconds, its path may leave unexplained."""


class Step(StrEnum):
    """The kind of a step on the path."""

    RESOLVE = "resolve"
    """From the pull request to the first word on a layer: the manifest is fetched."""
    QUEUE = "queue"
    DOWNLOAD = "download"
    HOLD = "hold"
    """A layer was there, and the one below it extracted, and its own extraction not yet to be
    seen: the engine starts what extracts it. On the path, waits for the layer below are none, for
    that layer's extraction is on it."""
    EXTRACT = "extract"
    FINISH = "finish"
    """From the last layer to the end of the stream: the image is registered."""


_EXPLAINED = (Step.RESOLVE, Step.QUEUE, Step.DOWNLOAD, Step.HOLD, Step.EXTRACT)


@dataclass(frozen=True)
class PathStep:
    """A stretch of the path, in seconds from the pull request; `index` of its layer, if any."""

    step: Step
    index: int | None
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class PullPath:
    """A pull taken apart.

    Attributes:
        wall_s: from the pull request to the end of the stream.
        steps: one after the other from the request to the end; none where the stream says too
            little.
        download_s: time in which at least one layer was being downloaded.
        extract_s: time in which one was being extracted.
        unreliable: why the decomposition is not to be relied on; empty where it closes.
    """

    wall_s: float
    steps: tuple[PathStep, ...]
    download_s: float
    extract_s: float
    unreliable: str

    def total_s(self, step: Step) -> float:
        """The total of the steps of this kind on the path, in seconds."""
        return sum(part.duration_s for part in self.steps if part.step is step)

    @property
    def unexplained_s(self) -> float:
        """The pull less its steps up to the last extraction; negative if they are more."""
        return self.wall_s - sum(self.total_s(step) for step in _EXPLAINED)


@dataclass(frozen=True)
class LayerTimes:
    """Moments of a layer that was fetched, in seconds from the pull request.

    Attributes:
        begun_s: its first byte; None where the download was over before it was seen.
    """

    index: int
    announced_s: float
    begun_s: float | None
    downloaded_s: float
    extracting_s: float
    done_s: float


def layer_times(layer: LayerPull) -> LayerTimes | None:
    """The moments of `layer`; None where it was not fetched, or not all of them are known."""
    if layer.announced_s is None or layer.queue_s is None:
        return None
    if layer.hold_s is None or layer.extract_s is None:
        return None
    first_s = layer.announced_s + layer.queue_s
    downloaded_s = first_s + (layer.download_s or 0.0)
    extracting_s = downloaded_s + layer.hold_s
    return LayerTimes(
        index=layer.index,
        announced_s=layer.announced_s,
        begun_s=None if layer.download_s is None else first_s,
        downloaded_s=downloaded_s,
        extracting_s=extracting_s,
        done_s=extracting_s + layer.extract_s,
    )


def critical_path(layers: Sequence[LayerPull], wall_s: float) -> PullPath:
    """The way through a pull of `layers`, base first, that took `wall_s` in all."""
    missing = _why_unknown(layers)
    if missing:
        return PullPath(wall_s, (), 0.0, 0.0, missing)
    times = [found for layer in layers if (found := layer_times(layer)) is not None]
    silent = frozenset(layer.index for layer in layers if layer.is_copy)
    steps = tuple(reversed(_walked_back(times, silent, wall_s)))
    downloads = [
        (layer.begun_s, layer.downloaded_s) for layer in times if layer.begun_s is not None
    ]
    path = PullPath(
        wall_s=wall_s,
        steps=steps,
        download_s=covered_s(downloads),
        extract_s=covered_s((layer.extracting_s, layer.done_s) for layer in times),
        unreliable="",
    )
    gap_s = path.unexplained_s
    if abs(gap_s) <= max(TOLERANCE * wall_s, TOLERANCE_S):
        return path
    explained_s = wall_s - gap_s
    reason = f"its critical path adds up to {explained_s:.2f} s, the pull took {wall_s:.2f} s"
    return PullPath(wall_s, steps, path.download_s, path.extract_s, reason)


def covered_s(spans: Iterable[tuple[float, float]]) -> float:
    """The time that at least one of `spans` covers."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _why_unknown(layers: Sequence[LayerPull]) -> str:
    fetched = [layer for layer in layers if layer.queue_s is not None]
    if not fetched:
        return "the stream does not show a layer being fetched"
    if any(layer.announced_s is None for layer in fetched):
        return "when each layer was announced is not recorded"
    silent = sum(layer_times(layer) is None for layer in fetched)
    if silent:
        return f"the stream does not show the extraction of {silent} of {len(fetched)} layers"
    return ""


def _walked_back(times: list[LayerTimes], silent: frozenset[int], wall_s: float) -> list[PathStep]:
    """The steps of the path from its end to its beginning; they touch each other.

    Args:
        times: of the layers that were fetched, base first.
        silent: indexes of layers whose extraction the stream does not show: a second copy of a
            layer is extracted again without a word.
        wall_s: when the stream ended.
    """
    at = max(range(len(times)), key=lambda place: times[place].done_s)
    last = times[at]
    steps = [_waiting(last.done_s, wall_s, _copy_above(last, silent), None, Step.FINISH)]
    while True:
        layer = times[at]
        steps.append(PathStep(Step.EXTRACT, layer.index, layer.extracting_s, layer.done_s))
        below = times[at - 1] if at else None
        if below is None or below.done_s < layer.downloaded_s:
            begin_s = layer.downloaded_s
            steps.append(PathStep(Step.HOLD, layer.index, begin_s, layer.extracting_s))
            return steps + _downloads_back(layer, times)
        copy = _copy_above(below, silent)
        if below.done_s <= layer.extracting_s:
            begin_s = below.done_s
            steps.append(_waiting(begin_s, layer.extracting_s, copy, layer.index, Step.HOLD))
        at -= 1


def _copy_above(layer: LayerTimes, silent: frozenset[int]) -> int | None:
    return layer.index + 1 if layer.index + 1 in silent else None


def _waiting(
    start_s: float, end_s: float, copy: int | None, index: int | None, step: Step
) -> PathStep:
    """A wait after a layer was done; where a copy comes next, that is what was extracted."""
    if copy is not None:
        return PathStep(Step.EXTRACT, copy, start_s, end_s)
    return PathStep(step, index, start_s, end_s)


def _downloads_back(layer: LayerTimes, times: list[LayerTimes]) -> list[PathStep]:
    """From the end of a download to the request: through those that had the slots before it."""
    steps: list[PathStep] = []
    walked: set[int] = set()
    while True:
        walked.add(layer.index)
        begun_s = layer.downloaded_s if layer.begun_s is None else layer.begun_s
        if layer.begun_s is not None:
            steps.append(PathStep(Step.DOWNLOAD, layer.index, begun_s, layer.downloaded_s))
        before = [
            earlier
            for earlier in times
            if earlier.index not in walked and layer.announced_s < earlier.downloaded_s <= begun_s
        ]
        if len(times) <= DOWNLOAD_SLOTS or not before:
            steps.append(PathStep(Step.QUEUE, layer.index, layer.announced_s, begun_s))
            steps.append(PathStep(Step.RESOLVE, None, 0.0, layer.announced_s))
            return steps
        freed = max(before, key=lambda earlier: earlier.downloaded_s)
        steps.append(PathStep(Step.QUEUE, layer.index, freed.downloaded_s, begun_s))
        layer = freed
