"""The JSON Schema of run.json, made from the dataclasses of `document` and their docstrings.

`python -m bench.results.document_schema > bench/results/run.v2.schema.json` writes the one that is
published.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from bench.journal.facts.form import LEFT_OUT
from bench.journal.writer import SCHEMA_VERSION
from bench.results.document import RunDocument

if TYPE_CHECKING:
    from pydantic_core import core_schema

Schema = dict[str, Any]

DEFINITIONS = {
    "BaseRecord": "base",
    "BaselineDocument": "baseline",
    "BuiltStep": "built_step",
    "CaseDocument": "case",
    "Comparison": "comparison",
    "Difference": "difference",
    "DockerfileFacts": "dockerfile",
    "DockerfileFinding": "dockerfile_finding",
    "ImageDocument": "image",
    "ImagePart": "image_part",
    "Interval": "interval",
    "LadderFigure": "ladder_figure",
    "LadderStep": "ladder_step",
    "LayerFacts": "layer",
    "LeftoverFact": "leftover",
    "LinkSetting": "link",
    "MetricSummary": "summary",
    "Outcome": "outcome",
    "Stopped": "stopped",
    "Verdict": "verdict",
    "WatchedMetric": "watched",
    "_Host": "host",
}
"""By class, the published name of its definition, which stays when a class is renamed."""

_REFERENCE = "#/$defs/"
_ATTRIBUTE = re.compile(r"^    (\w[\w, ]*): (.*(?:\n {5,}.*)*)", re.MULTILINE)
"""Names with commas between them and a text, which may go on in deeper lines."""


def run_schema() -> Schema:
    """The JSON Schema (2020-12) of run.json."""
    schema = TypeAdapter(RunDocument).json_schema(
        mode="serialization", schema_generator=_StrictSchema
    )
    definitions = {DEFINITIONS[name]: made for name, made in schema.pop("$defs").items()}
    for definition in definitions.values():
        definition.pop("title", None)
    made: Schema = _renamed({**schema, "$defs": dict(sorted(definitions.items()))})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:container-bench:run:v{SCHEMA_VERSION}",
        "title": f"run.json of bench, schema version {SCHEMA_VERSION}",
        **made,
    }


def schema_text() -> str:
    """The schema as its file has it."""
    return json.dumps(run_schema(), indent=2, ensure_ascii=False) + "\n"


class _StrictSchema(GenerateJsonSchema):
    """Schemas of what is written: every field of a dataclass, and no other."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> Schema:
        form = schema["cls"]
        made = super().dataclass_schema(schema)
        documented = _attributes(form)
        return {
            "description": _summary(form),
            "type": "object",
            "additionalProperties": False,
            "required": [
                field.name for field in dataclasses.fields(form) if field.metadata != LEFT_OUT
            ],
            "properties": {
                name: {**entry, "description": documented[name]} if name in documented else entry
                for name, entry in made["properties"].items()
            },
        }

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        # the file has every value, so nobody needs to know what a missing one stands for
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Give no field a title: it would repeat the name."""
        return False

    def sort(self, value: Schema, parent_key: str | None = None) -> Schema:  # noqa: ARG002
        """Keep the order of the fields."""
        return value


def _renamed(value: Any) -> Any:
    """A schema whose references name definitions as they are published."""
    if isinstance(value, dict):
        return {
            key: f"{_REFERENCE}{DEFINITIONS[item.removeprefix(_REFERENCE)]}"
            if key == "$ref"
            else _renamed(item)
            for key, item in value.items()
        }
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def _summary(form: type) -> str:
    """The docstring of a class up to its sections, in one line."""
    return _words(inspect.cleandoc(form.__doc__ or "").partition("\n\nAttributes:")[0])


def _attributes(form: type) -> dict[str, str]:
    """The descriptions under `Attributes:` by name; those of parent classes are inherited."""
    found: dict[str, str] = {}
    for parent in reversed(form.__mro__):
        _, _, section = inspect.cleandoc(parent.__doc__ or "").partition("\nAttributes:\n")
        for names, text in _ATTRIBUTE.findall(section):
            description = _words(text)
            found |= {name.strip(): description for name in names.split(",")}
    return found


def _words(text: str) -> str:
    """A docstring's text for readers of JSON, in one line."""
    line = re.sub(r"\bNone\b", "null", " ".join(text.split()))
    return line[:1].upper() + line[1:]


if __name__ == "__main__":
    sys.stdout.write(schema_text())
