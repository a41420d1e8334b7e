"""docs/metrics.md, made from the one table of metrics; a test keeps the two in step.

`python -m bench.report.metrics_page > docs/metrics.md` makes the page again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench.core.metrics import METRICS, Better, Scope

if TYPE_CHECKING:
    from bench.core.metrics import Metric

_HEAD = """\
# What each number means, and when it misleads

Made from [`bench/core/metrics.py`](../bench/core/metrics.py); `bench explain NAME` says the same.
These names stand in the thresholds of a scenario and as keys in `run.json`; those of a trial are
the columns of `trials.csv` too. What was not measured is absent, never zero.

Times are taken on the client's monotonic clock around single calls to the engine, and end when
the confirming answer has arrived. Memory, CPU, I/O and network are the kernel's own counters of
the container's cgroup, its high-water mark included; figures called *sampled* come from readings
every `sample.interval` and are lower bounds. How coarse the judged times are stands beside them
as `ready_resolution_s`, and what the runtime itself costs as the calibration row.

| metric | unit | better | belongs to |
|---|---|---|---|
"""
_BETTER = {Better.LOWER: "lower", Better.HIGHER: "higher", Better.NEITHER: "neither"}
_SCOPES = {Scope.TRIAL: "each trial", Scope.IMAGE: "the image"}
_UNITS = {
    "s": "seconds",
    "bytes": "bytes",
    "cores": "cores",
    "pct": "per cent",
    "J": "joules",
    "": "a count",
}


def metrics_page() -> str:
    """The page as Markdown."""
    rows = "".join(
        f"| [`{metric.name}`](#{metric.name}) | {_UNITS[metric.unit]} | {_BETTER[metric.better]} "
        f"| {_SCOPES[metric.scope]} |\n"
        for metric in METRICS.values()
    )
    return _HEAD + rows + "".join(_section(metric) for metric in METRICS.values())


def _section(metric: Metric) -> str:
    text = f"\n## {metric.name}\n\n**{metric.title}**, in {_UNITS[metric.unit]}. {metric.meaning}\n"
    return f"{text}\n*When it misleads.* {metric.misleads}\n" if metric.misleads else text


if __name__ == "__main__":
    sys.stdout.write(metrics_page())
