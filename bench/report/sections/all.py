"""The sections of a report: what was measured beside the checklist and the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.sections.cache_states import cache_states
from bench.report.sections.contacts import contacts
from bench.report.sections.dockerfile_findings import dockerfile_findings
from bench.report.sections.dockerfile_lines import dockerfile_lines
from bench.report.sections.excerpts import excerpts
from bench.report.sections.gpu import gpu
from bench.report.sections.ladder import ladder, more_of_ladder
from bench.report.sections.opened_files import opened_files_section
from bench.report.sections.own_load import own_load_section
from bench.report.sections.right_size import right_size
from bench.report.sections.scale_out import scale_out
from bench.report.sections.slowest_link import slowest_link
from bench.report.sections.stack import stack
from bench.report.sections.stopping import stopping
from bench.report.sections.time_breakdown import time_to_ready
from bench.report.sections.workload import workload

if TYPE_CHECKING:
    from bench.report.sections.section import Section
    from bench.results.run import Run

_MAKERS = (
    ladder,
    more_of_ladder,
    workload,
    stack,
    excerpts,
    cache_states,
    dockerfile_lines,
    dockerfile_findings,
    opened_files_section,
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
    return [section for section in found if section is not None]
