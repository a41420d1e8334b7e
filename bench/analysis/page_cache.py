"""Whether a trial that is called warm found the host as its own case had left it.

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
    cases = {one.key.case for one in results} - {CALIBRATION_CASE}
    for one in results:
        case = one.key.case
        if case == CALIBRATION_CASE or one.service:
            continue
        if one.key.cache == CacheState.WARM and case in cooled:
            found.add(one.trial_id)
        if one.facts.page_cache_dropped:
            cooled |= cases
        cooled.discard(case)
    return found
