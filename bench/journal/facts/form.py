"""The recorded facts of a trial as the dataclasses that they were made from."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

_Form = TypeVar("_Form")


def read_facts(form: type[_Form], facts: object) -> _Form:
    """`facts` as a `form`.

    Raises:
        ValueError: they have another form.
    """
    hashable: Any = form  # mypy does not know it of a type
    read: _Form = _reader(hashable).validate_python(facts)
    return read


@cache
def _reader(form: Any) -> TypeAdapter[Any]:
    """Kept: to make one takes longer than all that it reads in a run."""
    return TypeAdapter(form)
