"""The findings in a Dockerfile, less those that its comments ignore."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from bench.core.errors import LocatedError, UsageError
from bench.dockerfile.faults import dockerfile_faults
from bench.dockerfile.lint import (
    cache_rules,
    content_rules,
    form_rules,
    ignores,
    install_rules,
    layer_rules,
    start_rules,
)
from bench.dockerfile.lint.dockerfile import Dockerfile
from bench.dockerfile.lint.finding import LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.dockerfile.lint.finding import LintRule

RULES = {
    rule.id: rule
    for rules in (
        install_rules.RULES,
        start_rules.RULES,
        content_rules.RULES,
        cache_rules.RULES,
        layer_rules.RULES,
        form_rules.RULES,
        ignores.RULES,
    )
    for rule in rules
}
"""All rules by their id."""

_LARGEST_BYTES = 1024 * 1024
_OF_THIS_PROCESS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def lint_file(path: Path) -> list[LintFinding]:
    """The findings in a file.

    Raises:
        UsageError: it cannot be read, or is no Dockerfile.
    """
    try:
        if path.is_fifo() and not str(path).startswith(_OF_THIS_PROCESS):
            raise UsageError(str(path), "is a pipe", "name a file, or /dev/stdin")
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        remedy = "name the Dockerfile in it" if path.is_dir() else "give the path of a Dockerfile"
        raise UsageError(str(path), f"cannot be read: {error.strerror}", remedy) from error
    if len(data) > _LARGEST_BYTES:
        raise UsageError(str(path), "is larger than 1 MiB, so it is hardly a Dockerfile")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(str(path), "is no text in UTF-8") from error
    return lint(text, path)


def lint(text: str, path: Path) -> list[LintFinding]:
    """The findings in a Dockerfile, in the order of its lines.

    Args:
        text: of the file.
        path: where it is; its folder is taken as the context of the build.

    Raises:
        LocatedError: no builder takes it for a Dockerfile.
    """
    return findings(Dockerfile(text, path))


def findings(file: Dockerfile) -> list[LintFinding]:
    """The findings in a Dockerfile, in the order of its lines.

    Raises:
        LocatedError: no builder takes it for a Dockerfile.
    """
    if faults := dockerfile_faults(file.text, str(file.path)):
        raise LocatedError(faults)
    found = [
        _finding(rule, instruction.line, instruction.last_line, message)
        for rule in RULES.values()
        if rule.find
        for instruction, message in rule.find(file)
    ]
    given = list(ignores.ignores(file))
    silenced = {(ignore.rule, ignore.covers) for ignore in given}
    kept = [finding for finding in found if (finding.rule, finding.line) not in silenced]
    kept += _of_ignores(given, {(finding.rule, finding.line) for finding in found})
    return sorted(kept, key=lambda finding: (finding.line, finding.rule))


def _finding(rule: LintRule, line: int, last_line: int, message: str) -> LintFinding:
    return LintFinding(rule.id, rule.severity, line, last_line, message, rule.remedy)


def _of_ignores(given: list[ignores.Ignore], found: set[tuple[str, int]]) -> Iterator[LintFinding]:
    """Findings about the comments that ignore others."""
    for ignore in given:
        if ignore.rule not in RULES:
            near = difflib.get_close_matches(ignore.rule[:40], RULES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"there is no rule {ignore.rule[:40] or 'named'}{hint}"
            yield _finding(ignores.UNKNOWN_RULE, ignore.line, ignore.line, message)
        elif (ignore.rule, ignore.covers) not in found:
            message = f"no {ignore.rule} is found at the instruction after it"
            yield _finding(ignores.WITHOUT_EFFECT, ignore.line, ignore.line, message)
        elif not ignore.reason:
            message = f"{ignore.rule} is ignored without a reason"
            yield _finding(ignores.WITHOUT_REASON, ignore.line, ignore.line, message)
