"""Findings in the Dockerfiles of the cases, and what the run measured of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.judge.finding_evidence import Measured, finding_evidence
from bench.report.sections.dockerfile_lines import costs_by_case
from bench.report.sections.section import Section
from bench.report.wording import visible
from bench.results.summary import good_trials, measured_states

if TYPE_CHECKING:
    from bench.judge.line_costs import DockerfileCosts
    from bench.results.run import Run

_NOT_MEASURED = "not measured"


def dockerfile_findings(run: Run) -> Section | None:
    """One row per finding; None if there is none."""
    rows = [
        (
            case,
            str(finding.line),
            finding.rule,
            visible(finding.message),
            finding_evidence(finding, measured) or _NOT_MEASURED,
            visible(finding.remedy),
        )
        for case, found in costs_by_case(run).items()
        if found.dockerfile.findings
        for measured in [measured_of(run, case, found)]
        for finding in found.dockerfile.findings
    ]
    if not rows:
        return None
    return Section(
        title="findings in the Dockerfiles",
        beside="by the rules of `bench lint`, with what this run measured of each",
        columns=("case", "line", "rule", "finding", "measured here", "remedy"),
        rows=tuple(rows),
        notes=("`bench explain RULE` says more of each rule.",),
        in_terminal=False,
    )


def measured_of(run: Run, case: str, costs: DockerfileCosts) -> Measured:
    """What the run has of a case that bears on the findings in its Dockerfile."""
    good = [
        trial
        for cache, arm in measured_states(run, case)
        if arm == "fit"
        for trial in good_trials(run, case, cache)
    ]
    cut = [
        trial.status is TrialStatus.OK
        for trial in run.results
        if trial.key.case == case and trial.key.network != "open" and trial.status.counts
    ]
    return Measured(run.images[case], costs, good, cut)
