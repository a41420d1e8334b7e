"""The choice of the engine for a scenario: none if all its cases are plain processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.errors import EngineUnavailableError
from bench.runtimes.select import Choice, choose

if TYPE_CHECKING:
    from bench.scenario.model import Scenario


def choose_engine(scenario: Scenario, option: str | None) -> Choice:
    """The engine to measure `scenario` on; `option` is the value of `--engine`.

    Raises:
        EngineUnavailableError: it needs containers, but `--engine` excludes them.
    """
    choice = choose(option, plain=not scenario.needs_engine)
    if not choice.runs_images and scenario.needs_engine:
        with_image = [
            name for name, case in scenario.cases.items() if not case.lacks(Capability.IMAGE)
        ]
        what = f"case {with_image[0]} has an image" if with_image else "the scenario has containers"
        raise EngineUnavailableError(
            f"{choice.origin} host",
            f"{what}, and the bare host runs plain processes only",
            "name another engine, or choose cases with a `host` block by --case",
        )
    return choice
