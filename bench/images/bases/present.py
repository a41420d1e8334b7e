"""Which bases an engine has, and where they come from."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bench.core.image_reference import familiar
from bench.images.bases.recipe import BASE_LABEL, RECIPE_LABEL, recipe_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.images.bases.table import Base
    from bench.runtimes.protocol import Engine


class BaseSource(StrEnum):
    """Where a base image comes from."""

    HUB = "hub"
    BOOTSTRAPPED = "bootstrapped"
    OTHER = "other"
    """Not one of ours: an image of the user's, or one that was pulled by other means."""


def present_source(builder: Engine, name: str, base: Base) -> BaseSource | None:
    """Where the image `name` in the builder comes from; None where it is missing or out of date.

    Args:
        builder: the engine.
        name: of the image.
        base: the recipe that this name means.
    """
    if not builder.has_image(name):
        return None
    details = builder.image_details(name)
    labels = image_labels(details)
    if labels.get(RECIPE_LABEL) == recipe_id(base):
        return BaseSource.BOOTSTRAPPED
    if base.hub_reference and name == base.name:
        tags = details.get("RepoTags") or []
        return BaseSource.HUB if any(tag.endswith(base.hub_reference) for tag in tags) else None
    if BASE_LABEL in labels:
        return None
    pulled_as = {familiar(digest.partition("@")[0]) for digest in details.get("RepoDigests") or []}
    return BaseSource.HUB if familiar(name.partition(":")[0]) in pulled_as else BaseSource.OTHER


def image_id(builder: Engine, name: str) -> str:
    """The id of an image; empty where the builder does not have it."""
    return str(builder.image_details(name)["Id"]) if builder.has_image(name) else ""


def image_labels(details: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels in an engine's inspection of an image."""
    return (details.get("Config") or {}).get("Labels") or {}
