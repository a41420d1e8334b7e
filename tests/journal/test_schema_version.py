"""Fields cannot change unnoticed: what is written today is kept beside the version it has."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from bench.journal.facts.case import Stopped
from bench.journal.facts.comparison import Comparison, Interval
from bench.journal.facts.image import BuiltStep, ImageFacts, ImagePart, LayerFacts
from bench.journal.writer import SCHEMA_HISTORY, SCHEMA_VERSION
from bench.judge.ladder import LadderFigure, LadderStep
from bench.judge.model import Verdict
from bench.results.summary import MetricSummary
from tests.journal.fields import KEPT, written_fields

PUBLISHED = json.loads(
    (
        Path(__file__).parents[2] / "bench" / "results" / f"run.v{SCHEMA_VERSION}.schema.json"
    ).read_text()
)
DEFINED = PUBLISHED["$defs"]
IMAGE = DEFINED["image"]["properties"]
DESCRIBED = {
    Interval: DEFINED["interval"],
    MetricSummary: DEFINED["summary"],
    LayerFacts: DEFINED["layer"],
    ImageFacts: DEFINED["image"],
    ImagePart: IMAGE["parts"]["items"],
    BuiltStep: IMAGE["built"]["items"],
    Verdict: DEFINED["verdict"],
    Comparison: DEFINED["comparison"],
    LadderFigure: DEFINED["ladder_figure"],
    LadderStep: DEFINED["ladder_step"],
    Stopped: DEFINED["case"]["properties"]["stopped"]["oneOf"][1],
}
"""The parts of run.json that are dataclasses, and what the published schema says of each."""

COMPUTED = {ImageFacts: {"metrics"}}
"""What run.json has beside the fields of one."""


def test_the_fields_are_those_of_this_schema_version(run):
    now = json.loads(json.dumps(written_fields(run)))
    assert now == json.loads(KEPT.read_text()), (
        "fields have changed: where a field went or means something else, raise SCHEMA_VERSION "
        "and say what changed in SCHEMA_HISTORY, with a step in bench/journal/upgrade.py and a "
        "run in tests/journal/runs; then `python -m tests.journal.fields`"
    )


def test_the_history_has_every_version_up_to_this_one():
    assert sorted(SCHEMA_HISTORY) == list(range(1, SCHEMA_VERSION + 1))
    assert all(SCHEMA_HISTORY.values())


def test_the_published_schema_is_that_of_this_version():
    assert PUBLISHED["properties"]["schema_version"] == {"const": SCHEMA_VERSION}


@pytest.mark.parametrize("form", DESCRIBED, ids=lambda form: form.__name__)
def test_the_published_schema_has_the_fields_of_each_type(form):
    names = {one.name for one in dataclasses.fields(form)} | COMPUTED.get(form, set())
    assert set(DESCRIBED[form]["properties"]) == names


def kinds(entry: dict[str, Any], defined: dict[str, Any]) -> set[str]:
    """The JSON types that a schema allows."""
    if "$ref" in entry:
        return kinds(defined[entry["$ref"].rpartition("/")[2]], defined)
    if "type" in entry:
        return {entry["type"]} if isinstance(entry["type"], str) else set(entry["type"])
    if "enum" in entry:
        return {"null" if one is None else "string" for one in entry["enum"]}
    choices = entry.get("anyOf", entry.get("oneOf", ()))
    return set().union(*(kinds(one, defined) for one in choices))


OF_THE_JOURNAL = [form for form in DESCRIBED if form.__module__.startswith("bench.journal")]
"""Those whose types pydantic can look up."""


@pytest.mark.parametrize("form", OF_THE_JOURNAL, ids=lambda form: form.__name__)
def test_the_published_schema_has_the_kind_of_each_field(form):
    made = TypeAdapter(form).json_schema(mode="serialization")
    for name, entry in made["properties"].items():
        said = kinds(DESCRIBED[form]["properties"][name], DEFINED)
        assert said == kinds(entry, made.get("$defs", {})), name
