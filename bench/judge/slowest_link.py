"""The slowest link at which an image still starts in time, computed from trials that were measured.

The model plays a pull again over another link. Layers are downloaded base first, three at once,
and share the link evenly; none is downloaded faster than it was seen to be on a link that was not
shaped. A layer is extracted when it is there and the layer below it is extracted, and that takes
what it took in the trial. Fetching the manifest, the first byte of each layer, registering the
image, and everything from the end of the pull to ready take what they took.

What the model leaves out: downloading and extracting share the cores, so that extraction is a
little faster on a slow link than it was on a fast one; and a link with delay, loss or other
traffic is slower than its rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bench.analysis.pull_path import DOWNLOAD_SLOTS, layer_times
from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bench.analysis.model import TrialResult

PAYLOAD_SHARE = 1448 / 1514
"""Bytes of a blob in a full Ethernet frame of TCP, as a share of the frame."""

MODEL_ERROR = 0.10
"""How far the model is taken to be off at least; docs/pull.md has what it was when checked."""

HELD_OUT_NEEDS = 3
"""Trials from which on each can be foreseen from the others."""

_WORST_ERROR = 0.9

_RATES_BIT_S = (1e4, 1e12)
_PRECISION = 1.001


@dataclass(frozen=True)
class _Download:
    """A layer to be fetched and extracted.

    Attributes:
        index: of the layer in its image.
        most_bytes_s: bytes a second above which it was not downloaded.
        extract_s: from the moment it could be extracted until it was.
    """

    index: int
    size_bytes: int
    most_bytes_s: float
    extract_s: float


@dataclass(frozen=True)
class PullModel:
    """A start from nothing that was measured, ready to be played again over another link.

    Attributes:
        loads: the layers that were fetched, base first.
        resolve_s: from the request to the first word on a layer.
        latency_s: from asking for a layer to its first byte.
        rest_s: from the end of the last extraction to ready.
        startup_s: what was measured.
    """

    loads: tuple[_Download, ...]
    resolve_s: float
    latency_s: float
    rest_s: float
    startup_s: float

    @classmethod
    def from_trial(cls, trial: TrialResult, link_bit_s: float | None) -> PullModel | None:
        """The model of `trial`; None where its pull could not be taken apart.

        Args:
            trial: one that got ready after a pull.
            link_bit_s: what the link was shaped to then; None where it was not.
        """
        path, startup_s = trial.path, trial.metrics.get("startup_s")
        if path is None or path.unreliable or startup_s is None:
            return None
        fetched = [
            (layer, times) for layer in trial.layers if (times := layer_times(layer)) is not None
        ]
        loads: list[_Download] = []
        done_s = 0.0
        for layer, times in fetched:
            size_bytes = layer.transfer_bytes or 0
            fastest = float("inf")
            if link_bit_s is None and layer.download_s and size_bytes:
                fastest = size_bytes / layer.download_s
            begin_s = max(done_s, times.downloaded_s)
            loads.append(
                _Download(layer.index, size_bytes, fastest, max(0.0, times.done_s - begin_s))
            )
            done_s = times.done_s
        return cls(
            loads=tuple(loads),
            resolve_s=min(times.announced_s for _, times in fetched),
            latency_s=min(layer.queue_s or 0.0 for layer, _ in fetched),
            rest_s=startup_s - done_s,
            startup_s=startup_s,
        )

    def without(self, layers: Collection[int]) -> PullModel:
        """The same start from an image that lacks `layers`, given by their indexes."""
        loads = tuple(load for load in self.loads if load.index not in layers)
        return replace(self, loads=loads)

    def startup_at(self, rate_bit_s: float | None) -> float:
        """Seconds to ready over a link of `rate_bit_s`; None for one that is no obstacle."""
        link_bytes_s = float("inf") if rate_bit_s is None else rate_bit_s / 8 * PAYLOAD_SHARE
        at_s = 0.0
        for load, there_s in zip(self.loads, self._downloaded_s(link_bytes_s), strict=True):
            at_s = max(at_s, there_s) + load.extract_s
        return at_s + self.rest_s

    def _downloaded_s(self, link_bytes_s: float) -> list[float]:
        """When each layer is there, in seconds from the pull request."""
        now_s = self.resolve_s
        waiting = list(range(len(self.loads)))
        asked: dict[int, float] = {}
        left: dict[int, float] = {}
        there_s = [0.0] * len(self.loads)
        while waiting or asked or left:
            while waiting and len(asked) + len(left) < DOWNLOAD_SLOTS:
                asked[waiting.pop(0)] = now_s + self.latency_s
            most = {index: self.loads[index].most_bytes_s for index in left}
            speeds = _shared(most, link_bytes_s)
            ends = {index: now_s + _duration_s(left[index], speeds[index]) for index in left}
            next_s = min((*asked.values(), *ends.values()))
            for index in list(left):
                if ends[index] <= next_s:
                    there_s[index] = next_s
                    del left[index]
                else:
                    left[index] -= (next_s - now_s) * speeds[index]
            for index in [index for index, begin_s in asked.items() if begin_s <= next_s]:
                left[index] = float(self.loads[index].size_bytes)
                del asked[index]
            now_s = next_s
        return there_s


@dataclass(frozen=True)
class SlowestLink:
    """The slowest link over which every trial would have been in time.

    Attributes:
        rate_bit_s: bits a second of whole frames; None where no link is fast enough.
        assumed_error: what the model is taken to be off by: MODEL_ERROR, or `error` if larger.
        low_bit_s, high_bit_s: the same if the model is so much too slow or too fast; the latter
            is None where no link would be fast enough then.
        error: the largest relative deviation from a trial of what the other trials foresaw for
            it, over their own link; None where there are fewer than HELD_OUT_NEEDS.
    """

    rate_bit_s: float | None
    assumed_error: float
    low_bit_s: float | None
    high_bit_s: float | None
    error: float | None


def slowest_link(
    trials: Sequence[TrialResult], limit_s: float, link_bit_s: float | None
) -> SlowestLink | None:
    """The slowest link at which all of `trials` would have started within `limit_s`.

    Args:
        trials: that got ready after a pull.
        limit_s: for the whole start.
        link_bit_s: what the link was shaped to in the trials; None where it was not.

    Returns:
        None where no pull could be taken apart.
    """
    models = tuple(model for trial in trials if (model := PullModel.from_trial(trial, link_bit_s)))
    return _over_all(models, limit_s, link_bit_s) if models else None


@lru_cache(maxsize=64)  # each report of a run asks for it
def _over_all(
    models: tuple[PullModel, ...], limit_s: float, link_bit_s: float | None
) -> SlowestLink:
    error = held_out_error(models, link_bit_s)
    assumed = min(max(MODEL_ERROR, error or 0.0), _WORST_ERROR)
    return SlowestLink(
        rate_bit_s=_slowest(models, limit_s),
        assumed_error=assumed,
        low_bit_s=_slowest(models, limit_s / (1 - assumed)),
        high_bit_s=_slowest(models, limit_s / (1 + assumed)),
        error=error,
    )


def held_out_error(models: Sequence[PullModel], link_bit_s: float | None) -> float | None:
    """How far each start is, at most, from what the models of all other trials foresee for it.

    A model that is held against the trial it was made of always fits: its times are the trial's.
    So each trial is left out in turn, and the median of what the others foresee is held against it.

    Returns:
        A share of the measured start; None for fewer than HELD_OUT_NEEDS trials.
    """
    if len(models) < HELD_OUT_NEEDS:
        return None
    foreseen = [model.startup_at(link_bit_s) for model in models]
    errors = []
    for index, model in enumerate(models):
        others = [*foreseen[:index], *foreseen[index + 1 :]]
        errors.append(abs(median(others) / model.startup_s - 1))
    return max(errors)


def _slowest(models: Sequence[PullModel], limit_s: float) -> float | None:
    asked = list(models)

    def in_time(rate_bit_s: float) -> bool:
        for index, model in enumerate(asked):
            if model.startup_at(rate_bit_s) > limit_s:
                asked.insert(0, asked.pop(index))  # it is likely to be late the next time too
                return False
        return True

    low, high = _RATES_BIT_S
    if not in_time(high):
        return None
    while high / low > _PRECISION:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if in_time(middle) else (middle, high)
    return high


def _shared(most: dict[int, float], link_bytes_s: float) -> dict[int, float]:
    """Bytes a second of each download: even shares, but to none more than it can take."""
    speeds: dict[int, float] = {}
    left = link_bytes_s
    for count, index in enumerate(sorted(most, key=lambda download: most[download])):
        speeds[index] = min(most[index], left / (len(most) - count))
        left -= speeds[index] if speeds[index] < float("inf") else 0.0
    return speeds


def _duration_s(size_bytes: float, bytes_s: float) -> float:
    return 0.0 if bytes_s == float("inf") else max(0.0, size_bytes) / bytes_s
