"""Keys and types that the models allow at a path, for suggestions and for variables."""

from __future__ import annotations

from enum import Enum
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from bench.scenario.model import Case, Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT_KEYS = (*Scenario.model_fields, "defaults")
"""The keys of a file; `defaults` is merged into the cases and has no field of its own, nor has
the `matrix` of a case, which is expanded before."""

Path = tuple[str | int, ...]


def fields_at(path: Sequence[str | int], model: type[BaseModel]) -> tuple[str, list[str]]:
    """Name and keys of the model that stands where `path` leads in `model`; empty if none."""
    for type_ in _types_at(path, model):
        if isinstance(type_, type) and issubclass(type_, BaseModel):
            beside = {Scenario: ("defaults",), Case: ("matrix",)}.get(type_, ())
            names = [field.alias or name for name, field in type_.model_fields.items()]
            return type_.__name__, [*names, *beside]
    return "", []


def wants_text(path: Path) -> bool:
    """Whether only text can stand where `path` leads in a file."""
    model, rest = (Case, path[1:]) if path[:1] == ("defaults",) else (Scenario, path)
    rest = _without_matrix(rest)
    return all(_is_text(type_) for type_ in _types_at(rest, model))


def _without_matrix(path: Path) -> Path:
    """Where the value goes that `path` leads to, if it leads into a matrix."""
    if "matrix" not in path or path[-1] == "matrix":
        return path
    index = path.index("matrix")
    dimension, rest = str(path[index + 1]).split("."), path[index + 2 :]
    in_list = len(rest) == 1 and isinstance(rest[0], int)
    return (*path[:index], *(dimension if in_list else rest[1:]))


def _is_text(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Literal:
        return all(isinstance(word, str) for word in get_args(annotation))
    if not isinstance(annotation, type) or origin is not None:
        return origin in (list, tuple, dict)
    if issubclass(annotation, BaseModel):  # a short form stands for a model's first field
        first = next(iter(annotation.model_fields.values()))
        return all(_is_text(type_) for type_ in _alternatives(first.annotation))
    return issubclass(annotation, str | Enum)


def _types_at(path: Sequence[str | int], model: type[BaseModel]) -> list[Any]:
    """The types that may stand there; steps that name no key are passed over."""
    found: list[Any] = [model]
    for step in path:
        found = [inner for type_ in found for inner in _inside(type_, step)] or found
    return found


def _inside(annotation: Any, step: str | int) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        found = annotation.model_fields.get(str(step))
        return _alternatives(found.annotation) if found else []
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return _alternatives(arguments[1])
    in_list = origin in (list, tuple) and isinstance(step, int)
    return _alternatives(arguments[0]) if in_list else []


def _alternatives(annotation: Any) -> list[Any]:
    """The members of a union, without what Annotated adds, and without None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [type_ for member in get_args(annotation) for type_ in _alternatives(member)]
    return [] if annotation is type(None) else [annotation]
