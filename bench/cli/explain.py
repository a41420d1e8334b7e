"""`bench explain`: a rule, a metric or an exit code in words."""

from __future__ import annotations

from pathlib import Path

import click

from bench.core.errors import UsageError
from bench.core.metrics import METRICS, Better

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


@click.command(name="explain")
@click.argument("subject", metavar="ID")
def command(subject: str) -> None:
    """Explain a checklist row (CI-5), a metric (startup_s), a rule of `bench lint` (no-user),
    an exit code (3), or a list: `metrics`, `checklist`, `exit-codes`.
    """  # noqa: D205 - the whole is the help text
    click.echo(explanation(subject))


def explanation(subject: str) -> str:
    """The words for `subject`.

    Raises:
        UsageError: nothing is called that; the message suggests the nearest.
    """
    from bench.dockerfile.lint.lint import RULES
    from bench.dockerfile.lint.pages import PAGES
    from bench.judge.ready import READY
    from bench.standard.checklist import load_checklist

    rules = {rule.id: rule for rule in (*load_checklist("cloud-native", Path()).rules, READY)}
    if subject == "metrics":
        width = max(map(len, METRICS)) + 2
        return "\n".join(f"{name:<{width}}{metric.title}" for name, metric in METRICS.items())
    if subject == "checklist":
        return "\n".join(f"{name:<8}{rule.title}" for name, rule in rules.items())
    if subject == "exit-codes":
        return "\n".join(f"{code:<5}{text}" for code, text in EXIT_CODES.items())
    if subject in EXIT_CODES:
        return f"exit code {subject}: {EXIT_CODES[subject]}"
    if subject in METRICS:
        metric = METRICS[subject]
        lines = [
            f"{subject}: {metric.title} ({metric.unit or 'count'}, {_DIRECTIONS[metric.better]})",
            metric.meaning,
        ]
        return "\n".join([*lines, f"Misleads: {metric.misleads}"] if metric.misleads else lines)
    if subject.lower() in RULES:
        found = RULES[subject.lower()]
        title = f"{found.id}: a rule of bench lint ({found.severity})"
        lines = [title, f"Why: {found.why}", f"Remedy: {found.remedy}"]
        if page := PAGES.get(found.id):
            lines += [f"Misleads: {page.misleads}"] if page.misleads else []
            for head, text in (("Instead of:", page.bad), ("Write:", page.good)):
                lines += [head, *(f"    {line}" for line in text.splitlines())]
        return "\n".join(lines)
    by_lower = {name.lower(): rule for name, rule in rules.items()}
    if subject.lower() in by_lower:
        rule = by_lower[subject.lower()]
        texts = {
            "Why": rule.why,
            "Judged on": rule.judged_on,
            "Misleads": rule.misleads,
            "Remedy": rule.remedy,
        }
        told = [f"{name}: {text}" for name, text in texts.items() if text]
        return "\n".join([f"{rule.id}: {rule.title}", rule.rule, *told])
    import difflib

    names = (*METRICS, *rules, *RULES, *EXIT_CODES, "metrics", "checklist", "exit-codes")
    known = {name.lower(): name for name in names}
    near = [known[name] for name in difflib.get_close_matches(subject.lower(), known, n=1)]
    raise UsageError(
        f"explain {subject}",
        "there is no such rule, metric or exit code",
        f"did you mean {near[0]}?" if near else "try metrics, checklist or exit-codes",
    )
