"""Names and values, written as a mapping or as a list of KEY=value."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


def _variables(value: object) -> object:
    """Names and values, from a mapping or a list of KEY=value."""
    if isinstance(value, dict):
        return {str(key): _variable_text(key, inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    pairs: dict[str, str] = {}
    for item in value:
        key, equals, text = item.partition("=") if isinstance(item, str) else ("", "", "")
        if not equals or not key:
            raise PydanticCustomError("variables", "an item that is not KEY=value")
        pairs[key] = text
    return pairs


def _variable_text(key: object, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    message = "the value of {key} is neither text nor a number"
    raise PydanticCustomError("variables", message, {"key": str(key)})


Variables = Annotated[
    dict[str, str],
    BeforeValidator(_variables),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                },
                {"type": "array", "items": {"type": "string", "pattern": "^[^=]+="}},
            ]
        }
    ),
]
"""Environment variables, build arguments, labels."""
