"""What a run measured of the findings in a Dockerfile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.units import format_bytes, format_seconds
from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.facts.image import DockerfileFinding, ImageFacts
    from bench.judge.line_costs import DockerfileCosts, LineCost


@dataclass(frozen=True)
class Measured:
    """The trials and figures that may bear out a finding.

    Attributes:
        image: of the case.
        costs: of the lines of its Dockerfile.
        trials: that got ready, with the network open.
        cut: whether it got ready in each trial with the network cut off.
    """

    image: ImageFacts
    costs: DockerfileCosts
    trials: Sequence[TrialResult]
    cut: Sequence[bool]


def finding_evidence(finding: DockerfileFinding, measured: Measured) -> str:
    """What was measured of it, in words; empty if nothing was."""
    if finding.rule in _OF_LAYERS:
        return _of_line(finding, measured)
    return _OF_RULES[finding.rule](measured) if finding.rule in _OF_RULES else ""


def _of_line(finding: DockerfileFinding, measured: Measured) -> str:
    """The bytes and seconds of the line that it is about."""
    for cost in measured.costs.lines:
        if cost.instruction.line == finding.line and cost.unpacked_bytes:
            seconds = "" if cost.start_s is None else f", {format_seconds(cost.start_s)}"
            of = " of a cold start" if seconds else ""
            share = "" if cost.opened_bytes is None else _opened_words(cost)
            return f"its layers: {format_bytes(cost.unpacked_bytes)}{seconds}{of}{share}"
    return ""


def _opened_words(cost: LineCost) -> str:
    share = (cost.opened_bytes or 0) / (cost.unpacked_bytes or 1)
    return f"; {share:.0%} in files that were opened before ready"


def _of_stop(measured: Measured) -> str:
    """Whether the stop signal reached what it was meant for."""
    stopped = [trial.metrics for trial in measured.trials if "stop_s" in trial.metrics]
    if not stopped:
        return ""
    took = format_seconds(median([metrics["stop_s"] for metrics in stopped]))
    killed = sum(bool(metrics.get("stop_killed")) for metrics in stopped)
    if killed:
        return f"killed after its grace period in {killed} of {len(stopped)} stops ({took})"
    return f"no harm seen: it ended {took} after the stop signal (median of {len(stopped)})"


def _of_contacts(measured: Measured) -> str:
    """Whether it contacted others before it was ready, and whether it can do without."""
    tried = [
        trial.metrics["egress_attempts"]
        for trial in measured.trials
        if "egress_attempts" in trial.metrics
    ]
    said = []
    if tried:
        some = sum(bool(count) for count in tried)
        said.append(f"contacts outside before it was ready in {some} of {len(tried)} trials")
    if measured.cut:
        failed = len(measured.cut) - sum(measured.cut)
        said.append(
            f"with the network cut off, it failed in {failed} of {len(measured.cut)} trials"
        )
    return "; ".join(said)


def _of_rebuild(measured: Measured) -> str:
    """What a small change makes new."""
    image = measured.image
    if image.rebuild_s is None or image.rebuilt is None:
        return ""
    return (
        f"a small change repeats {len(image.rebuilt)} steps, in {format_seconds(image.rebuild_s)}"
    )


def _of_cpu(measured: Measured) -> str:
    """What a start computes, compiling included."""
    used = [
        it.metrics["cpu_to_ready_s"] for it in measured.trials if "cpu_to_ready_s" in it.metrics
    ]
    if not used:
        return ""
    return f"CPU time up to ready: {format_seconds(median(used))} (median of {len(used)})"


def _of_user(measured: Measured) -> str:
    user = str(measured.image.config.get("User") or "")
    return f"the image's user is {user}" if user else "the image has no user: it runs as root"


_OF_LAYERS = (
    *("add-of-url", "apk-cache-kept", "apt-lists-kept", "apt-recommends", "apt-update-alone"),
    *("apt-upgrade", "build-tools-shipped", "chmod-in-later-layer", "conda-cache-kept"),
    *("devel-base-shipped", "dnf-cache-kept", "late-chown", "missing-dockerignore"),
    *("node-dev-dependencies", "npm-cache-kept", "pip-cache-kept", "torch-with-cuda"),
)
"""Rules whose cost lies in the layers of the line that they are about."""

_OF_RULES = {
    "shell-wrapper": _of_stop,
    "entrypoint-script-without-exec": _of_stop,
    "download-at-start": _of_contacts,
    "bytecode-never-kept": _of_cpu,
    "copy-before-install": _of_rebuild,
    "no-user": _of_user,
}
