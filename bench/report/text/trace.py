"""trace.json: phases, layers and samples of every trial, for the Perfetto trace viewer.

One process per trial, with a track each for its phases and for the layers of its pull, and a
counter for each sampled column. Times are those of the client's monotonic clock, from the
beginning of the first trial. Source: the Trace Event Format, JSON object format.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from bench.core.text import clean, clean_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.analysis.model import PhaseSpan, TrialResult
    from bench.journal.columns import Samples
    from bench.journal.facts.pull import LayerPull
    from bench.results.run import Run

_PHASES, _FIRST_LAYER = 1, 2
_PULL = "pull"


def trace_text(run: Run) -> str:
    """The trace as JSON, one event per line."""
    zeros_ns = [trial.zero_ns + _earliest_ns(trial) for trial in run.results if trial.zero_ns]
    begin_ns = min(zeros_ns, default=0)
    events: list[dict[str, Any]] = []
    for number, trial in enumerate(run.results, 1):
        if not trial.zero_ns:
            continue
        events += _trial(number, trial, (trial.zero_ns - begin_ns) / 1e3)
        events += _counters(number, run.sample_columns[number - 1], begin_ns)
    lines = ",\n".join(json.dumps(clean_tree(event), ensure_ascii=False) for event in events)
    head = json.dumps({"run": clean(run.run_id), "scenario": clean(run.header.name)})
    return f'{{"displayTimeUnit": "ms", "otherData": {head}, "traceEvents": [\n{lines}\n]}}\n'


def _earliest_ns(trial: TrialResult) -> int:
    return round(min((phase.start_s for phase in trial.phases), default=0.0) * 1e9)


def _trial(number: int, trial: TrialResult, zero_us: float) -> Iterator[dict[str, Any]]:
    key = trial.key
    name = " ".join(part for part in (trial.trial_id, key.case, trial.service, key.cache) if part)
    yield _named("process_name", number, 0, f"{name} ({trial.status})")
    yield {"ph": "M", "name": "process_sort_index", "pid": number, "args": {"sort_index": number}}
    yield _named("thread_name", number, _PHASES, "phases")
    for phase in trial.phases:
        span = _span(number, _PHASES, phase.phase, zero_us + phase.start_s * 1e6, phase.duration_s)
        yield span | {"cat": "phase", "args": _of_phase(phase)}
    pull = next((phase for phase in trial.phases if phase.phase == _PULL), None)
    if pull is not None:
        for layer in trial.layers:
            yield from _layer(number, layer, zero_us + pull.start_s * 1e6)


def _of_phase(phase: PhaseSpan) -> dict[str, Any]:
    known = {"clock": phase.clock, "resolution_s": phase.resolution_s}
    return {name: value for name, value in known.items() if value is not None}


def _layer(number: int, layer: LayerPull, pull_us: float) -> Iterator[dict[str, Any]]:
    """The steps of one layer, one after the other; nothing of one whose times are unknown."""
    if layer.announced_s is None:
        return
    track, at_us = _FIRST_LAYER + layer.index, pull_us + layer.announced_s * 1e6
    yield _named("thread_name", number, track, f"layer {layer.index}")
    facts = {
        "digest": layer.digest,
        "instruction": layer.instruction,
        "transfer_bytes": layer.transfer_bytes,
        "unpacked_bytes": layer.unpacked_bytes,
    }
    steps = {
        "queue": layer.queue_s,
        "download": layer.download_s,
        "hold": layer.hold_s,
        "extract": layer.extract_s,
    }
    for step, seconds in steps.items():
        if seconds is None:
            return
        if seconds:
            yield _span(number, track, step, at_us, seconds) | {"cat": "layer", "args": facts}
        at_us += seconds * 1e6


def _counters(number: int, samples: Samples, begin_ns: int) -> Iterator[dict[str, Any]]:
    """A counter for each column; one that does not change is written once."""
    stamps = samples.get("t_ns")
    if stamps is None:
        return
    for name, values in samples.items():
        if name == "t_ns":
            continue
        before = math.nan
        for at_ns, value in zip(stamps.tolist(), values.tolist(), strict=True):
            if math.isnan(value) or value == before:
                continue
            before = value
            yield {
                "ph": "C",
                "name": name,
                "pid": number,
                "ts": round((at_ns - begin_ns) / 1e3, 3),
                "args": {"value": value},
            }


def _named(kind: str, process: int, track: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": process, "tid": track, "args": {"name": name}}


def _span(process: int, track: int, name: str, at_us: float, seconds: float) -> dict[str, Any]:
    return {
        "ph": "X",
        "name": name,
        "pid": process,
        "tid": track,
        "ts": round(at_us, 3),
        "dur": round(seconds * 1e6, 3),
    }
