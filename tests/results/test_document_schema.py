"""The published schema of run.json is made from its dataclasses, and takes nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import bench.results
from bench.journal.writer import SCHEMA_VERSION
from bench.results.document_schema import DEFINITIONS, run_schema, schema_text
from bench.results.export import run_document
from bench.results.run import Run, load_run
from tests.cli.test_baseline import built, conclude
from tests.cli.test_baseline import out as out  # noqa: PLC0414 - a fixture
from tests.journal.test_versions import VERSIONS, kept
from tests.journals import CRASHED, REPEATED, STUCK, Build, events, write_events, write_journal
from tests.mutations.kept import NAMES, kept_events
from tests.report.test_failing import CRASH, never_ready, without_image
from tests.report.test_ladder import run_of
from tests.schema_examples import Examples

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = run_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
EXAMPLES = Examples(SCHEMA)
MUTATIONS = list(EXAMPLES.mutations())


def complaints(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == f"urn:container-bench:run:v{SCHEMA_VERSION}"


def test_the_committed_file_is_the_one_made_from_the_dataclasses():
    name = f"run.v{SCHEMA_VERSION}.schema.json"
    committed = Path(bench.results.__file__).with_name(name)
    assert committed.read_text(encoding="utf-8") == schema_text(), (
        f"run: python -m bench.results.document_schema > bench/results/{name}"
    )


def test_every_definition_has_its_published_name_and_a_description():
    assert set(SCHEMA["$defs"]) == set(DEFINITIONS.values())
    assert all(definition["description"] for definition in SCHEMA["$defs"].values())


def test_descriptions_are_those_of_the_docstrings_in_words_of_json():
    comparison = SCHEMA["$defs"]["comparison"]["properties"]
    assert comparison["n_baseline"]["description"] == "Number of its trials."
    assert comparison["interval"]["description"].endswith("; null without one.")
    image = SCHEMA["$defs"]["image"]
    assert image["properties"]["metrics"]["description"] == "The image's metrics by name."
    assert image["properties"]["layers"]["description"] == "Base first.", "inherited"


def test_keys_that_are_not_always_written_are_optional_and_all_others_required():
    optional = {
        name: set(definition["properties"]) - set(definition["required"])
        for name, definition in SCHEMA["$defs"].items()
        if definition["type"] == "object" and name != "host"
    }
    assert {name: keys for name, keys in optional.items() if keys} == {
        "base": {"made_of", "remark"}
    }


def test_a_document_with_everything_in_it_is_valid():
    assert complaints(EXAMPLES.full()) == []


def test_there_are_mutations_of_every_definition():
    objects = {name for name, one in SCHEMA["$defs"].items() if one["type"] == "object"}
    assert {one.definition for one in MUTATIONS} == {"", *objects}


@pytest.mark.parametrize("definition", sorted({one.definition for one in MUTATIONS}))
def test_unknown_and_missing_keys_and_wrong_values_are_refused(definition):
    accepted = [
        mutation.words
        for mutation in MUTATIONS
        if mutation.definition == definition and VALIDATOR.is_valid(mutation.value)
    ]
    assert accepted == []


def with_image_facts(folder: Path) -> Run:
    """A run whose images have everything on record that may be there."""
    facts = EXAMPLES.full()["cases"]["any"]["image"]
    made = events(Build(rounds=1))
    for event in made:
        if event["event"] == "image_ready" and event["role"] == "case":
            event |= {key: facts[key] for key in ("built", "rebuilt", "rebuild_s", "dockerfile")}
            event["layers"][0]["leftovers"] = facts["layers"][0]["leftovers"]
            event["bases"][0] |= {"made_of": "Debian packages", "remark": "made here"}
    return load_run(write_events(folder, made))


def kept_run(name: str) -> Callable[[Path], Run]:
    return lambda folder: load_run(write_events(folder, kept_events(name)))


def of_build(build: Build) -> Callable[[Path], Run]:
    return lambda folder: load_run(write_journal(folder, build))


RUNS: dict[str, Callable[[Path], Run]] = {
    "plain": of_build(Build()),
    "crashed": of_build(Build(troubles=REPEATED | CRASHED)),
    "never ready": of_build(Build(troubles={("bad", number, 0): STUCK for number in range(1, 7)})),
    "few trials": of_build(Build(rounds=2, need=False, cut=False, replicas=(), calibrate=False)),
    "interrupted": of_build(Build(outcome="interrupted")),
    "cut off": of_build(Build(outcome=None)),
    "stopped": lambda folder: never_ready(folder, CRASH, {"exit": {"code": 1, "at_ns": None}}),
    "without an image": lambda folder: without_image(folder / "run", "it cannot be built"),
    "image facts": with_image_facts,
    "ladder": run_of,
    "ladder with a gap": lambda folder: run_of(folder, fails=True),
    **{f"kept {name}": kept_run(name) for name in NAMES},
}


@pytest.mark.parametrize("name", RUNS)
def test_run_json_of_every_kind_of_run_is_valid(tmp_path, name):
    assert complaints(run_document(RUNS[name](tmp_path))) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_run_json_of_every_version_of_the_journal_is_valid(tmp_path, version):
    assert complaints(run_document(kept(version, tmp_path))) == []


@pytest.mark.parametrize("ready_s", [1.0, 9.0])
def test_run_json_of_a_run_with_a_baseline_is_valid(out, ready_s):
    conclude(out, built(ready_s=ready_s))
    document = run_document(load_run(out / "second"))
    assert document["baseline"]["comparisons"]
    assert complaints(document) == []
