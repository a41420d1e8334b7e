"""Findings in Dockerfiles, and verdicts of a run, as SARIF 2.1.0, which code hosts show.

Source: OASIS Standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.core.domain import Severity
from bench.core.text import clean, clean_tree
from bench.core.version import __version__
from bench.dockerfile.lint.finding import LintSeverity
from bench.dockerfile.lint.lint import RULES
from bench.judge.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.dockerfile.lint.finding import LintFinding, LintRule
    from bench.judge.model import Verdict
    from bench.results.run import Run

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_KINDS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.INCONCLUSIVE: "review",
    Outcome.ERROR: "open",
    Outcome.NOT_MEASURED: "notApplicable",
}
"""How far a verdict is one; what could not be judged is open, and no pass."""
_VERDICT_LEVELS = {Severity.BLOCK: "error", Severity.WARN: "warning"}
_LEVELS = {LintSeverity.ERROR: "error", LintSeverity.WARNING: "warning", LintSeverity.INFO: "note"}


def lint_sarif(found: Sequence[tuple[Path, LintFinding]]) -> str:
    """The findings in files as a SARIF log with one run.

    Args:
        found: each file with a finding in it; a relative path is taken to start where the reader's
            repository does.
    """
    return _log("bench lint", [_rule(rule) for rule in RULES.values()], list(_results(found)))


def run_sarif(run: Run) -> str:
    """The verdicts of a run as a SARIF log with one run: those that are met pass.

    A failure that the scenario expects is suppressed, with that as its justification.
    """
    rules = {
        verdict.id: {
            "id": verdict.id,
            "shortDescription": {"text": verdict.title or verdict.id},
            "help": {"text": f"`bench explain {verdict.id}` says more."},
        }
        for verdict in run.verdicts
    }
    index = {name: number for number, name in enumerate(rules)}
    file = run.header.scenario_file
    uri = "" if file.startswith("--") else _uri(Path(file))  # options stood for a file
    results = [
        {"ruleIndex": index[verdict.id], **_result(verdict, uri)} for verdict in run.verdicts
    ]
    return _log("bench", list(rules.values()), results)


def _log(tool: str, rules: list[dict[str, Any]], results: list[dict[str, Any]]) -> str:
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": tool, "version": __version__, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(clean_tree(document), indent=2, ensure_ascii=False)


def _result(verdict: Verdict, uri: str) -> dict[str, Any]:
    kind = _KINDS[verdict.verdict]
    place: dict[str, Any] = {"logicalLocations": [{"name": verdict.case, "kind": "resource"}]}
    if uri:
        place["physicalLocation"] = {"artifactLocation": {"uri": uri}}
    found: dict[str, Any] = {
        "ruleId": verdict.id,
        "kind": kind,
        "level": "none" if kind != "fail" else _VERDICT_LEVELS[Severity(verdict.severity)],
        "message": {"text": f"{verdict.case}: {_sentence(verdict.reason)}"},
        "locations": [place],
        "partialFingerprints": {"benchVerdict/v1": f"{verdict.case}/{verdict.id}/{verdict.cache}"},
    }
    if kind == "fail" and verdict.remedy:
        found["message"]["text"] += f" What to do: {_sentence(verdict.remedy)}"
    if kind == "fail" and verdict.expected:
        why = "the scenario expects it to fail"
        found["suppressions"] = [{"kind": "external", "justification": why}]
    return found


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _rule(rule: LintRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} What to do: {rule.remedy}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _results(found: Iterable[tuple[Path, LintFinding]]) -> Iterable[dict[str, Any]]:
    index = {name: number for number, name in enumerate(RULES)}
    seen: dict[str, int] = {}
    for path, finding in found:
        uri = _uri(path)
        same = f"{uri}\n{finding.rule}\n{finding.message}"
        seen[same] = seen.get(same, 0) + 1
        yield {
            "ruleId": finding.rule,
            "ruleIndex": index[finding.rule],
            "level": _LEVELS[finding.severity],
            "message": {"text": f"{finding.message}. What to do: {finding.remedy}."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": uri},
                        "region": {"startLine": finding.line, "endLine": finding.last_line},
                    }
                }
            ],
            # without the line: it stays the same finding when others come before it
            "partialFingerprints": {
                "benchLint/v1": hashlib.sha256(f"{same}\n{seen[same]}".encode()).hexdigest()
            },
        }


def _uri(path: Path) -> str:
    """A relative path as a relative URI, an absolute one as a `file:` URI."""
    text = clean(PurePath(path).as_posix())
    return ("file://" if path.is_absolute() else "") + quote(text.removeprefix("./"))
