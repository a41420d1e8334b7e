"""The sections of a report: what was measured beside the checklist and the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.cache_states import cache_states
from bench.report.contacts import contacts
from bench.report.excerpts import excerpts
from bench.report.gpu import gpu
from bench.report.own_load import own_load_section
from bench.report.right_size import right_size
from bench.report.scale_out import scale_out
from bench.report.slowest_link import slowest_link
from bench.report.spent import time_to_ready
from bench.report.stack import stack
from bench.report.stopping import stopping
from bench.report.workload import workload

if TYPE_CHECKING:
    from bench.report.section import Section
    from bench.results.run import Run

_MAKERS = (
    workload,
    stack,
    excerpts,
    cache_states,
    slowest_link,
    time_to_ready,
    gpu,
    contacts,
    scale_out,
    stopping,
    right_size,
    own_load_section,
)


def sections(run: Run) -> list[Section]:
    """Those that there is data for, in the order of a report."""
    found = (make(run) for make in _MAKERS)
    return [one for one in found if one is not None]
