"""The JSON Schema of scenario files, which editors use to complete and check them.

It starts from what pydantic says of the models and adds what only the loader knows: short
forms, `x-` keys, `defaults`, `${VAR}` where a number would stand, the names of the metrics,
and keys that a case may leave to the defaults. It accepts what the loader accepts; what it
cannot say (that one probe is named, that a folder exists) it leaves to the loader.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from bench.core.metrics import METRICS
from bench.scenario.model import Scenario
from bench.scenario.probes import SPECS
from bench.standard.thresholds import Aggregate

Schema = dict[str, Any]

_VARIABLE: Schema = {"type": "string", "pattern": r"\$\{"}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_SHORT_FORMS: dict[str, list[Schema]] = {
    "Build": [{"type": "string", "minLength": 1}],
    "ComposeUse": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
    ],
    "LogProbeSpec": [{"type": "string", "minLength": 1}],
    "ExecProbeSpec": [{"type": "string"}, _TEXTS],
    "Ulimit": [{"type": "integer", "minimum": -1}, _VARIABLE],
}
"""Models that may be written as less than a mapping, and as what."""

_MATRIX: Schema = {
    "description": "Expands the case into several: for each dotted path a list of values, or for "
    "a name of your own a mapping of labels to parts of a case.",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "anyOf": [
            {
                "type": "array",
                "minItems": 1,
                "items": {"type": ["string", "number", "boolean", "null"]},
            },
            {"type": "object", "minProperties": 1, "additionalProperties": {"type": "object"}},
            {"type": "null"},
        ]
    },
}

_ONE_OR_MORE = ("cache", "replicas")
"""Lists of a case of which one item alone may be written without the list."""

_FROM_DEFAULTS = frozenset(
    {
        "Case",
        "Build",
        "PlainProcess",
        "LoadTool",
        *(spec.__name__ for spec in SPECS.values()),
    }
)
"""Models of which a case may give a part and the defaults the rest."""

_OWN = "own"
"""Stands for the unit of a metric that a case defines, which is not known here."""

_NUMBER = r"[0-9]+(\.[0-9]+)?"
_LIMITS = {
    "s": rf"({_NUMBER}(ns|us|µs|ms|s|m|h))+",
    "bytes": rf"{_NUMBER}\s*(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)",
    "pct": rf"{_NUMBER}\s*%?",
    "cores": rf"{_NUMBER}\s*(cores?)?",
    _OWN: rf"{_NUMBER}\s*[A-Za-z%][^<>=]*|{_NUMBER}",
}


def scenario_schema() -> Schema:
    """The JSON Schema (2020-12) of a scenario file."""
    schema = Scenario.model_json_schema()
    definitions = schema.pop("$defs")
    definitions["Scenario"] = schema
    for name, definition in definitions.items():
        _describe(name, definition)
        _complete(name, definition)
    root = definitions.pop("Scenario")
    for key in _ONE_OR_MORE:
        alternatives = definitions["Case"]["properties"][key]["anyOf"]
        items = next(other["items"] for other in alternatives if other.get("type") == "array")
        alternatives.insert(0, items)
    definitions["Case"]["properties"]["matrix"] = _MATRIX
    definitions |= _limits()
    root["properties"]["defaults"] = {
        "$ref": "#/$defs/Case",
        "description": "Merged into every case, key by key; the case wins.",
    }
    root["properties"]["thresholds"] = _thresholds()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "bench scenario, version 1",
        "$defs": {
            name: {"anyOf": [*_SHORT_FORMS[name], definition]}
            if name in _SHORT_FORMS
            else definition
            for name, definition in sorted(definitions.items())
        },
    }


def _describe(name: str, definition: Schema) -> None:
    documented = _attribute_docs().get(name, {})
    for key, value in definition.get("properties", {}).items():
        value.pop("title", None)
        if key in documented:
            value["description"] = documented[key]


def _attribute_docs() -> dict[str, dict[str, str]]:
    """The docstrings of the models' attributes, by class; inherited ones included."""
    docs: dict[str, dict[str, str]] = {}
    modules = (
        "yamldoc.values",
        "core.domain",
        "compose.build_keys",
        "compose.container_keys",
        "scenario.plain_process",
        "scenario.probes",
        "scenario.compose_case",
        "scenario.figures",
        "scenario.excerpts",
        "scenario.load_tool",
        "scenario.ladder",
        "scenario.model",
    )
    root = Path(__file__).parents[1]
    for module in modules:
        path = root.joinpath(*module.split(".")).with_suffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for statement in tree.body:
            if isinstance(statement, ast.ClassDef):
                inherited = [
                    docs.get(base.id, {}) for base in statement.bases if type(base) is ast.Name
                ]
                docs[statement.name] = {**{k: v for base in inherited for k, v in base.items()}}
                docs[statement.name] |= _documented(statement)
    return docs


def _documented(class_: ast.ClassDef) -> dict[str, str]:
    found = {}
    for attribute, after in zip(class_.body, class_.body[1:], strict=False):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[attribute.target.id] = " ".join(str(after.value.value).split())
    return found


def _complete(name: str, definition: Schema) -> None:
    """Allow what the loader allows in every mapping of this definition."""
    if definition.get("type") == "object":
        definition["patternProperties"] = {"^x-": {}}
        if name in _FROM_DEFAULTS:
            definition.pop("required", None)
    elif "enum" in definition:
        definition.update({"anyOf": [{"enum": definition.pop("enum")}, _VARIABLE]})
        definition.pop("type", None)
    required = definition.get("required", ())
    for key, value in definition.get("properties", {}).items():
        description = value.pop("description", None)
        changed = _lenient(value)
        if name in _FROM_DEFAULTS and key not in required:
            changed = _or(changed, {"type": "null"})
        value.clear()
        value.update(changed, **({"description": description} if description else {}))


def _lenient(schema: Schema) -> Schema:
    """`schema`, with a variable in place of what is not free text, and `x-` keys in mappings."""
    default = _default(schema.get("default"))
    bare = {key: value for key, value in schema.items() if key not in ("default", "title")}
    if "$ref" in bare:
        return {**bare, **default}
    if "anyOf" in bare or "oneOf" in bare:
        alternatives = bare.get("anyOf") or bare["oneOf"]
        changed = [
            _lenient(alternative)
            for alternative in alternatives
            if alternative.get("type") != "null"
        ]
        return {**(changed[0] if len(changed) == 1 else {"anyOf": _flat(changed)}), **default}
    if bare.get("type") == "array":
        return {**bare, "items": _lenient(bare["items"]), **default}
    if bare.get("type") == "object":
        return {**_mapping(bare), **default}
    if isinstance(bare.get("type"), list):
        return bare
    if bare.get("type") == "string" and not {"pattern", "enum", "const"} & set(bare):
        return {**bare, **default}
    return {"anyOf": [bare, _VARIABLE], **default}


def _default(value: object) -> Schema:
    """A default as it would be written; what is empty says nothing."""
    if isinstance(value, float):  # only durations have such defaults
        value = f"{value:g}s" if value >= 1 else f"{value * 1000:g}ms"
    return {} if value in (None, "", [], {}) else {"default": value}


def _flat(alternatives: list[Schema]) -> list[Schema]:
    flat: list[Schema] = []
    for alternative in alternatives:
        flat += [new for new in alternative.get("anyOf", [alternative]) if new not in flat]
    return flat


def _mapping(schema: Schema) -> Schema:
    """A mapping of names: their pattern moves to the names, so that `x-` keys are free."""
    patterns = schema.pop("patternProperties", None)
    if patterns:
        (pattern, value) = next(iter(patterns.items()))
        named = {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
        schema = {**schema, **named}
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        schema = {**schema, "additionalProperties": _lenient(values)}
    return {**schema, "patternProperties": {"^x-": {}}}


def _or(schema: Schema, other: Schema) -> Schema:
    if set(schema) - {"default"} == {"anyOf"}:
        return {**schema, "anyOf": [*schema["anyOf"], other]}
    default = {"default": schema["default"]} if "default" in schema else {}
    inner = {key: value for key, value in schema.items() if key != "default"}
    return {"anyOf": [inner, other], **default}


def _thresholds() -> Schema:
    return {
        "type": "object",
        "description": "Limits, by metric.",
        "properties": {
            metric.name: {
                "description": metric.meaning,
                "$ref": f"#/$defs/{_limit_name(metric.unit)}",
            }
            for metric in METRICS.values()
        },
        "patternProperties": {"^x-": {}},
        "additionalProperties": {
            "description": "Limit of a metric that a case defines in its `metrics`.",
            "$ref": f"#/$defs/{_limit_name(_OWN)}",
        },
    }


def _limits() -> dict[str, Schema]:
    """A definition for each unit: the short form, with numbers in it, or the long one."""
    aggregates = "|".join(Aggregate)
    definitions = {}
    for unit in sorted({_OWN, *(metric.unit for metric in METRICS.values())}):
        limit = rf"(<=|>=|<|>)\s*({_LIMITS.get(unit, _NUMBER)})\s*$"
        short = {"type": "string", "pattern": rf"^\s*(({aggregates})\s*)?{limit}"}
        long = {"$ref": "#/$defs/Threshold"}
        definitions[_limit_name(unit)] = {"anyOf": [short, _VARIABLE, long]}
    return definitions


def _limit_name(unit: str) -> str:
    return f"Limit_{unit or 'number'}"
