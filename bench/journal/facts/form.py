"""The representation of facts in a journal: valid numbers, and how facts are written and read back.

A dataclass of this folder is the schema of its part of an event. Unknown fields are allowed and
ignored.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

Stamp = Annotated[int, Field(ge=0, lt=2**63)]
"""CLOCK_MONOTONIC in nanoseconds."""

Amount = Annotated[int, Field(ge=0, lt=2**63)]

Seconds = Annotated[float, Field(ge=0, lt=1e9)]

Rate = Annotated[float, Field(gt=0)]


def _moment(label: str) -> str:
    if dt.datetime.fromisoformat(label).tzinfo is None:
        raise ValueError("it does not say in which zone")
    return label


Label = Annotated[str, AfterValidator(_moment)]
"""A UTC timestamp as text, for readers."""

LEFT_OUT = {"left_out": True}
"""Metadata of a field that is not written where it has its default; others are, as null."""

FINITE = ConfigDict(allow_inf_nan=False)
"""Pydantic configuration of event contents, including nested ones."""

_Form = TypeVar("_Form")


def written(value: Any) -> Any:
    """`value` in JSON form: dataclasses become mappings, without their left-out fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: written(held)
            for field in dataclasses.fields(value)
            if not ((held := getattr(value, field.name)) == _default(field) and field.metadata)
        }
    if isinstance(value, Mapping):
        return {key: written(item) for key, item in value.items()}
    return [written(item) for item in value] if isinstance(value, list | tuple) else value


def _default(field: dataclasses.Field[Any]) -> Any:
    made = field.default_factory
    return field.default if made is dataclasses.MISSING else made()


def read_facts(form: type[_Form], facts: object) -> _Form:
    """Parse `facts` as a `form`.

    Raises:
        ValueError: they have another form.
    """
    hashable: Any = form  # mypy does not know it of a type
    read: _Form = _reader(hashable).validate_python(facts)
    return read


@cache
def _reader(form: Any) -> TypeAdapter[Any]:
    """Cached, since creating a reader takes longer than everything it reads in a run."""
    return TypeAdapter(form)
