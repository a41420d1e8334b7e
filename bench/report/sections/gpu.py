"""GPUs during the trials of a case: its own memory beside that of the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.judge.statistics import stats
from bench.report.curves import samples_of
from bench.report.sections.section import Section
from bench.report.wording import unit_words
from bench.results.summary import good_trials, measured_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.journal.columns import Samples
    from bench.results.run import Run

_BUSY = 50.0  # per cent

_MEANING = (
    "Memory of the case is what the driver books on its processes, the context of CUDA among it, "
    "read ten times a second. Memory, utilisation and energy of a device are of all who use it; "
    "utilisation is the driver's average over 1/6 s to 1 s."
)


def gpu(run: Run) -> Section | None:
    """One row per case, cache state and device; None where no case had, or asked for, a GPU."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for case in run.scenario.cases:
        for cache, arm in measured_states(run, case):
            if arm != "fit":
                continue
            tables = [samples_of(run, trial) for trial in good_trials(run, case, cache)]
            if uses_gpu(run, case, tables):
                rows += _rows(run, case, cache, tables)
                notes += _notes(run, case, cache, tables)
                notes += _unknown(run, case, cache)
    if not rows:
        return None
    return Section(
        title="GPU",
        beside="peaks of each trial, and energy over its life (medians of the trials that came out "
        f"well); driver {run.header.host.get('gpu_driver') or 'unknown'}",
        columns=(
            "case", "cache", "n", "device", "memory of the case", "of the device", "utilisation",
            "energy",
        ),
        rows=tuple(rows),
        notes=(*notes, _MEANING),
    )  # fmt: skip


def uses_gpu(run: Run, case: str, tables: Sequence[Samples]) -> bool:
    """Whether the case asked for GPUs of which there are some, or held memory on one."""
    asked = run.scenario.cases[case].asks_for_gpus and bool(run.header.host["gpus"])
    return asked or any(_peak(table, "gpu_memory_bytes") for table in tables)


def _rows(run: Run, case: str, cache: str, tables: Sequence[Samples]) -> Iterator[tuple[str, ...]]:
    host = run.header.host
    sizes = host.get("gpus_memory_bytes", [])
    for index, name in enumerate(host["gpus"]):
        yield (
            case,
            cache,
            str(len(tables)),
            f"{index}: {name}",
            unit_words(_median_peak(tables, f"gpu{index}_own_memory_bytes"), "bytes"),
            unit_words(_median_peak(tables, f"gpu{index}_memory_used_bytes"), "bytes")
            + (f" of {unit_words(sizes[index], 'bytes')}" if index < len(sizes) else ""),
            unit_words(_median_peak(tables, f"gpu{index}_utilization_pct"), "pct"),
            unit_words(_median([_energy_j(table, index) for table in tables]), "J"),
        )


def _notes(run: Run, case: str, cache: str, tables: Sequence[Samples]) -> Iterator[str]:
    if _median_peak(tables, "gpu_memory_bytes") == 0:
        yield (
            f"{case}, {cache}: it had GPUs but never used their memory, so it computed "
            "without them; a framework built for CPUs cannot use them."
        )
    for index in range(len(run.header.host["gpus"])):
        idle = _median_peak(tables, f"gpu{index}_own_memory_bytes") == 0
        if idle and (_median_peak(tables, f"gpu{index}_utilization_pct") or 0.0) >= _BUSY:
            yield (
                f"{case}, {cache}: GPU {index} was busy while the case held no memory on it; "
                "other programs used it, and caused its energy."
            )


def _unknown(run: Run, case: str, cache: str) -> Iterator[str]:
    """Why the memory of the case is not known, each reason once."""
    found = [trial.facts.counters for trial in good_trials(run, case, cache)]
    reasons = [counters.gpu_memory_unknown_because for counters in found if counters]
    for reason in dict.fromkeys(reason for reason in reasons if reason):
        yield f"{case}, {cache}: GPU memory of the case is unknown: {reason}."


def _peak(samples: Samples, name: str) -> float | None:
    values = samples.get(name)
    if values is None or np.isnan(values).all():
        return None
    return float(np.nanmax(values))


def _median_peak(tables: Sequence[Samples], name: str) -> float | None:
    return _median([_peak(table, name) for table in tables])


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return stats.median(known) if known else None


def _energy_j(samples: Samples, index: int) -> float | None:
    values = samples.get(f"gpu{index}_energy_mj")
    if values is None:
        return None
    known = values[~np.isnan(values)]
    return float(known[-1] - known[0]) / 1e3 if len(known) > 1 else None
