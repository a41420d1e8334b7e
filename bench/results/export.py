"""The data files of a run: run.json, the tables as CSV, the samples; all from a `Run` alone.

Numbers are written so that reading them back gives the same value; what was not measured is an
empty field or null, never zero, and JSON has neither NaN nor Infinity.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import importlib.util
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.core.atomic import replacing, write_text
from bench.core.errors import UsageError
from bench.journal.facts.form import written
from bench.journal.writer import SCHEMA_VERSION
from bench.judge.verdicts import case_outcome
from bench.results.frames import SAMPLE_KEYS
from bench.results.summary import calibration, status_counts, summaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import TextIO

    import pandas as pd

    from bench.analysis.model import TrialResult
    from bench.journal.columns import Samples
    from bench.results.run import Run

_CHANGING = "%s"

Values = np.ndarray[Any, np.dtype[np.float64]]


def run_document(run: Run) -> dict[str, Any]:
    """The content of run.json, which `run.v2.schema.json` describes; strict JSON values only."""
    header = run.header
    document = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run.run_id,
        "name": header.name,
        "bench_version": header.bench_version,
        "started_at": header.at,
        "ended_at": run.ended_at or None,
        "outcome": run.outcome,
        "seed": header.seed,
        "scenario_file": header.scenario_file,
        "scenario": _scenario(run),
        "host": header.host,
        "engine": header.engine,
        "link": written(header.link),
        "builder": header.builder,
        "cases": {case: _case(run, case) for case in run.scenario.cases},
        "calibration": [dataclasses.asdict(one) for one in calibration(run)],
        "verdicts": [dataclasses.asdict(one) for one in run.verdicts],
        "comparisons": [dataclasses.asdict(one) for one in run.comparisons],
        "baseline": _baseline(run),
        "notes": list(run.notes),
        "exit_code": run.exit_code,
    }
    strict: dict[str, Any] = _strict(document)
    return strict


def _baseline(run: Run) -> dict[str, Any] | None:
    if run.baseline is None:
        return None
    watched = [
        {
            "metric": one.fail_on.metric.name,
            "candidate": one.comparison.candidate if one.comparison else "",
            "cache": one.comparison.cache if one.comparison else "",
            "outcome": one.outcome,
            "reason": one.reason,
        }
        for one in run.regressions
    ]
    code = run.baseline_code
    return {**run.baseline.fields(), "watched": watched, "exit_code": code}


def _scenario(run: Run) -> dict[str, Any]:
    """The scenario as it was resolved, each case with the digest that its trials ran."""
    tree = dict(run.header.scenario)
    tree["cases"] = {
        case: {**entry, "x-digest": run.images[case].digest} if case in run.images else entry
        for case, entry in tree["cases"].items()
    }
    return tree


def _case(run: Run, case: str) -> dict[str, Any]:
    outcome = case_outcome([one for one in run.verdicts if one.case == case])
    image = run.images.get(case)
    return {
        "verdict": outcome.outcome,
        "as_expected": outcome.as_expected,
        "image": {**dataclasses.asdict(image), "metrics": image.metrics()} if image else None,
        "image_failed": run.failed_images.get(case),
        "bases": written(run.bases.get(case, [])),
        "stopped": dataclasses.asdict(run.stopped[case]) if case in run.stopped else None,
        "trials": status_counts(run, case),
        "summary": [dataclasses.asdict(one) for one in summaries(run, case)],
    }


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def run_json(run: Run) -> str:
    """run.json as text."""
    return json.dumps(run_document(run), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(run: Run, folder: Path) -> Path:
    """Write run.json."""
    return write_text(folder / "run.json", run_json(run))


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV."""
    buffer = io.StringIO()
    _write_rows(buffer, list(frame.columns), zip(*_columns(frame), strict=True))
    return buffer.getvalue()


def write_tables(run: Run, folder: Path) -> list[Path]:
    """Write trials.csv, phases.csv and layers.csv."""
    tables = {"trials": run.trials, "phases": run.phases, "layers": run.layers}
    return [write_text(folder / f"{name}.csv", csv_text(frame)) for name, frame in tables.items()]


def write_samples(run: Run, folder: Path) -> Path:
    """Write samples.csv.gz, trial by trial, so that memory does not grow with the run.

    One trial is compressed, without holding Python's lock, while the next is put into words.
    """
    path = folder / "samples.csv.gz"
    names = [
        name
        for name in dict.fromkeys(name for one in run.sample_columns for name in one)
        if name != "t_ns"
    ]
    with (
        replacing(path) as partial,
        partial.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
        ThreadPoolExecutor(1) as packer,
    ):
        before = packer.submit(packed.write, _line([*SAMPLE_KEYS, *names]).encode())
        for trial, columns in zip(run.results, run.sample_columns, strict=True):
            if "t_ns" in columns:
                text = _sample_lines(trial, columns, names).encode()
                before.result()
                before = packer.submit(packed.write, text)
        before.result()
    return path


def _sample_lines(trial: TrialResult, columns: Samples, names: Sequence[str]) -> str:
    """The rows of one trial, all by one format: cell by cell it takes twice as long."""
    count = len(columns["t_ns"])
    zero_ns = trial.zero_ns
    since = np.round((columns["t_ns"] - zero_ns) / 1e9, 9)
    known = [since, *(columns.get(name) for name in names)]
    fields = [_field(one) for one in known]
    changing = [
        one
        for one, field in zip(known, fields, strict=True)
        if one is not None and field == _CHANGING
    ]
    cells: list[Any] = [""] * (count * len(changing))
    for index, values in enumerate(changing):
        cells[index :: len(changing)] = _numbers(values, gap="")
    key = _line([trial.trial_id, trial.key.case, trial.key.round])
    method = _line([trial.method])
    first, second = (one.rstrip("\n").replace("%", "%%") for one in (key, method))
    line = ",".join([first, fields[0], second, *fields[1:]]) + "\n"
    return (line * count) % tuple(cells)


def _field(values: Values | None) -> str:
    """What stands in every row of a column, or the place of what changes."""
    if values is None or np.isnan(values).all():
        return ""
    return str(_numbers(values[:1])[0]) if (values == values[0]).all() else _CHANGING


def _line(cells: list[Any]) -> str:
    buffer = io.StringIO()
    _write_rows(buffer, cells, ())
    return buffer.getvalue()


def write_parquet(run: Run, folder: Path) -> Path:
    """Write samples.parquet.

    Raises:
        UsageError: pyarrow is not there.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError(
            "--format parquet", "needs pyarrow", "pip install 'container-bench[parquet]'"
        )
    path = folder / "samples.parquet"
    with replacing(path) as partial:
        run.samples.to_parquet(partial, engine="pyarrow", index=False)
    return path


def _write_rows(file: TextIO, names: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)


def _columns(frame: pd.DataFrame) -> list[list[Any]]:
    return [
        _numbers(frame[name].to_numpy()) if frame[name].dtype == "float64" else frame[name].tolist()
        for name in frame.columns
    ]


def _numbers(values: Values, gap: str | None = None) -> list[Any]:
    """The values as the csv module takes them: whole numbers without a point, `gap` for a gap."""
    gaps = np.isnan(values)
    known = np.where(gaps, 0.0, values) if gaps.any() else values
    whole = bool((known == np.trunc(known)).all()) and bool((np.abs(known) < 2**53).all())
    numbers: list[Any] = known.astype("int64").tolist() if whole else np.round(known, 9).tolist()
    for index in np.flatnonzero(gaps).tolist():
        numbers[index] = gap
    return numbers
