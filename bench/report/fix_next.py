"""The mends that are worth most, in a line each: what a report says to fix next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.judge.fixes import fixes
from bench.report.sections.dockerfile_findings import measured_of
from bench.report.sections.dockerfile_lines import costs_by_case
from bench.report.wording import one_line, visible

if TYPE_CHECKING:
    from bench.judge.fixes import Fix
    from bench.results.run import Run

MOST = 3


def fix_next(run: Run) -> list[str]:
    """At most three lines over all cases, the one that saves most first."""
    found = [
        (fix.seconds or 0.0, fix.size_bytes or 0, case, fix)
        for case, costs in costs_by_case(run).items()
        for fix in fixes(measured_of(run, case, costs))
    ]
    found.sort(key=lambda it: it[:2], reverse=True)
    return [_line(case, fix) for _, _, case, fix in found[:MOST]]


def _line(case: str, fix: Fix) -> str:
    remedy = fix.remedy[:1].upper() + fix.remedy[1:]
    return visible(one_line(f"{case}, line {fix.line}: {fix.what}. {remedy} ({fix.gain})"))
