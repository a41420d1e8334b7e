"""The bundled images: what their Dockerfiles copy is there, and what they install is pinned."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bench.scenario.loading.load import load_scenario

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "images"


def _builds() -> dict[str, tuple[Path, str]]:
    """Context and Dockerfile of everything that the bundled scenarios build, by its path."""
    found = {}
    for path in sorted((ROOT / "scenarios").rglob("*.yaml")):
        scenario = load_scenario(path, environ={}).scenario
        for one in (*scenario.cases.values(), *scenario.services.values()):
            if one.build:
                context = (path.parent / one.build.context).resolve()
                dockerfile = context / one.build.dockerfile
                found[str(dockerfile.relative_to(ROOT))] = (context, one.build.dockerfile)
    return found


BUILDS = _builds()


def _tracked(context: Path) -> set[Path]:
    """The files of a build context that a fresh clone has too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."],
        cwd=context,
        capture_output=True,
        text=True,
        check=True,
    )
    return {Path(line) for line in listed.stdout.splitlines()}


def _sources(text: str) -> list[str]:
    """What COPY takes from the context: not from other stages."""
    joined = text.replace("\\\n", " ")
    copied = re.findall(r"^COPY (?!--from)(.+)$", joined, flags=re.MULTILINE)
    return [source for line in copied for source in line.split()[:-1]]


@pytest.mark.parametrize("name", BUILDS)
def test_the_context_holds_what_its_dockerfile_copies(name: str):
    context, dockerfile = BUILDS[name]
    files = _tracked(context)
    folders = {parent for one in files for parent in one.parents}
    for source in _sources((context / dockerfile).read_text(encoding="utf-8")):
        if source.startswith(".cache/"):  # fetched first, and asked for by the line below
            continue
        if "*" in source:
            assert any(one.match(source) for one in files), source
        else:
            assert Path(source) in files | folders, source


@pytest.mark.parametrize("name", BUILDS)
def test_one_that_needs_wheels_says_what_to_do_where_there_are_none(name: str):
    context, dockerfile = BUILDS[name]
    text = (context / dockerfile).read_text(encoding="utf-8")
    assert ("run images/fetch_wheels.sh first" in text) == (".cache/wheel" in text)


def _pinned(path: Path) -> dict[str, str]:
    """Version by package, of a list in which each has exactly one."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, same, found[name] = line.partition("==")
            assert same, f"{path}: {line}"
    return found


@pytest.mark.parametrize(
    "path", sorted(IMAGES.glob("*/*requirements.txt")), ids=lambda path: path.parent.name
)
def test_every_package_that_is_installed_has_one_version(path: Path):
    assert _pinned(path)


def test_the_lists_of_wheels_agree_for_all_are_fetched_into_one_folder():
    lists = [_pinned(path) for path in IMAGES.glob("*/wheels.txt")]
    assert len(lists) > 1
    assert {one["torch"] for one in lists} == {"2.13.0"}
    together = {name: version for one in lists for name, version in one.items()}
    assert all(one.items() <= together.items() for one in lists)


def test_what_is_installed_without_an_index_is_fetched_before():
    lists = [path.read_text(encoding="utf-8") for path in IMAGES.glob("*/wheels.txt")]
    fetched = {line for text in lists for line in text.splitlines()}
    known = {"wheels.txt", *fetched, *(line.partition("==")[0] for line in fetched)}
    texts = [(context / name).read_text(encoding="utf-8") for context, name in BUILDS.values()]
    lines = [line for text in texts for line in text.replace("\\\n", " ").splitlines()]
    installs = [line.partition("--find-links /wheels")[2] for line in lines if "--no-index" in line]
    assert installs
    for one in installs:
        words = one.partition("&&")[0].split()
        named = {Path(word).name for word in words if word[0] not in "-/" or word.endswith(".txt")}
        assert named <= known, one
