"""Findings in Dockerfiles as SARIF 2.1.0, which code hosts show beside the lines.

Source: OASIS Standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.core.text import clean, clean_tree
from bench.core.version import __version__
from bench.dockerfile.lint.finding import LintSeverity
from bench.dockerfile.lint.lint import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.dockerfile.lint.finding import LintFinding, LintRule

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {LintSeverity.ERROR: "error", LintSeverity.WARNING: "warning", LintSeverity.INFO: "note"}


def lint_sarif(found: Sequence[tuple[Path, LintFinding]]) -> str:
    """The findings in files as a SARIF log with one run.

    Args:
        found: each file with a finding in it; a relative path is taken to start where the reader's
            repository does.
    """
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "bench lint",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in RULES.values()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": list(_results(found)),
            }
        ],
    }
    return json.dumps(clean_tree(document), indent=2, ensure_ascii=False)


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
