"""Values that a JSON Schema allows, and the same values changed so that it must not allow them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]

_OF_EACH_TYPE: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": -7,
    "number": 0.5,
    "string": "\x00 no such word",
    "array": [],
    "object": {},
}
_IS_ALSO = {"number": "integer"}
_MOMENT = "2026-11-22T08:31:07+00:00"


@dataclass(frozen=True)
class Mutation:
    """A value changed in one place.

    Attributes:
        definition: the definition whose promise is broken; empty for the root.
        words: how it is broken.
        value: the whole value, changed.
    """

    definition: str
    words: str
    value: Any = field(repr=False)


@dataclass(frozen=True)
class Examples:
    """Examples of a schema, made from it alone."""

    schema: Schema

    def full(self) -> Any:
        """A value with everything that may be there, none of it null, and one of each in lists."""
        return self._full(self.schema)

    def mutations(self) -> Iterator[Mutation]:
        """That value with a key too many, without a key, and with wrong types and values."""
        value = self.full()
        for path, name, schema in self._objects(self.schema, value, (), ""):
            if schema.get("additionalProperties") is False:
                yield Mutation(name, "unknown key", _changed(value, (*path, "unknown"), 1))
            for key in schema.get("required", ()):
                yield Mutation(name, f"no {key}", _without(value, path, key))
            for key, entry in schema["properties"].items():
                wrong = _OF_EACH_TYPE.keys() - self._types(entry)
                for kind in sorted(wrong):
                    changed = _changed(value, (*path, key), _OF_EACH_TYPE[kind])
                    yield Mutation(name, f"{key} is {kind}", changed)
                for new in self._out_of_range(entry):
                    changed = _changed(value, (*path, key), new)
                    yield Mutation(name, f"{key} is {new!r}", changed)

    def _resolved(self, schema: Schema) -> tuple[str, Schema]:
        if "$ref" not in schema:
            return "", schema
        name = schema["$ref"].rpartition("/")[2]
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return name, self.schema["$defs"][name] | beside

    def _full(self, schema: Schema) -> Any:
        _, schema = self._resolved(schema)
        if "anyOf" in schema:
            return self._full(next(one for one in schema["anyOf"] if one.get("type") != "null"))
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else schema["enum"][0]
        match schema["type"]:
            case "object":
                return self._full_object(schema)
            case "array":
                return [self._full(schema["items"])]
            case "string":
                return _MOMENT if schema.get("format") == "date-time" else "text"
            case "boolean":
                return True
        return 1

    def _full_object(self, schema: Schema) -> dict[str, Any]:
        made = {key: self._full(entry) for key, entry in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            made[schema.get("propertyNames", {}).get("enum", ["any"])[0]] = self._full(others)
        return made

    def _objects(
        self, schema: Schema, value: Any, path: tuple[Any, ...], name: str
    ) -> Iterator[tuple[tuple[Any, ...], str, Schema]]:
        """The objects with properties in `value`: path, definition and schema of each."""
        found, schema = self._resolved(schema)
        name = found or name
        for choice in schema.get("anyOf", ()):
            if choice.get("type") != "null":
                yield from self._objects(choice, value, path, name)
        if "properties" in schema:
            yield path, name, schema
        if isinstance(value, list):
            yield from self._objects(schema.get("items", {}), value[0], (*path, 0), name)
        if isinstance(value, dict):
            for key, item in value.items():
                others = schema.get("additionalProperties", {})
                entry = schema.get("properties", {}).get(key, others)
                if isinstance(entry, dict):
                    yield from self._objects(entry, item, (*path, key), name)

    def _types(self, schema: Schema) -> set[str]:
        """The names of the JSON types that a schema allows."""
        _, schema = self._resolved(schema)
        if "anyOf" in schema:
            return set().union(*(self._types(one) for one in schema["anyOf"]))
        kind = schema["type"]
        return {kind, _IS_ALSO.get(kind, kind)}

    def _out_of_range(self, schema: Schema) -> Iterator[Any]:
        """Values of a right type that a schema refuses."""
        _, schema = self._resolved(schema)
        for one in schema.get("anyOf", ()):
            yield from self._out_of_range(one)
        if "enum" in schema or "const" in schema:
            yield -7 if schema["type"] == "integer" else _OF_EACH_TYPE["string"]
        if "minimum" in schema:
            yield schema["minimum"] - 1
        if "exclusiveMinimum" in schema:
            yield schema["exclusiveMinimum"]
        if "maximum" in schema:
            yield schema["maximum"] + 1


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    *above, last = path
    place = changed
    for key in above:
        place = place[key]
    place[last] = new
    return changed


def _without(value: Any, path: tuple[Any, ...], key: str) -> Any:
    changed = copy.deepcopy(value)
    place = changed
    for step in path:
        place = place[step]
    del place[key]
    return changed
