"""The data files of a run: run.json, the tables as CSV, the samples; all from a `Run` alone.

Numbers are written so that reading them back gives the same value; what was not measured is an
empty field or null, never zero, and JSON has neither NaN nor Infinity.
"""

from __future__ import annotations

import csv
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
from bench.results.digits import cells_of, joined, plain_numbers, seconds_cells
from bench.results.document import RunDocument
from bench.results.frames import (
    SAMPLE_KEYS,
    Table,
    ladder_table,
    layers_table,
    phases_table,
    trials_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import TextIO

    from bench.analysis.model import TrialResult
    from bench.journal.columns import Samples, Values
    from bench.results.run import Run


def run_document(run: Run) -> dict[str, Any]:
    """The content of run.json, which `run.v2.schema.json` describes; strict JSON values only."""
    strict: dict[str, Any] = _strict(written(RunDocument.of(run)))
    return strict


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def run_json(run: Run) -> str:
    """run.json as text."""
    return json.dumps(run_document(run), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(run: Run, folder: Path) -> Path:
    """Write run.json."""
    return write_text(folder / "run.json", run_json(run))


def csv_text(table: Table) -> str:
    """A table as CSV."""
    columns = [table.column(name) for name in table.columns]
    cells = [_numbers(column) if isinstance(column, np.ndarray) else column for column in columns]
    buffer = io.StringIO()
    _write_rows(buffer, table.columns, zip(*cells, strict=True))
    return buffer.getvalue()


def trials_csv(run: Run) -> str:
    """trials.csv as text."""
    return csv_text(trials_table(run.results, run.scenario.own_metrics))


def write_tables(run: Run, folder: Path) -> list[Path]:
    """Write trials.csv, phases.csv and layers.csv, and ladder.csv where there is a ladder."""
    texts = {
        "trials.csv": trials_csv(run),
        "phases.csv": csv_text(phases_table(run.results)),
        "layers.csv": csv_text(layers_table(run.results)),
    }
    if run.ladder_figures:
        texts["ladder.csv"] = csv_text(ladder_table(run.ladder_figures))
    return [write_text(folder / name, text) for name, text in texts.items()]


def write_samples(run: Run, folder: Path) -> Path:
    """Write samples.csv.gz, trial by trial, so that memory does not grow with the run.

    One trial is compressed, without holding Python's lock, while the next is put into words.
    """
    path = folder / "samples.csv.gz"
    names = [
        name
        for name in dict.fromkeys(name for columns in run.sample_columns for name in columns)
        if name != "t_ns"
    ]
    with (
        replacing(path) as partial,
        partial.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
        ThreadPoolExecutor(1) as packer,
    ):
        before = packer.submit(packed.write, _line([*SAMPLE_KEYS, *names]) + b"\n")
        for trial, columns in zip(run.results, run.sample_columns, strict=True):
            if len(columns.get("t_ns", ())):
                text = _sample_lines(trial, columns, names)
                before.result()
                before = packer.submit(packed.write, text)
        before.result()
    return path


def _sample_lines(trial: TrialResult, columns: Samples, names: Sequence[str]) -> bytes:
    """The rows of one trial."""
    times_ns = columns["t_ns"] - trial.zero_ns
    count = len(times_ns)
    unknown = np.full(count, np.nan)
    table = np.array([columns.get(name, unknown) for name in names]).reshape(len(names), count)
    key = _line([trial.trial_id, trial.key.case, trial.key.round])
    method = _line([trial.method])
    cells = (cell for column in cells_of(table) for cell in (b",", column))
    row = [key, b",", seconds_cells(times_ns), b",", method, *cells, b"\n"]
    return joined(row, count)


def _line(cells: list[Any]) -> bytes:
    """One line of CSV without its end."""
    buffer = io.StringIO()
    _write_rows(buffer, cells, ())
    return buffer.getvalue().removesuffix("\n").encode()


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


def _write_rows(file: TextIO, names: Sequence[Any], rows: Iterable[tuple[Any, ...]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)


def _numbers(values: Values) -> list[Any]:
    """The values as the csv module takes them: whole numbers without a point, None for a gap."""
    gaps = np.isnan(values)
    numbers = plain_numbers(np.where(gaps, 0.0, values))
    for index in np.flatnonzero(gaps).tolist():
        numbers[index] = None
    return numbers
