"""What to mend first: the lines of a Dockerfile whose mend is worth most, by what was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.units import format_bytes, format_seconds
from bench.images.leftovers import KINDS
from bench.judge.finding_evidence import finding_evidence
from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.journal.facts.image import DockerfileFinding
    from bench.judge.finding_evidence import Measured
    from bench.judge.line_costs import LineCost

_LEAST_BYTES = 1024 * 1024
_LEAST_S = 0.05
"""Below both of these, a mend is not worth a line."""

_COVERED = {
    "apt-lists-kept": "apt-lists",
    "apk-cache-kept": "package-cache",
    "dnf-cache-kept": "package-cache",
    "pip-cache-kept": "pip-cache",
    "npm-cache-kept": "npm-cache",
    "conda-cache-kept": "conda-cache",
    "build-tools-shipped": "compilers",
}
"""Rules whose bytes are known as a kind of leftover."""

_WHOLE_LINE = (
    *("apt-recommends", "devel-base-shipped", "late-chown", "chmod-in-later-layer"),
    *("missing-dockerignore", "node-dev-dependencies", "torch-with-cuda", "apt-upgrade"),
)
"""Rules whose mend saves a part of the line's layers, and it is not known which."""

_UNOPENED_BYTES = 16 * 1024 * 1024
_UNOPENED_SHARE = 0.95
"""From both on, a line ships next to nothing that the start needs."""

_AT_MOST = "saves at most"
_OF_THE_BASE = "name a smaller base, such as the slim variant of the same release"


@dataclass(frozen=True)
class Fix:
    """A mend and what it is worth.

    Attributes:
        line: of the Dockerfile.
        what: is wrong there.
        remedy: what to do.
        size_bytes: unpacked bytes that it saves; None if that is unknown.
        seconds: of a cold start, or of `seconds_of`, that it saves; None if unknown.
        seconds_of: what the seconds are of.
        how: what the figures are: what is saved, its upper bound, or what the fault takes.
        evidence: what was measured, if neither is known.
    """

    line: int
    what: str
    remedy: str
    size_bytes: int | None = None
    seconds: float | None = None
    seconds_of: str = "a cold start"
    how: str = "saves about"
    evidence: str = ""

    @property
    def gain(self) -> str:
        """What it saves, in words; what was measured, if that is unknown."""
        parts = [] if self.size_bytes is None else [format_bytes(self.size_bytes)]
        if self.seconds is not None:
            parts.append(f"{format_seconds(self.seconds)} of {self.seconds_of}")
        if not parts:
            return self.evidence
        return f"{self.how} {' and '.join(parts)}"


def fixes(measured: Measured) -> list[Fix]:
    """The mends of a Dockerfile, those that save most first.

    Leftovers of a layer are exact in bytes, and have their share of the seconds that the layer
    costs. Where only the line is known, both are at most those of the line. One mend is named for
    each kind of fault, and what brings too little is left out.
    """
    found = [*_of_leftovers(measured), *_of_findings(measured), *_of_unopened(measured)]
    worth = [fix for fix in found if fix.evidence or _is_worth_it(fix)]
    return sorted(worth, key=lambda fix: (-(fix.seconds or 0.0), -(fix.size_bytes or 0), fix.line))


def _is_worth_it(fix: Fix) -> bool:
    return (fix.size_bytes or 0) >= _LEAST_BYTES or (fix.seconds or 0.0) >= _LEAST_S


def _of_leftovers(measured: Measured) -> Iterator[Fix]:
    kinds = {kind.id: kind for kind in KINDS}
    for cost in measured.costs.lines:
        sizes: dict[str, int] = {}
        for index in cost.layers:
            for leftover in measured.image.layers[index].leftovers:
                sizes[leftover.kind] = sizes.get(leftover.kind, 0) + leftover.size_bytes
        known = {kind: size for kind, size in sizes.items() if kind in kinds}
        if cost.instruction.keyword == "FROM" and known:
            tools = {kind: known[kind] for kind in ("compilers", "headers") if kind in known}
            if tools:
                words = f"{cost.instruction.rest} holds compilers and headers"
                found = _leftover_fix(cost, words, _OF_THE_BASE, sum(tools.values()))
                yield replace(found, how="they take")  # another base may differ in more
            continue
        for kind, size in known.items():
            yield _leftover_fix(cost, kinds[kind].title, kinds[kind].remedy, size)


def _leftover_fix(cost: LineCost, what: str, remedy: str, size_bytes: int) -> Fix:
    seconds = None
    if cost.start_s is not None and cost.unpacked_bytes:
        seconds = cost.start_s * size_bytes / cost.unpacked_bytes
    return Fix(cost.instruction.line, what, remedy, size_bytes, seconds)


def _of_findings(measured: Measured) -> Iterator[Fix]:
    of_line = {cost.instruction.line: cost for cost in measured.costs.lines}
    has_stop = False
    for finding in measured.costs.dockerfile.findings or ():
        cost = of_line.get(finding.line)
        if finding.rule in _WHOLE_LINE and cost is not None and cost.unpacked_bytes:
            yield Fix(
                finding.line,
                finding.message,
                finding.remedy,
                cost.unpacked_bytes,
                cost.start_s,
                how=_AT_MOST,
            )
        elif finding.rule == "download-at-start" and cost is not None and cost.start_s is not None:
            yield Fix(
                finding.line, finding.message, finding.remedy, None, cost.start_s, how=_AT_MOST
            )
        elif finding.rule in ("shell-wrapper", "entrypoint-script-without-exec") and not has_stop:
            stop = _killed_stop_s(measured)
            if stop is not None:
                has_stop = True
                yield Fix(
                    finding.line,
                    finding.message,
                    finding.remedy,
                    None,
                    stop,
                    "a stop",
                    how=_AT_MOST,
                )
        elif finding.severity == "error" and finding.rule not in _COVERED:
            yield _by_evidence(finding, measured)


def _of_unopened(measured: Measured) -> Iterator[Fix]:
    """Lines of whose files next to none was opened before ready, but those of the base."""
    for cost in measured.costs.lines:
        size, opened = cost.unpacked_bytes, cost.opened_bytes
        if cost.instruction.keyword == "FROM" or not size or opened is None:
            continue
        left = size - opened
        if left < _UNOPENED_BYTES or left < _UNOPENED_SHARE * size:
            continue
        what = f"{left / size:.0%} of its {format_bytes(size)} were not opened before ready"
        remedy = "leave out what is never used, or fetch it when it is needed"
        seconds = None if cost.start_s is None else cost.start_s * left / size
        yield Fix(cost.instruction.line, what, remedy, left, seconds, how=_AT_MOST)


def _by_evidence(finding: DockerfileFinding, measured: Measured) -> Fix:
    evidence = finding_evidence(finding, measured) or "not measured"
    return Fix(finding.line, finding.message, finding.remedy, evidence=evidence)


def _killed_stop_s(measured: Measured) -> float | None:
    """The median stop of those that ended by being killed."""
    killed = [
        trial.metrics["stop_s"] for trial in measured.trials if trial.metrics.get("stop_killed")
    ]
    return median(killed) if killed else None
