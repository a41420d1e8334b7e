"""`bench lint`: what it prints, and its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from bench.cli import lint
from bench.cli.explain import explanation
from bench.dockerfile.lint.lint import RULES

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "FROM a:1\nUSER 1\n"
WARNED = "FROM a\nUSER 1\n"
INFORMED = 'FROM a:1\nUSER 1\nCMD ["x"]\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(lint.command, arguments)


def write(folder: Path, text: str, name: str = "Dockerfile") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize(
    ("text", "code"), [(GOOD, 0), (INFORMED, 0), (WARNED, 1), ("", 2), ("RUNN x\n", 2)]
)
def test_the_exit_code_says_what_was_found(tmp_path, text, code):
    assert run(write(tmp_path, text)).exit_code == code


def test_a_file_that_cannot_be_read_hides_no_finding_in_another(tmp_path):
    path = write(tmp_path, WARNED)
    result = run(str(tmp_path / "absent"), path)
    assert result.exit_code == 2
    assert "absent: cannot be read" in result.stderr
    assert f"{path}:1: warning: a has no tag [unpinned-base]\n      = name" in result.stdout


def test_a_good_file_is_named(tmp_path):
    path = write(tmp_path, GOOD)
    assert run(path).stdout == f"{path}: ok\n"


def test_json_is_one_list(tmp_path):
    path, good = write(tmp_path, WARNED), write(tmp_path, GOOD, "good")
    result = run("--format", "json", path, good)
    (one,) = json.loads(result.stdout)
    assert one.pop("remedy")
    assert one == {
        "file": path,
        "rule": "unpinned-base",
        "severity": "warning",
        "line": 1,
        "last_line": 1,
        "message": "a has no tag",
    }
    assert json.loads(run("--format", "json", good).stdout) == []


def test_annotations_name_file_and_line_and_cannot_be_forged(tmp_path):
    path = write(tmp_path, 'FROM a%0Ab\nUSER 1\nCMD ["x"]\n', "a,b")
    notice, warning = run("--format", "github", path).stdout.splitlines()
    place = f"file={path.replace(',', '%2C')},line=1,endLine=1"
    assert notice.startswith(f"::notice {place},title=no-healthcheck::")
    assert warning.startswith(f"::warning {place},title=unpinned-base::a%250Ab has no tag%0AWhat")


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path):
    path = write(tmp_path, "FROM a\x1b]0;x\x07b\nUSER 1\n")
    assert "\x1b" not in run(path).stdout


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_can_be_explained(rule):
    assert rule.why in explanation(rule.id)
