"""`bench explain`: a rule, a metric, an exit code or a term in words."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.errors import UsageError
from bench.core.metrics import METRICS, Better, Metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.dockerfile.lint.finding import LintRule
    from bench.standard.rule import Rule

EXIT_CODES = {
    "0": "every blocking threshold and check is met (known failures failed as expected)",
    "1": "a blocking threshold or check is not met, or there is a regression",
    "2": "usage or scenario error; nothing was run",
    "3": "could not judge: engine, registry, disk or harness at fault, an image that cannot be "
    "built or pulled, or a blocking verdict that is inconclusive, an error, or not measured",
    "130": "interrupted by SIGINT, after clean-up; partial results are kept",
    "143": "interrupted by SIGTERM, after clean-up; partial results are kept",
}
_DIRECTIONS = {
    Better.LOWER: "lower is better",
    Better.HIGHER: "higher is better",
    Better.NEITHER: "neither direction is better",
}


_TERM = re.compile(r"^\| \*\*(?P<term>[^*]+)\*\* \| (?P<meaning>.*) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^]]*)\]\(([^)]*)\)")


@click.command(name="explain")
@click.argument("subject", metavar="ID")
def command(subject: str) -> None:
    """Explain a checklist row (CI-5), a metric (startup_s), a rule of `bench lint` (no-user),
    an exit code (3), a term (cold, trial, inconclusive), or list them: `metrics`, `checklist`,
    `rules`, `exit-codes`, `terms`.
    """  # noqa: D205 - the whole is the help text
    click.echo(explanation(subject))


def explanation(subject: str) -> str:
    """The words for `subject`.

    Raises:
        UsageError: nothing is called that; the message suggests the nearest.
    """
    from bench.cli import COMMANDS
    from bench.dockerfile.lint.lint import RULES
    from bench.judge.ready import READY
    from bench.standard.checklist import load_checklist

    rows = {row.id: row for row in (*load_checklist("cloud-native", Path()).rules, READY)}
    terms = glossary()
    lists = {
        "metrics": {name: metric.title for name, metric in METRICS.items()},
        "checklist": {name: row.title for name, row in rows.items()},
        "rules": {name: rule.why for name, rule in RULES.items()},
        "exit-codes": EXIT_CODES,
        "terms": terms,
    }
    if subject in lists:
        width = max(map(len, lists[subject])) + 2
        return "\n".join(f"{name:<{width}}{text}" for name, text in lists[subject].items())
    explained: dict[str, Callable[[], str]] = {
        **{name: partial(_of_command, name) for name in COMMANDS},
        **{term.lower(): partial("{}: {}".format, term, text) for term, text in terms.items()},
        **{code: partial("exit code {}: {}".format, code, it) for code, it in EXIT_CODES.items()},
        **{name.lower(): partial(_of_row, row) for name, row in rows.items()},
        **{name: partial(_of_rule, rule) for name, rule in RULES.items()},
        **{name.lower(): partial(_of_metric, metric) for name, metric in METRICS.items()},
    }
    if subject.lower() in explained:
        return explained[subject.lower()]()
    import difflib

    near = difflib.get_close_matches(subject.lower(), (*explained, *lists), n=1)
    spelled = {name.lower(): name for name in (*terms, *rows, *METRICS)}
    raise UsageError(
        f"explain {subject}",
        "there is no such rule, metric, exit code or term",
        f"did you mean {spelled.get(near[0], near[0])}?" if near else f"try {', '.join(lists)}",
    )


def _of_command(name: str) -> str:
    from bench.cli import COMMANDS

    return f"bench {name}: {COMMANDS[name]} `bench {name} --help` says more."


def _of_metric(metric: Metric) -> str:
    head = f"{metric.name}: {metric.title} ({metric.unit or 'count'}, {_DIRECTIONS[metric.better]})"
    misleads = [f"Misleads: {metric.misleads}"] if metric.misleads else []
    return "\n".join([head, metric.meaning, *misleads])


def _of_rule(rule: LintRule) -> str:
    from bench.dockerfile.lint.pages import PAGES

    lines = [f"{rule.id}: a rule of bench lint ({rule.severity})"]
    lines += [f"Why: {rule.why}", f"Remedy: {rule.remedy}"]
    if page := PAGES.get(rule.id):
        lines += [f"Misleads: {page.misleads}"] if page.misleads else []
        for head, text in (("Instead of:", page.bad), ("Write:", page.good)):
            lines += [head, *(f"    {line}" for line in text.splitlines())]
    return "\n".join(lines)


def _of_row(row: Rule) -> str:
    texts = {
        "Why": row.why,
        "Judged on": row.judged_on,
        "Misleads": row.misleads,
        "Remedy": row.remedy,
    }
    told = [f"{name}: {text}" for name, text in texts.items() if text]
    return "\n".join([f"{row.id}: {row.title}", row.rule, *told])


def glossary() -> dict[str, str]:
    """Each term of docs/glossary.md and its meaning, without links."""
    package = Path(__file__).parents[1]
    places = (package / "glossary.md", package.parent / "docs" / "glossary.md")
    page = next((place for place in places if place.is_file()), None)
    text = page.read_text(encoding="utf-8") if page else ""
    return {
        found["term"]: _LINK.sub(_without_link, found["meaning"]) for found in _TERM.finditer(text)
    }


def _without_link(found: re.Match[str]) -> str:
    """The page that a link of the documents leads to; of a place on the same page, its words."""
    return found[1] if found[2].startswith("#") else f"docs/{found[2]}"
