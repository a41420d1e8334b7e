"""`bench validate` and `bench schema` on the command line."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bench.cli.validate import command
from tests.scenario.examples import QUICKSTART, prepare
from tests.scenario.marked import case

HEAVY = ("docker", "pandas", "numpy", "scipy", "matplotlib", "jinja2", "psutil", "rich", "requests")

SOON_S = 0.8
"""CPU time; 0.3 s on an idle machine, where the promise is 0.5 s, and twice that on a busy one."""


@pytest.fixture
def files(tmp_path):
    folder = prepare(tmp_path)
    paths = [folder / name for name in ("good.yaml", "one.yaml", "bad.yaml", "worse.yaml")]
    texts = (QUICKSTART, case("command: x"), case("repeat: 0"), "name: [\n")
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return [str(path) for path in paths]


def test_good_files_are_named_with_their_cases(files):
    result = CliRunner().invoke(command, files[:2])
    assert result.exit_code == 0
    assert result.stdout == f"{files[0]}: ok (2 cases)\n{files[1]}: ok (1 case)\n"
    assert result.stderr == ""


def test_faults_of_all_files_go_to_stderr_and_the_code_is_2(files):
    result = CliRunner().invoke(command, files)
    assert result.exit_code == 2
    assert result.stdout == f"{files[0]}: ok (2 cases)\n{files[1]}: ok (1 case)\n"
    assert f"{files[2]}:3:63: `repeat`: 0 is too small" in result.stderr
    assert "      = the least is 1" in result.stderr
    assert f"{files[3]}:2:1:" in result.stderr


def test_json_is_a_list_of_faults_on_stdout(files):
    result = CliRunner().invoke(command, ["--format", "json", *files[:3]])
    assert result.exit_code == 2
    assert result.stderr == ""
    (fault,) = json.loads(result.stdout)
    assert fault == {
        "file": files[2],
        "line": 3,
        "col": 63,
        "message": "`repeat`: 0 is too small",
        "suggestion": "the least is 1",
        "source_line": case("repeat: 0").split("\n")[2],
    }
    result = CliRunner().invoke(command, ["--format", "json", files[0]])
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_overrides_are_checked_too(files):
    result = CliRunner().invoke(command, [files[0], "--set", "cases.god.repeat=3"])
    assert result.exit_code == 2
    assert "--set:1:7: there is no case 'god'" in result.stderr


def test_a_file_is_needed():
    assert CliRunner().invoke(command, []).exit_code == 2


def test_it_is_quick_and_loads_nothing_heavy(files):
    program = (
        "import sys, time\n"
        "from bench.cli.validate import command\n"
        "try: command(sys.argv[1:])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        f"heavy = sorted(set(sys.modules) & set({HEAVY!r}))\n"
        "assert not heavy, heavy\n"
        "print(time.process_time())\n"
    )
    took: list[float] = []
    while len(took) < 3 and not (took and took[-1] < SOON_S):
        done = subprocess.run(
            [sys.executable, "-c", program, files[0]],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        took.append(float(done.stdout.split("\n")[1]))
    assert min(took) < SOON_S
