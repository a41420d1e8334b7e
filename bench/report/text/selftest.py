"""The self-test's results: a table of at most 100 columns, and the same as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Any

from bench.core.units import format_bytes, format_seconds, format_value
from bench.core.version import __version__
from bench.scenario.host_bounds import DISTURBED_SHARE
from bench.selftest.known import KNOWN
from bench.selftest.score import Fact, Figure, Met

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.selftest.run import SelfTest
    from bench.selftest.score import Target

FILE = "selftest.json"
JSON_VERSION = 1

_WIDTHS = (28, 14, 3, 9, 9, 9, 14, 7)
_HEADER = ("metric", "truth", "n", "bias", "p95", "worst", "target", "met")
_LEFT = (0, 1, 6, 7)
"""Columns of words."""

_NOISE_SHOWN = ("startup_s", "ready_s", "stop_s", "cpu_s", "memory_peak_bytes")


def selftest_text(test: SelfTest) -> str:
    """The table, what lies below it, and the sum of it."""
    lines = [*_about(test), ""]
    lines.append(_line(_HEADER))
    for section in test.sections:
        lines += ["", section.title, *(_line(_cells(row)) for row in section.rows)]
    lines += ["", *_disturbed(test), *_wrong(test), *_below(test), "", _sum(test)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    padded = [
        f"{cell:<{width}}" if column in _LEFT else f"{cell:>{width}}"
        for column, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return " ".join(padded).rstrip()


def _cells(row: Figure | Fact) -> Sequence[str]:
    if isinstance(row, Fact):
        right = f"{row.n - len(row.wrong)} right" if row.n else ""
        return (row.title, row.truth, str(row.n), right, "", "", "all", row.met.value)
    return (
        row.title,
        row.truth,
        str(row.n),
        _signed(row.bias, row.unit),
        "" if row.p95 is None else format_value(row.p95, row.unit),
        _signed(row.worst, row.unit),
        _target(row.target, row.unit),
        row.met.value,
    )


def _signed(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{'+' if value > 0 else ''}{format_value(value, unit)}"


def _target(target: Target | None, unit: str) -> str:
    if target is None:
        return ""
    bounds = []
    if target.within or not target.relative:
        lowest = "0 to " if target.never_below else ""
        bounds.append(f"{lowest}{f'{target.within * 1e3:g} ms' if unit == 's' else 'exact'}")
    if target.relative:
        bounds.append(f"{target.relative * 100:g}%")
    share = "all" if target.share == 1 else f"{target.share * 100:g}%"
    return f"{'/'.join(bounds)} {share}"


def _about(test: SelfTest) -> Iterator[str]:
    host, engine = test.run.header.host, test.run.header.engine
    trials = [trial for trial in test.run.results if trial.status.counts]
    again = len(test.run.results) - len(trials)
    loads = [trial.facts.host for trial in trials]
    busy = sorted(load.busy_share for load in loads if load and load.busy_share is not None)
    yield (
        f"bench {__version__} on itself: {len(trials)} trials of containers of known behaviour"
        + (f", {again} more invalid" if again else "")
    )
    yield (
        f"{host['cores']} cores, {engine['kind']} {engine['version']}, cgroup {host['cgroup']}, "
        f"kernel {host['kernel']}"
        + (f"; cores busy {busy[len(busy) // 2]:.0%} of the time" if busy else "")
    )


def _disturbed(test: SelfTest) -> Iterator[str]:
    if test.disturbed:
        trials = sum(trial.key.case in KNOWN for trial in test.run.results)
        yield (
            f"Other programs took {DISTURBED_SHARE:.0%} or more of the core time in "
            f"{test.disturbed} of {trials} trials."
        )
        yield "A target that is missed only in these is not judged (unknown)."


def _wrong(test: SelfTest) -> Iterator[str]:
    for section in test.sections:
        for row in section.rows:
            if row.absent:
                yield f"{row.title}: absent: {row.absent}"
            for finding in row.wrong if isinstance(row, Fact) else ():
                yield f"{row.title}: {finding.case} {finding.trial_id}: {finding.said}"


def _below(test: SelfTest) -> Iterator[str]:
    floor = test.floor
    if floor.cpu_s is not None and floor.memory_peak_bytes is not None:
        yield (
            f"A do-nothing container: {format_seconds(floor.cpu_s)} of CPU, "
            f"{format_bytes(floor.memory_peak_bytes)} of memory: the runtime's own start."
        )
    if floor.exec_to_main_s is not None:
        yield (
            f"The truth begins {format_seconds(floor.exec_to_main_s)} after exec: "
            "at the first instruction that can take a stamp."
        )
    shown = [name for name in _NOISE_SHOWN if name in test.noise.floors]
    if shown:
        floors = ", ".join(f"{name} {test.noise.floors[name].share:.1%}" for name in shown)
        yield f"A/A noise at n={test.noise.floors[shown[0]].n}: {floors}"
    if test.noise_file is not None:
        yield f"Saved for comparisons on this host: {_from_home(test.noise_file)}"


def _from_home(path: Path) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.expanduser fails where there is no home
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _sum(test: SelfTest) -> str:
    standings = test.standings
    judged = [standing for standing in standings if standing not in (Met.UNJUDGED, Met.ABSENT)]
    text = f"{standings.count(Met.MET)} of {len(judged)} targets met"
    unknown = standings.count(Met.UNKNOWN)
    text += f", {unknown} could not be judged" if unknown else ""
    return f"{text}, interrupted" if test.interrupted else text


def selftest_json(test: SelfTest) -> str:
    """Everything in the table, and each comparison behind it."""
    data = {
        "schema_version": JSON_VERSION,
        "bench_version": __version__,
        "run_id": test.run.run_id,
        "quick": test.quick,
        "host": test.run.header.host,
        "engine": test.run.header.engine,
        "exit_code": test.exit_code,
        "floor": dataclasses.asdict(test.floor),
        "noise": test.noise.as_data(),
        "sections": [
            {"title": section.title, "rows": [_row_data(row) for row in section.rows]}
            for section in test.sections
        ],
    }
    return json.dumps(data, indent=1, allow_nan=False) + "\n"


def _row_data(row: Figure | Fact) -> dict[str, Any]:
    data = dataclasses.asdict(row) | {"n": row.n, "met": row.met.name.lower()}
    if isinstance(row, Figure):
        data |= {"bias": row.bias, "p95": row.p95, "worst": row.worst}
    return data
