"""Pictures of a run as SVG; `from bench.report import plots` has all that a notebook needs."""

from __future__ import annotations

from bench.report.plots.catalogue import Plot, make_plots, write_plots
from bench.report.plots.phases import phase_waterfall
from bench.report.plots.pull import pull_timeline
from bench.report.plots.replicas import replica_curves
from bench.report.plots.resources import resource_curves
from bench.report.plots.stack import stack_waterfall
from bench.report.plots.time_breakdown import time_spent
from bench.report.plots.values import distributions, threshold_margins

__all__ = [
    "Plot",
    "distributions",
    "make_plots",
    "phase_waterfall",
    "pull_timeline",
    "replica_curves",
    "resource_curves",
    "stack_waterfall",
    "threshold_margins",
    "time_spent",
    "write_plots",
]
