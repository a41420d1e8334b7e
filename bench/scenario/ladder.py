"""`ladder:` of a scenario: the way from one image to another, one named change at a time."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from bench.compose.build_keys import Build
from bench.compose.variables import Variables
from bench.yamldoc.values import Identifier, Model, Text

KINDS = ("dockerfile", "args", "patch", "build", "case")
"""The keys of a rung that say what is changed; there is one."""


class Rung(Model):
    """One change: the build of the rung before it, with one thing different."""

    dockerfile: Text | None = None
    """Another Dockerfile for the same context, relative to that context."""
    args: Variables = {}
    """Build arguments, merged over those of the rung before it."""
    patch: Text | None = None
    """Unified diff that is applied to the Dockerfile of the rung before it, relative to the
    scenario file."""
    build: Build | None = None
    """Another build in the place of the one before it."""
    case: Identifier | None = None
    """Case of this scenario that the ladder goes over or ends at."""

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if len(self.model_fields_set & set(KINDS)) != 1:
            raise ValueError(f"needs one change; keep one of {', '.join(KINDS)}")
        return self

    @property
    def change(self) -> str:
        """The change in a few words, from the keys alone."""
        if self.args:
            return ", ".join(f"{name}={value}" for name, value in self.args.items())
        if self.build is not None:
            return self.build.dockerfile
        return self.dockerfile or self.patch or f"case {self.case}"


class Ladder(Model):
    """A case, and the changes that lead from its image to a better one, each with a name."""

    start: Identifier = Field(alias="from", description="Case with `build` that the way begins at.")
    rungs: Annotated[dict[Identifier, Rung], Field(min_length=1)]
    """Changes by name, in their order; each makes a case of that name."""

    @property
    def cases(self) -> dict[str, str]:
        """The case that is measured at each step of the way, by the name of the step."""
        named = {name: rung.case or name for name, rung in self.rungs.items()}
        return {self.start: self.start, **named}
