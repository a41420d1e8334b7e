"""Fields cannot change unnoticed: what is written today is kept beside the version it has."""

from __future__ import annotations

import json
from pathlib import Path

from bench.journal.writer import SCHEMA_HISTORY, SCHEMA_VERSION
from tests.journal.fields import KEPT, written_fields

PUBLISHED = json.loads(
    (
        Path(__file__).parents[2] / "bench" / "results" / f"run.v{SCHEMA_VERSION}.schema.json"
    ).read_text()
)


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
    assert PUBLISHED["properties"]["schema_version"]["const"] == SCHEMA_VERSION
