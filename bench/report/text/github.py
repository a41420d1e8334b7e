"""Annotations for GitHub Actions: what needs somebody's eyes, the gravest first, ten at most.

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
    found = [one for one in reason_groups(run) if _level(one.first)]
    found.sort(key=lambda one: _level(one.first) != "error")
    first = _first(run)
    most = MOST - len(first)
    shown = found if len(found) <= most else found[: most - 1]
    lines = [*first, *(_command(one) for one in shown)]
    if len(found) > len(shown):
        more = len(found) - len(shown)
        lines.append(f"::notice title=bench::and {more} more: see summary.md")
    return lines


def _first(run: "Run") -> list[str]:
    """What comes before the rows: an earlier run, and what went wrong with each case."""
    found = [("baseline", one_line(baseline_words(run)))] if run.baseline_code else []
    for one in failing(run):
        said = "\n".join((*one.lines, *(f"{name}: {value}" for name, value in one.facts)))
        lines = said.replace("\n", "\n  ")  # no line of it begins like a command
        text = f"{lines}\nWhat to do: {one.remedy}" if one.remedy else lines
        found.append((f"{one.case} {one.headline}", text))
    most = MOST // 2
    return [
        f"::error title={_property(one_line(name))}::{_data(text)}" for name, text in found[:most]
    ]


def annotations_text(run: "Run") -> str:
    """The annotations, one a line."""
    return "".join(f"{line}\n" for line in annotations(run))


def _level(verdict: "Verdict") -> str:
    """`error`, `warning`, or empty for what nobody needs to look at."""
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
    return f"::{_level(group.first)} title={_property(one_line(title))}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
