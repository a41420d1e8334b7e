"""`bench improve`: its options, and what it says without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from bench.cli import improve
from bench.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'FROM a:1\nUSER 1\nHEALTHCHECK CMD ["x"]\nCMD ["x"]\n'
SCENARIO = "version: 1\nname: s\ncases: {web: {build: {context: ., dockerfile: other}}}\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(improve.command, [str(it) for it in arguments])


@pytest.fixture
def dockerfile(tmp_path) -> Path:
    path: Path = tmp_path / "Dockerfile"
    path.write_text(GOOD)
    return path


def test_without_findings_there_is_nothing_to_do(dockerfile):
    done = run(dockerfile, "--progress", "plain")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing to mend" in done.stderr
    assert dockerfile.read_text() == GOOD


def test_what_no_rule_can_mend_is_said(dockerfile):
    dockerfile.write_text('FROM a\nUSER 1\nCMD ["x"]\n')
    done = run(dockerfile, "--progress", "plain")
    assert done.exit_code == 0
    assert "a has no tag: which release is meant" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--case", "web"), "needs --scenario"),
        (("--scenario", "s.yaml", "--http", "80"), "cannot be used with --scenario"),
        (("--scenario", "s.yaml"), "is not what web of s.yaml is built from"),
        (("--http", "80", "--tcp", "80"), "at most one"),
        (("--context", "elsewhere"), "is not in the context"),
    ],
)
def test_options_that_contradict_each_other_are_refused(arguments, words, dockerfile, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "s.yaml").write_text(SCENARIO)
    (tmp_path / "other").write_text(GOOD)
    done = run(dockerfile, *arguments)
    assert isinstance(done.exception, UsageError)
    assert words in str(done.exception)


def test_a_file_that_is_no_dockerfile_is_refused(dockerfile):
    dockerfile.write_text("hello\n")
    assert isinstance(run(dockerfile).exception, UsageError)
