"""Checks of a case with a load tool, beside those of every container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenario.loading.ready_checks import single_probes
from bench.yamldoc.nodes import Scalar
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Map


def check_load(case: Map) -> Iterator[Diagnostic]:
    """Every such fault in `case`, which has a `load`."""
    observe = case.entries.get("observe")
    if observe is not None:
        fault = "with a `load` the case is observed until the tool has ended"
        yield observe.place.diagnostic(fault, "leave `observe` out, or take it away: `null`")
    for container in (case, case.map("load")):
        mode = container.get("network_mode")
        if isinstance(mode, Scalar) and mode.value == "none":
            fault = "without a network the tool cannot reach the case"
            yield mode.place.diagnostic(fault, "leave `network_mode: none` out, or `load`")
    for probe in single_probes(case.map("ready")):
        entry = probe.entries.get("exit")
        if entry is not None:
            fault = "a job that has ended cannot be put under load"
            yield entry.place.diagnostic(fault, "leave `load` out, or use another probe")
    own = case.map("metrics").entries
    for name, entry in case.map("load").map("metrics").entries.items():
        if name in own:
            fault = f"{shown(name)} is a figure of the case already"
            yield entry.place.diagnostic(fault, "call it something else")
