"""Which bases an engine has, and where they come from."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bench.core.image_reference import familiar
from bench.images.bases.recipe import BASE_LABEL, RECIPE_LABEL, recipe_id

if TYPE_CHECKING:
    from bench.images.bases.table import Base
    from bench.runtimes.protocol import ContainerEngine


class BaseSource(StrEnum):
    """Where a base image comes from."""

    HUB = "hub"
    BOOTSTRAPPED = "bootstrapped"
    OTHER = "other"
    """Not one of ours: an image of the user's, or one that was pulled by other means."""


def present_source(engine: ContainerEngine, name: str, base: Base) -> BaseSource | None:
    """Where the image `name` in the engine comes from; None where it is missing or out of date.

    Args:
        engine: the engine.
        name: of the image.
        base: the recipe that this name means.
    """
    if not engine.images.has(name):
        return None
    image = engine.images.inspect(name)
    labels = image.labels
    if labels.get(RECIPE_LABEL) == recipe_id(base):
        return BaseSource.BOOTSTRAPPED
    if base.hub_reference and name == base.name:
        is_pulled = any(tag.endswith(base.hub_reference) for tag in image.names)
        return BaseSource.HUB if is_pulled else None
    if BASE_LABEL in labels:
        return None
    pulled_as = {familiar(digest.partition("@")[0]) for digest in image.digests}
    return BaseSource.HUB if familiar(name.partition(":")[0]) in pulled_as else BaseSource.OTHER


def image_id(engine: ContainerEngine, name: str) -> str:
    """The id of an image; empty where the engine does not have it."""
    return engine.images.inspect(name).id if engine.images.has(name) else ""
