"""The run's tables: one row a trial, a phase, a layer, a sample, with typed columns.

Each but that of the samples is a plain `Table` first, for files are written without pandas, which
takes long to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.core.domain import TRIAL_KEYS
from bench.core.metrics import METRICS, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from bench.analysis.model import TrialResult
    from bench.journal.columns import Samples, Values
    from bench.judge.ladder import LadderFigure

TRIAL_METRICS = [name for name, metric in METRICS.items() if metric.scope is Scope.TRIAL]
PHASE_COLUMNS = [
    "trial_id",
    "case",
    "round",
    "phase",
    "start_s",
    "end_s",
    "clock",
    "resolution_s",
]
LAYER_COLUMNS = [
    "trial_id",
    "case",
    "round",
    "index",
    "digest",
    "instruction",
    "transfer_bytes",
    "unpacked_bytes",
    "queue_s",
    "download_s",
    "hold_s",
    "extract_s",
    "status",
    "announced_s",
]
LADDER_COLUMNS = [
    "metric",
    "unit",
    "cache",
    "arm",
    "part",
    "rung",
    "before",
    "n",
    "value",
    "change",
    "low",
    "high",
    "difference",
    "reason",
]
SAMPLE_KEYS = ["trial_id", "case", "round", "t_s", "method"]
Lengths = np.ndarray[Any, np.dtype[np.int64]]
_TEXT = {
    "trial_id", "case", "service", "cache", "arm", "network", "status", "reason", "phase",
    "clock", "digest", "instruction", "method", "metric", "unit", "part", "rung", "before",
    "difference",
}  # fmt: skip
_WHOLE = {"replica", "replicas", "round", "attempt", "index", "n"}


@dataclass(frozen=True)
class Table:
    """Rows of values by the name of their column; a number that a row lacks was not measured."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]

    def column(self, name: str) -> Values | list[Any]:
        """The values of a column; of measured numbers an array, with not-a-number for gaps."""
        if _type_of(name) != "float64":
            return [row[name] for row in self.rows]
        return np.array([row.get(name) for row in self.rows], dtype=np.float64)

    def frame(self) -> pd.DataFrame:
        """The table for pandas, with typed columns."""
        import pandas as pd

        frame = pd.DataFrame(self.rows, columns=list(self.columns))
        return frame.astype({name: _type_of(name) for name in self.columns})


def _type_of(column: str) -> str:
    if column in _TEXT:
        return "str"
    if column in _WHOLE:
        return "int64"
    return "bool" if column == "warmup" else "float64"


def trials_table(trials: Sequence[TrialResult], own: Iterable[str] = ()) -> Table:
    """One row a trial: its key, its status, then every metric; not-a-number where unmeasured.

    Args:
        trials: every attempt.
        own: names of the metrics that the scenario defines, which come after the built-in ones.
    """
    rows = [
        {
            "trial_id": trial.trial_id,
            "case": trial.key.case,
            "service": trial.service,
            "replica": trial.key.replica,
            "round": trial.key.round,
            "attempt": trial.attempt,
            "cache": trial.key.cache,
            "arm": trial.key.arm,
            "network": trial.key.network,
            "warmup": trial.key.warmup,
            "status": trial.status.value,
            "reason": trial.reason,
            **trial.metrics,
            "replicas": trial.key.replicas,
        }
        for trial in trials
    ]
    return Table([*TRIAL_KEYS, *TRIAL_METRICS, *own, "replicas"], rows)


def phases_table(trials: Sequence[TrialResult]) -> Table:
    """One row a phase of a trial; seconds count from the trial's zero."""
    rows = [
        {
            "trial_id": trial.trial_id,
            "case": trial.key.case,
            "round": trial.key.round,
            "phase": span.phase,
            "start_s": span.start_s,
            "end_s": span.end_s,
            "clock": span.clock,
            "resolution_s": span.resolution_s,
        }
        for trial in trials
        for span in trial.phases
    ]
    return Table(PHASE_COLUMNS, rows)


def layers_table(trials: Sequence[TrialResult]) -> Table:
    """One row a layer of a pull."""
    rows = [
        {
            "trial_id": trial.trial_id,
            "case": trial.key.case,
            "round": trial.key.round,
            "index": layer.index,
            "digest": layer.digest,
            "instruction": layer.instruction,
            "transfer_bytes": layer.transfer_bytes,
            "unpacked_bytes": layer.unpacked_bytes,
            "queue_s": layer.queue_s,
            "download_s": layer.download_s,
            "hold_s": layer.hold_s,
            "extract_s": layer.extract_s,
            "status": layer.status + unreliable(trial),
            "announced_s": layer.announced_s,
        }
        for trial in trials
        for layer in trial.layers
    ]
    return Table(LAYER_COLUMNS, rows)


def ladder_table(figures: Sequence[LadderFigure]) -> Table:
    """One row a metric and rung (`part` is `rung`), then one from the first to the last (`whole`).

    Metrics that are absent have no row.
    """
    rows = [
        {
            "metric": figure.metric,
            "unit": figure.unit,
            "cache": figure.cache,
            "arm": figure.arm,
            "part": part,
            "rung": step.rung,
            "before": step.before,
            "n": step.n,
            "value": step.value,
            "change": step.change,
            "low": step.interval.low if step.interval else None,
            "high": step.interval.high if step.interval else None,
            "difference": step.difference.value if step.difference else "",
            "reason": step.reason,
        }
        for figure in figures
        for part, steps in (("rung", figure.steps), ("whole", (figure.whole,)))
        for step in steps
        if step is not None
    ]
    return Table(LADDER_COLUMNS, rows)


def unreliable(trial: TrialResult) -> str:
    """A remark on the status of each layer where the pull could not be taken apart, or empty."""
    why = trial.path.unreliable if trial.path else ""
    return f"; unreliable: {why}" if why else ""


def samples_frame(trials: Sequence[TrialResult], samples: Sequence[Samples]) -> pd.DataFrame:
    """One row a sample, with the raw counters; `t_s` counts from the trial's zero."""
    import pandas as pd

    names = [
        name
        for name in dict.fromkeys(name for columns in samples for name in columns)
        if name != "t_ns"
    ]
    lengths = np.array([len(columns.get("t_ns", ())) for columns in samples], dtype="int64")
    stamps = [
        (columns["t_ns"] - trial.zero_ns) / 1e9
        for trial, columns in zip(trials, samples, strict=True)
        if "t_ns" in columns
    ]
    ids = pd.Categorical.from_codes(
        np.repeat(np.arange(len(trials)), lengths), pd.Index([trial.trial_id for trial in trials])
    )
    made: dict[str, object] = {
        "trial_id": ids,
        "case": _repeated([trial.key.case for trial in trials], lengths),
        "round": np.repeat(np.array([trial.key.round for trial in trials], dtype="int64"), lengths),
        "t_s": np.concatenate(stamps) if stamps else np.empty(0),
        "method": _repeated([trial.method for trial in trials], lengths),
    }
    for name in names:
        made[name] = np.concatenate(
            [
                columns.get(name, np.full(length, np.nan))
                for columns, length in zip(samples, lengths, strict=True)
            ]
        )
    return pd.DataFrame(made)


def _repeated(values: Sequence[str], lengths: Lengths) -> pd.Categorical[str]:
    """A categorical column in which the n-th value stands the n-th number of times."""
    import pandas as pd

    categories = sorted(set(values))
    codes = {value: code for code, value in enumerate(categories)}
    repeated = np.repeat(np.array([codes[value] for value in values], dtype="int64"), lengths)
    return pd.Categorical.from_codes(repeated, pd.Index(categories))
