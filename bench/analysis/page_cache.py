"""Warm trials whose page cache another case had dropped.

`warm` is what the trials before have left. One of another case that dropped the page cache in
between, as all do that begin cold, has left less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import CALIBRATION_CASE, CacheState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult


def cooled_trials(results: Sequence[TrialResult]) -> set[str]:
    """Ids of the warm trials before which another case had dropped the page cache.

    Args:
        results: all attempts at all trials, in the order of time.
    """
    found: set[str] = set()
    cooled: set[str] = set()
    cases = {trial.key.case for trial in results} - {CALIBRATION_CASE}
    for trial in results:
        case = trial.key.case
        if case == CALIBRATION_CASE or trial.service:
            continue
        if trial.key.cache == CacheState.WARM and case in cooled:
            found.add(trial.trial_id)
        if trial.facts.page_cache_dropped:
            cooled |= cases
        cooled.discard(case)
    return found
