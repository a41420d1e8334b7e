"""Every field that is written today; `python -m tests.journal.fields` keeps them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bench.core.domain import TRIAL_KEYS
from bench.core.metrics import METRICS
from bench.journal.events import MODELS
from bench.journal.writer import SCHEMA_VERSION
from bench.results.export import run_document
from bench.results.frames import LAYER_COLUMNS, PHASE_COLUMNS, SAMPLE_KEYS
from bench.results.run import load_run
from tests.journals import write_journal

KEPT = Path(__file__).parent / f"fields.v{SCHEMA_VERSION}.json"


def shape(value: Any) -> Any:
    """The keys of nested mappings and of the first item of lists, sorted."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value and isinstance(value[0], dict) else []
    return None


def of_journal() -> dict[str, dict[str, list[str]]]:
    """The fields of each event, and of each part that stands in one, from their types."""
    events, parts = {}, {}
    for kind, form in MODELS.items():
        schema = TypeAdapter(form).json_schema()
        if kind != "note":
            events[kind] = sorted(schema["properties"])
        for name, one in schema.get("$defs", {}).items():
            parts[name] = sorted(one.get("properties", one.get("enum", ())))
    return {"events": events, "parts": dict(sorted(parts.items()))}


def written_fields(run: Any) -> dict[str, Any]:
    """Every field of the journal, of run.json and of the tables."""
    document = run_document(run)
    free = ("scenario", "host", "engine", "builder")
    cases = document["cases"]["good"]
    cases = cases | {"trials": None, "bases": None}
    cases["image"] = cases["image"] | {"config": None, "metrics": None}
    return {
        **of_journal(),
        "run.json": shape({k: v for k, v in document.items() if k not in (*free, "cases")}),
        "case": shape(cases),
        "trials.csv": TRIAL_KEYS,
        "phases.csv": PHASE_COLUMNS,
        "layers.csv": LAYER_COLUMNS,
        "samples": SAMPLE_KEYS,
        "metrics": list(METRICS),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = written_fields(load_run(write_journal(Path(folder))))
    KEPT.write_text(json.dumps(made, indent=1) + "\n")
