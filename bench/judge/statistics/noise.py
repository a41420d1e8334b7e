"""The A/A noise of a host: how far two measurements of the same thing come to lie apart.

`bench selftest` measures one case many times; `noise_floor` sets those trials against
themselves as a comparison would. A comparison on that host then calls nothing that is no larger
than what the host makes of no difference at all.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bench.core.metrics import METRICS, Scope
from bench.journal.facts.comparison import BandFrom
from bench.judge.statistics.stats import SEED, median
from bench.standard.thresholds import INTERVAL_NEEDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PRACTICAL_BAND = 0.05
"""Ratios of medians within 1 ± this do not matter in practice, even on a quiet host."""

SPLITS = 4000
"""Ways of dealing the rounds out that are looked at."""


@dataclass(frozen=True)
class NoiseFloor:
    """The A/A noise of the host in one metric.

    Attributes:
        share: in 95 of 100 A/A comparisons the ratio of medians lay within 1 ± this.
        median: of the values it was found on, in the metric's unit.
        n: trials on each side.
    """

    share: float
    median: float
    n: int

    def at(self, value: float) -> float:
        """The share that counts for values around `value`.

        Of larger values than it was found on the noise is a smaller share: what comes on top
        of a start of 0.3 s comes on top of one of 30 s too, and does not grow with it.
        """
        return self.share * min(1.0, self.median / value) if value > 0 else self.share


@dataclass(frozen=True)
class HostNoise:
    """The noise of one host.

    Attributes:
        measured_at: UTC label.
        floors: by metric; a metric that is not there was not measured.
    """

    measured_at: str
    floors: Mapping[str, NoiseFloor]

    def as_data(self) -> dict[str, Any]:
        """As it stands in a file or a journal."""
        floors = {name: asdict(floor) for name, floor in self.floors.items()}
        return {"measured_at": self.measured_at, "floors": floors}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> HostNoise:
        """Read back what `as_data` gave.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is not that.
        """
        floors = {
            str(name): NoiseFloor(
                _amount(floor["share"]), _amount(floor["median"]), int(floor["n"])
            )
            for name, floor in data["floors"].items()
        }
        return cls(str(data["measured_at"]), floors)


@dataclass(frozen=True)
class Band:
    """Ratios within 1 ± `share` are called the same."""

    share: float = PRACTICAL_BAND
    origin: BandFrom = BandFrom.NOT_KNOWN

    def __str__(self) -> str:
        text = f"1 ± {self.share:.3g}"
        return f"{text}, the host's own noise" if self.origin is BandFrom.NOISE else text


def noise_floor(values: Sequence[float]) -> NoiseFloor | None:
    """The 95th percentile of |ratio of medians - 1| over A/A comparisons of `values`.

    Two neighbours make a round; in each of them chance decides which is called A. So drift over
    the run counts as little, or as much, as it does in an interleaved comparison.

    Args:
        values: of one metric, from trials of one case, in the order of time.

    Returns:
        None for fewer than 12 values, and where half of them or more are zero.
    """
    import numpy as np

    rounds = len(values) // 2
    middle = median(values) if values else 0.0
    if rounds < INTERVAL_NEEDS or middle == 0:
        return None
    pairs = np.asarray(values[: 2 * rounds], dtype=float).reshape(rounds, 2)
    swap = np.random.default_rng(SEED).integers(2, size=(SPLITS, rounds))
    own = np.arange(rounds)
    first, second = (np.median(pairs[own, side], axis=1) for side in (swap, 1 - swap))
    apart = np.full(SPLITS, np.inf)
    np.divide(second, first, out=apart, where=first != 0)
    share = float(np.quantile(np.abs(apart - 1), 0.95, method="higher"))
    return NoiseFloor(share, middle, rounds) if math.isfinite(share) else None


def host_noise(trials: Iterable[Mapping[str, float]], measured_at: str) -> HostNoise:
    """The noise of a host from the metrics of trials of one case, in the order of time.

    Trials that did not come out well do not belong here. A metric that has no floor (too few
    values, or zeros) is left out.
    """
    rows = list(trials)
    floors = {
        name: floor
        for name, metric in METRICS.items()
        if metric.scope is Scope.TRIAL
        and (floor := noise_floor([row[name] for row in rows if name in row])) is not None
    }
    return HostNoise(measured_at, floors)


def band_for(
    metric: str,
    value: float | None,
    noises: Iterable[HostNoise | None],
    practical: float = PRACTICAL_BAND,
) -> Band:
    """The band for one metric: `practical`, or the largest noise of the hosts if that is larger.

    Args:
        metric: its name.
        value: the baseline's median, or None.
        noises: of each run compared; None where it is not known.
        practical: the band of a quiet host, as a share.
    """
    floors = [
        noise.floors[metric] for noise in noises if noise is not None and metric in noise.floors
    ]
    if not floors or value is None:
        return Band(practical, BandFrom.NOT_KNOWN)
    share = max(floor.at(value) for floor in floors)
    if share > practical:
        return Band(share, BandFrom.NOISE)
    return Band(practical, BandFrom.PRACTICAL)


def _amount(value: Any) -> float:
    number = float(value)
    if not 0 <= number < math.inf:
        raise ValueError(f"{value} is neither a share nor an amount")
    return number
