"""docs/metrics.md, generated from the table of metrics; a test keeps the two in step.

`python -m bench.report.metrics_page > docs/metrics.md` writes the page.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench.core.metrics import METRICS, Better, Scope

if TYPE_CHECKING:
    from bench.core.metrics import Metric

_HEAD = """\
# What each number means, and when it misleads

Generated from [`bench/core/metrics.py`](../bench/core/metrics.py); `bench explain NAME` prints
the same. These names are used in the thresholds of a scenario and as keys in `run.json`; those of
a trial are also columns of `trials.csv`. A figure that was not measured is absent, never zero.

Times are measured on the client's monotonic clock around single calls to the engine, and end when
the confirming answer has arrived. Memory, CPU, I/O and network come from the kernel's own counters
of the container's cgroup, including its high-water mark. Figures called *sampled* are read every
`sample.interval` and are lower bounds. `ready_resolution_s` is the resolution of the judged times,
and the calibration row shows the cost of the runtime itself.

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
