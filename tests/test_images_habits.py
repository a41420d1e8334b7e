"""The images of habits: each is the good one with one bad habit more, and nothing else."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from bench.scenario.loading.load import load_scenario

ROOT = Path(__file__).parent.parent
HABITS = ROOT / "images" / "habits"
SCENARIO = ROOT / "scenarios" / "dockerfile-habits.yaml"


def instructions(path: Path) -> list[str]:
    """The lines of a Dockerfile that do something."""
    lines = path.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def difference(path: Path) -> tuple[list[str], list[str]]:
    """The lines that the good Dockerfile has and `path` has not, and the other way round."""
    lines = list(difflib.ndiff(instructions(HABITS / "good.Dockerfile"), instructions(path)))
    gone = [line[2:] for line in lines if line.startswith("- ")]
    new = [line[2:] for line in lines if line.startswith("+ ")]
    return gone, new


INSTALL = "RUN pip install --no-cache-dir --compile --requirement requirements.txt"
APT = " && apt-get install -y --no-install-recommends "
GCC = "RUN gcc -O2 -shared -fPIC -o /usr/local/lib/libdigest.so native/digest.c -lxxhash"
EXEC = 'CMD ["python", "-m", "app"]'

ONE_LINE = {
    "fat-base": (["FROM python:3.11-slim-bookworm"], ["FROM python:3.11-bookworm"]),
    "apt-lists": (
        [f"{APT}libxxhash0 \\", " && rm -rf /var/lib/apt/lists/*"],
        [f"{APT}libxxhash0"],
    ),
    "pip-cache": ([INSTALL], [INSTALL.replace(" --no-cache-dir", "")]),
    "late-chown": ([], ["RUN chown -R 10001:10001 /srv /usr/local"]),
    "no-bytecode": (
        [INSTALL],
        ["ENV PYTHONDONTWRITEBYTECODE=1", INSTALL.replace("--compile", "--no-compile")],
    ),
    "buffered": (["ENV PYTHONUNBUFFERED=1"], []),
    "shell-form": ([EXEC], ["CMD python -m app"]),
}


@pytest.mark.parametrize("name", ONE_LINE)
def test_a_habit_of_a_line_is_that_line(name):
    assert difference(HABITS / f"{name}.Dockerfile") == ONE_LINE[name]


def test_copying_first_is_the_same_instructions_less_one_in_another_order():
    lines = instructions(HABITS / "copy-first.Dockerfile")
    assert lines.index("COPY . .") < lines.index(INSTALL)
    good = instructions(HABITS / "good.Dockerfile")
    assert sorted(lines) == sorted(line for line in good if line != "COPY requirements.txt .")


def test_build_tools_are_left_by_one_stage_that_does_what_two_did():
    gone, new = difference(HABITS / "build-tools.Dockerfile")
    assert "FROM python:3.11-slim-bookworm AS build" in gone
    assert not [line for line in new if line.startswith("FROM")]
    lines = instructions(HABITS / "build-tools.Dockerfile")
    assert lines.count(GCC) == 1
    assert f"{APT}gcc libc6-dev libxxhash-dev \\" in new
    assert not [line for line in lines if "COPY --from" in line]


def test_what_is_installed_at_the_start_is_not_in_the_image():
    gone, new = difference(HABITS / "download-at-start.Dockerfile")
    assert INSTALL in gone
    (command,) = [line for line in new if line.startswith("CMD")]
    assert "--requirement requirements.txt && exec python -m app" in command


def test_many_layers_install_and_copy_the_same_one_by_one():
    gone, new = difference(HABITS / "many-layers.Dockerfile")
    assert gone == [INSTALL, "COPY . ."]
    packages = [
        line for line in (HABITS / "requirements.txt").read_text().splitlines() if "==" in line
    ]
    files = sorted((HABITS / "app").glob("*.py"))
    assert [line.split()[-1] for line in new if line.startswith("RUN")] == packages
    assert [line.split()[1] for line in new if line.startswith("COPY")] == [
        f"app/{one.name}" for one in files
    ]


def test_without_an_ignore_file_all_that_lies_in_a_folder_is_copied():
    lines = instructions(HABITS / "no-dockerignore.Dockerfile")
    made = lines.index("COPY . .") + 1
    folder, rest = lines[:made], lines[made:]
    assert folder[0].endswith(" AS folder")
    assert any("-m venv --without-pip .venv" in line for line in folder)
    good = instructions(HABITS / "good.Dockerfile")
    assert rest == [line.replace("COPY . .", "COPY --from=folder /folder .") for line in good]


def test_no_image_has_the_dockerfiles_in_it():
    assert "*.Dockerfile" in (HABITS / ".dockerignore").read_text().splitlines()


def test_every_dockerfile_is_a_case_or_a_service_and_is_compared_with_the_good_one():
    scenario = load_scenario(SCENARIO, environ={}).scenario
    named = {
        one.build.dockerfile
        for one in (*scenario.cases.values(), *scenario.services.values())
        if one.build is not None
    }
    assert named == {one.name for one in HABITS.glob("*.Dockerfile")}
    assert scenario.compare is not None
    assert {scenario.compare.baseline, *scenario.compare.candidates} == set(scenario.cases)
