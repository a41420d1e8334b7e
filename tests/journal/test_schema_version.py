"""Fields cannot change unnoticed: what is written today is kept beside the version it has."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from bench.core.domain import TRIAL_KEYS
from bench.core.metrics import METRICS
from bench.journal.events import MODELS
from bench.journal.facts.trial import TrialFacts
from bench.journal.writer import SCHEMA_HISTORY, SCHEMA_VERSION
from bench.results.export import run_document
from bench.results.frames import LAYER_COLUMNS, PHASE_COLUMNS, SAMPLE_KEYS

KEPT = Path(__file__).parent / f"fields.v{SCHEMA_VERSION}.json"


def shape(value: Any) -> Any:
    """The keys of nested mappings and of the first item of lists, sorted."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value and isinstance(value[0], dict) else []
    return None


def field_names(form: Any) -> list[str]:
    """Of a dataclass, or of a model."""
    if is_dataclass(form):
        return sorted(one.name for one in fields(form))
    return sorted(form.model_fields)


def written_fields(run) -> dict[str, Any]:
    """Every field of the journal, of run.json and of the tables."""
    document = run_document(run)
    free = ("scenario", "host", "engine", "builder")
    cases = document["cases"]["good"]
    cases = cases | {"trials": None, "bases": None}
    cases["image"] = cases["image"] | {"config": None, "metrics": None}
    return {
        "events": {kind: field_names(model) for kind, model in MODELS.items() if kind != "note"},
        "facts": field_names(TrialFacts),
        "run.json": shape({k: v for k, v in document.items() if k not in (*free, "cases")}),
        "case": shape(cases),
        "trials.csv": TRIAL_KEYS,
        "phases.csv": PHASE_COLUMNS,
        "layers.csv": LAYER_COLUMNS,
        "samples": SAMPLE_KEYS,
        "metrics": list(METRICS),
    }


def test_the_fields_are_those_of_this_schema_version(run):
    now = json.loads(json.dumps(written_fields(run)))
    assert now == json.loads(KEPT.read_text()), (
        "fields have changed: where a field went or means something else, raise SCHEMA_VERSION "
        "and say what changed in SCHEMA_HISTORY; then write the new fields to "
        f"tests/results/fields.v{SCHEMA_VERSION}.json"
    )


def test_the_history_has_every_version_up_to_this_one():
    assert sorted(SCHEMA_HISTORY) == list(range(1, SCHEMA_VERSION + 1))
    assert all(SCHEMA_HISTORY.values())


def test_the_published_schema_is_that_of_this_version():
    folder = Path(__file__).parents[2] / "bench" / "results"
    published = json.loads((folder / f"run.v{SCHEMA_VERSION}.schema.json").read_text())
    assert published["properties"]["schema_version"] == {"const": SCHEMA_VERSION}
