"""The probes of a scenario that was run, as far as its images decided them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from bench.scenario.inferred import UnsaidError, said_of, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.journal.facts.image import ImageFacts
    from bench.scenario.model import Scenario


def with_inferred(scenario: Scenario, images: Mapping[str, ImageFacts]) -> Scenario:
    """The scenario with the probes that its images decided, as far as they did."""
    cases = {}
    for name, case in scenario.cases.items():
        cases[name] = case
        if name in images:
            with suppress(UnsaidError):  # then no trial was made of it
                ready = settled(case.ready, said_of(case, images[name].config))
                cases[name] = case.model_copy(update={"ready": ready})
    return scenario.model_copy(update={"cases": cases})
