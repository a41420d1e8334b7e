"""Contradictions between a trial and its scenario or image.

`contradictions` looks at a trial by itself. These need the run's first lines too: a trial that came
out well was observed as long as it was to be, made without limits where it was to have none, on a
host that its scenario bears, and pulled the layers that its image has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.analysis.held_limits import not_held
from bench.core.capability import Capability
from bench.core.domain import Arm, CacheState, TrialStatus
from bench.journal.facts.host import HostUse
from bench.journal.facts.limits import LimitsFact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.facts.image import ImageFacts
    from bench.scenario.model import Case, Scenario

_OBSERVED = 0.9
"""Share of the time to observe that a trial must have had: what ends a wait is a clock's tick."""


def with_odds(
    results: Sequence[TrialResult],
    scenario: Scenario,
    images: Mapping[str, ImageFacts],
    *,
    is_bounded: bool = True,
) -> list[TrialResult]:
    """The same results, in which a trial at odds with its scenario or image is an error.

    Args:
        results: of the whole run.
        scenario: of the run.
        images: of its cases.
        is_bounded: whether a busy host made trials invalid.
    """
    found = []
    for trial in results:
        case = scenario.cases.get(trial.key.case)
        why = ""
        if case is not None and trial.status is TrialStatus.OK:
            why = _at_odds(trial, case, images.get(trial.key.case)) or (
                _bounds(trial, scenario) if is_bounded else ""
            )
        found.append(replace(trial, status=TrialStatus.ERROR, reason=why) if why else trial)
    return found


def _at_odds(trial: TrialResult, case: Case, image: ImageFacts | None) -> str:
    return _observation(trial, case) or _limits(trial) or _pull(trial, image)


def _observation(trial: TrialResult, case: Case) -> str:
    to_observe = case.observe
    is_stack = case.lacks(Capability.SINGLE)
    may_be_short = case.load is not None or case.ready.uses("exit") or is_stack
    if not isinstance(to_observe, int | float) or may_be_short or trial.key.replicas:
        return ""
    spans = [span.duration_s for span in trial.phases if span.phase == "observe"]
    if spans and sum(spans) < _OBSERVED * to_observe:
        return f"it was observed for {sum(spans):.3g} s, and was to be for {to_observe:g} s"
    return ""


def _limits(trial: TrialResult) -> str:
    limits = trial.facts.limits or LimitsFact()
    asked = limits.requested
    if trial.key.arm != Arm.NEED:
        # it may have ended before they were read back
        wrong = not_held(asked, limits.applied) if limits.applied is not None else []
        return f"the engine did not apply {', '.join(wrong)}" if wrong else ""
    held = [name for name in ("memory_bytes", "cpus") if getattr(asked, name) is not None]
    return f"it was to be made without limits, and had one of {held[0]}" if held else ""


def _pull(trial: TrialResult, image: ImageFacts | None) -> str:
    if trial.key.cache != CacheState.COLD or image is None or not image.layers or trial.service:
        return ""
    own, pulled = ({layer.digest for layer in side.layers} for side in (image, trial))
    if pulled and pulled != own:
        return "it counts as cold, and has other layers than its image"
    served = trial.facts.served
    sizes = {layer.digest: layer.transfer_bytes for layer in image.layers}
    for digest, blob in served.blobs.items() if served else ():
        if sizes.get(digest) not in (None, blob.size_bytes):
            return f"the registry served {blob.size_bytes} bytes of a layer of {sizes[digest]}"
    return ""


def _bounds(trial: TrialResult, scenario: Scenario) -> str:
    load = trial.facts.host or HostUse()
    return scenario.host_bounds.exceeded(load.other_share, load.steal_share)
