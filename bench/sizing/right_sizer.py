"""Trying sizes: the trials that `bench right-size` adds after those of a run's plan."""

from __future__ import annotations

import dataclasses
import math
import os
from typing import TYPE_CHECKING

from bench.core.domain import CALIBRATION_CASE, SIZE_ARM, CacheState, TrialKey
from bench.judge.effective_rules import effective_rules
from bench.results.growing import GrowingRun
from bench.results.run import load_run
from bench.sizing.meets import deciding_rules, longest_wait_s
from bench.sizing.search import CPUS, MEMORY, smallest_enough
from bench.sizing.sizes import REPEATS, Size, next_step, sizes_of, slowest_pull_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.results.run import Run
    from bench.trial.context import PreparedCase

_PATIENCE_S = 2.0
"""How much longer than the rules allow a trial may wait for ready."""

_STEPS_TOGETHER = 3
"""How often both limits are raised where what was enough alone is not enough together."""


class RightSizer:
    """Searches the smallest limits of each case, first of memory, then of cores, then both.

    Trials run with the page cache dropped, so that the files of the image are charged to the
    container that is tried, and not to one before it.

    Attributes:
        unsized: cases for which no size was found, with the reason.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        """`say` prints a line of progress."""
        self._say = say
        self.unsized: dict[str, str] = {}

    def __call__(
        self,
        folder: Path,
        prepared_cases: Mapping[str, PreparedCase],
        measure: Callable[[PreparedCase, TrialKey], None],
    ) -> None:
        """Try sizes of every case that got ready under its own limits.

        Args:
            folder: the run's; its journal has the trials of the plan.
            prepared_cases: the cases, by id.
            measure: measures one more trial.
        """
        run, growing = load_run(folder), GrowingRun(folder)
        for name, prepared in prepared_cases.items():
            if name == CALIBRATION_CASE:
                continue
            trouble = _CaseSearch(run, growing, prepared, measure, self._say).search()
            if trouble:
                self._say(f"{name}: {trouble}")
                self.unsized[name] = trouble


class _CaseSearch:
    def __init__(
        self,
        run: Run,
        growing: GrowingRun,
        prepared: PreparedCase,
        measure: Callable[[PreparedCase, TrialKey], None],
        say: Callable[[str], None],
    ) -> None:
        self._growing = growing
        self._prepared = prepared
        self._measure = measure
        self._say = say
        rules = [effective.rule for effective in effective_rules(run.scenario, run.checklist)]
        self._rules = deciding_rules(rules)
        own = [trial for trial in run.results if trial.key.case == prepared.name]
        self._pull_s = slowest_pull_s(own)
        peaks = [
            trial.metrics["memory_peak_bytes"]
            for trial in own
            if trial.key.arm == "need" and "memory_peak_bytes" in trial.metrics
        ]
        self._peak = max(peaks, default=None)
        self._enough: dict[tuple[float, float], bool] = {}
        self._round = max((trial.key.round for trial in own), default=0)

    def search(self) -> str:
        """Search; says what stood in the way, or nothing."""
        name, limits = self._prepared.name, self._prepared.case.effective_limits
        cores = float(os.cpu_count() or 1)
        cpus = CPUS.rounded(min(limits.cpus or cores, cores))
        memory = limits.memory or (self._peak and MEMORY.rounded(2 * self._peak))
        if not memory:
            return "it has no memory limit and no measured need, so the search has no start"
        self._say(f"{name}: searching the smallest memory limit")
        least_memory = smallest_enough(
            lambda tried: self._is_enough(tried, cpus), memory, MEMORY, self._peak
        )
        if least_memory is None:
            return "it does not meet its thresholds under its own limits"
        self._say(f"{name}: searching the smallest limit of cores")
        least_cpus = smallest_enough(lambda tried: self._is_enough(memory, tried), cpus, CPUS)
        if least_cpus is None or least_memory == memory or least_cpus == cpus:
            return ""
        self._say(f"{name}: trying both together")
        for _ in range(_STEPS_TOGETHER + 1):
            if self._is_enough(least_memory, least_cpus):
                break
            least_memory = min(memory, next_step(MEMORY, least_memory))
            least_cpus = min(cpus, next_step(CPUS, least_cpus))
        return ""

    def _is_enough(self, memory: float, cpus: float) -> bool:
        """Whether a size is; each is tried once, however often it is asked for."""
        if (memory, cpus) not in self._enough:
            self._enough[memory, cpus] = self._try(memory, cpus)
        return self._enough[memory, cpus]

    def _try(self, memory: float, cpus: float) -> bool:
        prepared = self._sized(memory, cpus)
        size: Size | None = None
        tries = 0
        while tries < REPEATS and (size is None or not size.why_not):
            tries += 1
            self._round += 1
            key = TrialKey(prepared.name, self._round, CacheState.IMAGE.value, arm=SIZE_ARM)
            self._measure(prepared, key)
            size = self._read(memory, cpus)
        return size is not None and size.is_enough

    def _read(self, memory: float, cpus: float) -> Size | None:
        trials = [trial for trial in self._growing.results() if trial.key.case == self._name]
        found = sizes_of(trials, self._rules, self._name)
        wanted = (int(memory), cpus)
        sizes = found.sizes if found else ()
        return next((size for size in sizes if (size.memory_bytes, size.cpus) == wanted), None)

    @property
    def _name(self) -> str:
        return self._prepared.name

    def _sized(self, memory: float, cpus: float) -> PreparedCase:
        case = self._prepared.case
        limits = case.effective_limits.model_copy(update={"memory": int(memory), "cpus": cpus})
        wait_s = longest_wait_s(self._rules, self._pull_s)
        timeout_s = case.ready.timeout
        if wait_s is not None:
            timeout_s = min(timeout_s, max(0.0, math.ceil(wait_s)) + _PATIENCE_S)
        ready = case.ready.model_copy(update={"timeout": timeout_s})
        changed = case.model_copy(update={"limits": limits, "ready": ready})
        return dataclasses.replace(self._prepared, case=changed)
