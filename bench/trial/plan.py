"""The plan of a run: every trial in its order, made from the scenario and a seed alone.

Cases are shuffled within each round, so that a drift of the host falls on all of them. Within a
case the states go from cold to warm, because each leaves behind what the next one needs.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bench.judge.limits import NEED_TRIALS
from bench.results.model import CALIBRATION_CASE, TrialKey
from bench.scenario.model import CacheState, Case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CALIBRATION_TRIALS = 3
_STATES = (CacheState.COLD, CacheState.IMAGE, CacheState.WARM)


def make_plan(
    cases: Mapping[str, Case], seed: int, *, need_cases: Sequence[str], calibrate: bool
) -> list[TrialKey]:
    """Rounds of warm-ups, rounds of measured trials, then the trials of the need arm.

    Args:
        cases: by id.
        seed: of the order within the rounds.
        need_cases: ids of the cases that are also run without limits.
        calibrate: whether a do-nothing container is measured beside them.
    """
    order = random.Random(seed)  # noqa: S311 - an order, not a secret
    plan: list[TrialKey] = []
    warmups = max((case.warmup for case in cases.values()), default=0)
    rounds = warmups + max((case.repeat for case in cases.values()), default=0)
    for number in range(rounds):
        names = list(cases)
        if calibrate and number < CALIBRATION_TRIALS:
            names.append(CALIBRATION_CASE)
        order.shuffle(names)
        for name in names:
            if name == CALIBRATION_CASE:
                plan.append(TrialKey(name, number, CacheState.WARM.value))
                continue
            case = cases[name]
            is_warmup = number < warmups
            if is_warmup and number >= case.warmup:
                continue
            if not is_warmup and number - warmups >= case.repeat:
                continue
            plan += [
                TrialKey(name, number, state.value, warmup=is_warmup)
                for state in _STATES
                if state in case.cache
            ]
    for number in range(rounds, rounds + NEED_TRIALS):
        names = list(need_cases)
        order.shuffle(names)
        plan += [TrialKey(name, number, CacheState.IMAGE.value, arm="need") for name in names]
    return plan
