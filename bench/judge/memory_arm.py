"""The arm in which the memory of a case is compared and shown.

In a cold trial the engine unpacks the image and is charged for its page cache and for what the
kernel keeps of its files, so that a container started right after seems to need less than it does.
The trials of the need arm start with the image in place, the page cache dropped and no limits: what
the container reads is charged to it.
"""

from __future__ import annotations

from bench.standard.thresholds import INTERVAL_NEEDS

MEMORY = ("memory_peak_bytes", "memory_anon_peak_bytes", "memory_working_set_peak_bytes")
"""The metrics that this is about."""

CHARGED_ELSEWHERE = (
    "without the page cache of the image, which is charged to the engine that unpacked it"
)
"""The note on the memory of a container whose image was pulled just before."""


def by_need(need: int, fit: int) -> bool:
    """Whether the need arm is taken, with so many trials in it: else those under limits.

    In `need` those count in which the image failed: their failure is a part of the comparison.

    It is taken wherever there is one, but where only the other has trials enough to compare.
    """
    return need >= INTERVAL_NEEDS or (need > 0 and fit < INTERVAL_NEEDS)
