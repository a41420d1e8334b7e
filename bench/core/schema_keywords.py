"""Keywords of JSON Schema on annotated types: what values promise beyond their type.

They are stated in the schema and not checked here. Nothing of this imports pydantic, which asks
for them when it makes a schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, eq=False)  # compared by identity, since annotations have to be hashable
class SchemaKeywords:
    """Keywords that a schema has beside those of the type, such as `{"minimum": 0}`."""

    keywords: Mapping[str, Any]

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        return {**handler(core_schema), **self.keywords}


def one_of(*values: str | int) -> SchemaKeywords:
    """The promise of a value that is one of `values`."""
    return SchemaKeywords({"enum": list(values)} if len(values) > 1 else {"const": values[0]})


Count = Annotated[int, SchemaKeywords({"minimum": 0})]

Share = Annotated[float, SchemaKeywords({"minimum": 0, "maximum": 1})]

Moment = Annotated[str, SchemaKeywords({"format": "date-time"})]
"""A UTC timestamp as text, for readers."""
