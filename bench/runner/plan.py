"""The plan of a run: every trial in its order, made from the scenario and a seed alone.

Cases are shuffled within each round, so that a drift of the host falls on all of them. Within a
case the states go from cold to warm, because each leaves behind what the next one needs. After the
rounds come those of the trials without limits, which memory is compared by. The other trials of the
checks come last, case by case, as nothing compares them across cases.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import CALIBRATION_CASE, Arm, CacheState, TrialKey
from bench.judge.checks.egress import CUT_TRIALS
from bench.judge.checks.scale_out import replica_counts
from bench.judge.effective_rules import needs_arm, needs_trials
from bench.judge.limits import NEED_TRIALS
from bench.standard.rule import ExtraTrials
from bench.standard.thresholds import INTERVAL_NEEDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.scenario.model import Case, Scenario
    from bench.standard.checklist import Checklist

CALIBRATION_TRIALS = 3
_STATES = (CacheState.COLD, CacheState.BASE, CacheState.IMAGE, CacheState.WARM)


@dataclass(frozen=True)
class CheckTrials:
    """Which cases have trials of their own for the checks.

    Attributes:
        need: by case, how often it is also run without limits.
        cut: ids of the cases that are also run with the network cut off of their network.
        replicas: by case, how many containers of it are started at once, time after time.
    """

    need: Mapping[str, int] = field(default_factory=dict)
    cut: Sequence[str] = field(default_factory=tuple)
    replicas: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def rounds_of_need(self) -> list[list[str]]:
        """The cases of each round of trials without limits."""
        count = max(self.need.values(), default=0)
        return [
            [name for name, own in self.need.items() if own > number] for number in range(count)
        ]

    def of(self, case: str, first_round: int) -> list[TrialKey]:
        """The other trials of `case`, whose rounds count on from `first_round`."""
        plain = TrialKey(case, first_round, CacheState.IMAGE.value)
        keys = [replace(plain, network="cut")] * (CUT_TRIALS if case in self.cut else 0)
        keys += [replace(plain, replicas=count) for count in self.replicas.get(case, ())]
        return [replace(key, round=first_round + number) for number, key in enumerate(keys)]


def check_trials(scenario: Scenario, checklist: Checklist | None) -> CheckTrials:
    """The trials that the rows of `scenario` are judged on beside those of the rounds.

    A stack is neither cut off from its network nor started several at once.
    """
    need = needs_arm(scenario, checklist, Arm.NEED)
    cut = needs_trials(scenario, checklist, ExtraTrials.CUT)
    cases = scenario.cases.items()
    alone = {name: case for name, case in cases if not case.lacks(Capability.SINGLE)}
    own_network = [name for name, case in alone.items() if case.network_mode != "host"]
    judged = needs_trials(scenario, checklist, ExtraTrials.REPLICAS)
    return CheckTrials(
        need={name: _need_trials(case) for name, case in scenario.cases.items()} if need else {},
        cut=own_network if cut else (),
        replicas={
            name: replica_counts(case) if judged else tuple(case.replicas)
            for name, case in alone.items()
        },
    )


def _need_trials(case: Case) -> int:
    """Enough to judge by, and to compare memory by where there are rounds enough to compare."""
    return max(NEED_TRIALS, min(case.repeat, INTERVAL_NEEDS))


def make_plan(
    cases: Mapping[str, Case], seed: int, *, checks: CheckTrials, calibrate: bool
) -> list[TrialKey]:
    """Rounds of warm-ups, of measured trials and of those without limits, then the other checks.

    Args:
        cases: by id.
        seed: of the order within the rounds.
        checks: which trials the checks add.
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
    for names in checks.rounds_of_need():
        order.shuffle(names)
        plan += [
            TrialKey(name, rounds, CacheState.IMAGE.value, arm=Arm.NEED.value) for name in names
        ]
        rounds += 1
    last = next((key.case for key in reversed(plan) if key.case in cases), None)
    for name in sorted(cases, key=lambda name: name != last):
        plan += checks.of(name, rounds)
    return plan
