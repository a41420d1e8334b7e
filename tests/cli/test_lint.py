"""`bench lint`: what it prints, and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import lint
from bench.cli.explain import explanation
from bench.dockerfile.lint.lint import RULES

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


def test_sarif_is_read_by_others_with_levels_places_and_rules(tmp_path, monkeypatch):
    from sarif_pydantic import Sarif

    monkeypatch.chdir(tmp_path)
    write(tmp_path, 'FROM a\nUSER 1\nENV API_TOKEN=secret-secret\nCMD ["x"]\n', "my file")
    write(tmp_path, GOOD, "good")
    result = run("--format", "sarif", "my file", "good", str(tmp_path / "my file"))
    assert result.exit_code == 1
    log = Sarif.model_validate_json(result.stdout)
    (only,) = log.runs
    assert [rule.id for rule in only.tool.driver.rules] == list(RULES)
    here = json.loads(result.stdout)["runs"][0]["results"]
    places = [found["locations"][0]["physicalLocation"] for found in here]
    assert {place["artifactLocation"]["uri"] for place in places} == {
        "my%20file",
        (tmp_path / "my file").as_uri(),
    }
    levels = {found["ruleId"]: found["level"] for found in here}
    assert levels["unpinned-base"] == "warning"
    assert levels["secret-in-env"] == "error"
    assert levels["no-healthcheck"] == "note"
    by_rule = {found["ruleId"]: found for found in here}
    assert by_rule["secret-in-env"]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 3,
        "endLine": 3,
    }
    assert all(only.tool.driver.rules[found["ruleIndex"]].id == found["ruleId"] for found in here)


def test_in_sarif_a_finding_is_the_same_when_lines_come_before_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def fingerprints(text: str) -> set[str]:
        write(tmp_path, text)
        log = json.loads(run("--format", "sarif", "Dockerfile").stdout)
        found = [one["partialFingerprints"]["benchLint/v1"] for one in log["runs"][0]["results"]]
        assert len(set(found)) == len(found)
        return set(found)

    twice = "FROM a:1\nUSER 1\nRUN apt-get install -y x\nRUN apt-get install -y x\n"
    assert fingerprints(twice) == fingerprints(f"# new\n\n{twice}")
    assert fingerprints(twice) > fingerprints("FROM a:1\nUSER 1\n")


def test_what_no_builder_takes_is_refused(tmp_path):
    for text in ("FROM\n", "FROM a:1 b c d\n", "FROM a:1 AS\n", "FROM a:1\nCOPY\n"):
        result = run(write(tmp_path, text))
        assert result.exit_code == 2, text
        assert f"{tmp_path / 'Dockerfile'}:" in result.stderr


def test_a_pipe_is_not_waited_for_and_others_are_read_all_the_same(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    result = run(str(tmp_path / "pipe"), write(tmp_path, WARNED))
    assert result.exit_code == 2
    assert "is a pipe" in result.stderr
    assert "unpinned-base" in result.stdout


def test_a_start_script_that_leads_to_itself_is_no_script(tmp_path):
    (tmp_path / "run.sh").symlink_to("run.sh")
    path = write(tmp_path, 'FROM a:1\nCOPY run.sh /run.sh\nUSER 1\nENTRYPOINT ["/run.sh"]\n')
    assert run(path).exit_code == 0


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_the_exit_code_holds_though_nobody_reads_what_was_found(tmp_path, form):
    path = write(tmp_path, WARNED * 2000)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "bench", "lint", "--format", form, path],
        stdout=writer, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_error_that_nobody_reads_keeps_its_exit_code(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bench", "lint", str(tmp_path / "absent")],
            stderr=full, check=False,
        )  # fmt: skip
    assert done.returncode == 2
