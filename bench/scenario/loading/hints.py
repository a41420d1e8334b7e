"""Warnings of settings that are well-formed, and yet have no effect or no verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.compose.limit_checks import absent_cores
from bench.compose.mode_checks import HAS_NO_PORTS
from bench.core.domain import CacheState
from bench.core.metrics import METRICS, Scope
from bench.standard.thresholds import least_trials, limit_operator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.core.errors import Diagnostic
    from bench.scenario.model import Case, Scenario, Threshold
    from bench.yamldoc.source import Place

_OF_A_PULL = frozenset({"pull_s", "pull_download_s", "pull_extract_s", "downloaded_bytes"})
_OF_A_REBUILD = frozenset({"rebuild_s", "rebuild_steps"})


def remarks(scenario: Scenario, position: Callable[[str], Place | None]) -> Iterator[Diagnostic]:
    """Keys without effect, and thresholds that some case cannot be judged by.

    `position` says where each stands.
    """
    yield from _without_effect(scenario, position)
    yield from _never_judged(scenario, position)


def _without_effect(
    scenario: Scenario, position: Callable[[str], Place | None]
) -> Iterator[Diagnostic]:
    for kind, containers in (("services", scenario.services), ("cases", scenario.cases)):
        for name, container in containers.items():
            place = position(f"{kind}.{name}.ports")
            if place and container.ports and container.network_mode in HAS_NO_PORTS:
                said = f"`ports` have no effect with `network_mode: {container.network_mode}`"
                yield place.diagnostic(said, "leave them out")
            place = position(f"{kind}.{name}.cpuset")
            if place and (absent := absent_cores(container.cpuset)):
                said = f"this host has no core {absent[0]}: `{name}` cannot be started on it"
                yield place.diagnostic(said, "measure where there is one")


def _never_judged(
    scenario: Scenario, position: Callable[[str], Place | None]
) -> Iterator[Diagnostic]:
    for name, threshold in scenario.thresholds.items():
        place = position(f"thresholds.{name}")
        if place is None:
            continue
        needed = least_trials(threshold.over, limit_operator(threshold.limit))
        of_trials = name not in METRICS or METRICS[name].scope is not Scope.IMAGE
        few = [key for key, case in scenario.cases.items() if of_trials and case.repeat < needed]
        if few:
            said = (
                f"`{threshold.over}` can pass from {needed} trials on, and {_some(few)} has fewer"
            )
            yield place.diagnostic(said, f"write `repeat: {needed}`, or judge the max")
        absent = [
            key
            for key, case in scenario.cases.items()
            if threshold.required and _lacks(case, name, threshold)
        ]
        if absent:
            said = f"{_some(absent)} has no `{name}`, so that it cannot be judged there"
            yield place.diagnostic(said, "write `required: false`, or leave the threshold out")


def _lacks(case: Case, metric: str, threshold: Threshold) -> bool:
    """Whether no trial of `case` that is judged can have the metric."""
    if metric in _OF_A_REBUILD:
        return case.build is None or not case.build.rebuild_after
    if metric not in _OF_A_PULL:
        return False
    usual = CacheState.COLD if CacheState.COLD in case.cache else case.cache[0]
    return not (threshold.cache or usual).is_pulled


def _some(names: list[str]) -> str:
    more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
    return f"`{names[0]}`{more}"
