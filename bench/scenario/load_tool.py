"""`load:` of a case: a tool in a container that puts work on the case once it is ready."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from bench.compose.container_keys import Container
from bench.scenario.figures import MetricName, WorkloadMetric
from bench.yamldoc.values import PositiveDuration

TARGET = "case"
"""The name by which a load tool reaches the case."""


class LoadTool(Container):
    """A container that runs when the case is ready, and beside it until it ends by itself."""

    metrics: dict[MetricName, WorkloadMetric] = {}
    """Figures that the tool prints, by name; they are metrics of the case's trial."""
    timeout: PositiveDuration = 60.0
    """How long it may take."""
