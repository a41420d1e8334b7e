"""Which mends work: the image with them is built, and gets ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.dockerfile.mends.catalogue import Proposal, proposed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.dockerfile.mends.sources import Sources

ORIGINAL = "original"
IMPROVED = "improved"


@dataclass(frozen=True)
class Working:
    """The mends that work together.

    Attributes:
        proposal: with these mends alone.
        dropped: why others do not work, by the id of the mend.
        trouble: why the original image does not get ready; empty where it does.
    """

    proposal: Proposal
    dropped: Mapping[str, str]
    trouble: str = ""


def working_mends(
    before: Sources, failures_of: Callable[[Mapping[str, Sources]], Mapping[str, str]]
) -> Working:
    """Drop the mends with which the image is not built, or does not get ready.

    The image with all of them is tried first. Where it fails, each step is, and the first of the
    steps that fail up to the end is dropped; then the others are tried without it.

    Args:
        before: the Dockerfile as it is.
        failures_of: builds and starts each of some variants, and says why those that fail do.
    """
    dropped: dict[str, str] = {}
    proposal = proposed(before)
    failures = failures_of(_first(proposal))
    while proposal.steps and IMPROVED in failures and ORIGINAL not in failures:
        steps = {step.mend.id: step.sources for step in proposal.steps}
        failing = dict(failures_of(dict(list(steps.items())[:-1]))) if len(steps) > 1 else {}
        failing[proposal.steps[-1].mend.id] = failures[IMPROVED]
        names = list(steps)
        at = len(names) - 1
        while at > 0 and names[at - 1] in failing:
            at -= 1
        dropped[names[at]] = failing[names[at]]
        proposal = proposed(before, frozenset(dropped))
        failures = failures_of({IMPROVED: proposal.after}) if proposal.steps else {}
    return Working(proposal, dropped, failures.get(ORIGINAL, ""))


def _first(proposal: Proposal) -> dict[str, Sources]:
    tried = {ORIGINAL: proposal.before}
    return tried | ({IMPROVED: proposal.after} if proposal.steps else {})
