"""The probe that a scenario names, for one container.

Each kind has a module here that is called as it is in a scenario, with a function `make`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.probes.attempt import Probe
    from bench.probes.target import ProbeTarget
    from bench.scenario.probes import ProbeChoice


def make_probe(choice: ProbeChoice, target: ProbeTarget) -> Probe:
    """The probe that a scenario names, for one container.

    Raises:
        EngineError: the container's runtime cannot be asked in this way.
    """
    (name,) = choice.chosen()
    probe: Probe = import_module(f"bench.probes.{name}").make(getattr(choice, name), target)
    return probe
