"""Annotations for GitHub Actions: failures and warnings, the gravest first, ten at most.

A step shows about ten annotations of each kind and drops the rest without a word, so the last
one says how many there are.
"""

# Without `from __future__ import annotations`, whose name the function here has.
from typing import TYPE_CHECKING

from bench.judge.model import Outcome
from bench.report.baseline import baseline_words
from bench.report.failing import failing
from bench.report.rows import ReasonGroup, reason_groups
from bench.report.wording import one_line

if TYPE_CHECKING:
    from bench.judge.model import Verdict
    from bench.results.run import Run

MOST = 10


def annotations(run: "Run") -> list[str]:
    """At most ten workflow commands; none where everything passed or failed as expected."""
    found = [group for group in reason_groups(run) if _level(group.first)]
    found.sort(key=lambda group: _level(group.first) != "error")
    first = _first(run)
    most = MOST - len(first)
    shown = found if len(found) <= most else found[: most - 1]
    lines = [*first, *(_command(group) for group in shown)]
    if len(found) > len(shown):
        more = len(found) - len(shown)
        lines.append(f"::notice title=bench::and {more} more: see summary.md")
    return lines


def _first(run: "Run") -> list[str]:
    """The first annotations: the earlier run, and the failure of each case."""
    found = [("baseline", one_line(baseline_words(run)))] if run.baseline_code else []
    for problem in failing(run):
        said = "\n".join((*problem.lines, *(f"{name}: {value}" for name, value in problem.facts)))
        lines = said.replace("\n", "\n  ")  # no line of it begins like a command
        text = f"{lines}\nWhat to do: {problem.remedy}" if problem.remedy else lines
        found.append((f"{problem.case} {problem.headline}", text))
    most = MOST // 2
    return [
        f"::error title={escaped_property(one_line(name))}::{escaped_data(text)}"
        for name, text in found[:most]
    ]


def annotations_text(run: "Run") -> str:
    """The annotations, one per line."""
    return "".join(f"{line}\n" for line in annotations(run))


def _level(verdict: "Verdict") -> str:
    """`error`, `warning`, or empty where there is nothing to do."""
    outcome = verdict.verdict
    if outcome in (Outcome.PASS, Outcome.FAIL) and verdict.expected:
        return ""
    if outcome is Outcome.NOT_MEASURED and not verdict.required:
        return ""
    return "warning" if verdict.severity == "warn" else "error"


def _command(group: ReasonGroup) -> str:
    title = f"{', '.join(group.cases)}: {group.rule}"
    remedy = f"\nWhat to do: {one_line(group.first.remedy)}" if group.first.remedy else ""
    message = f"{one_line(group.first.reason)}{remedy}"
    name = escaped_property(one_line(title))
    return f"::{_level(group.first)} title={name}::{escaped_data(message)}"


def escaped_data(text: str) -> str:
    """`text` as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    """`text` as a property of a workflow command, such as its title."""
    return escaped_data(text).replace(":", "%3A").replace(",", "%2C")
