"""The base images of a case on this host, for the record of a run; it fails no case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.images.bases.catalogue import BASES, meant_by
from bench.images.bases.present import BaseSource, image_labels, present_source
from bench.images.bases.recipe import BASE_LABEL, RECIPE_LABEL, made_of, recipe_id
from bench.images.bases.table import Base

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.runtimes.protocol import Engine


def base_records(builder: Engine, images: Sequence[str]) -> list[dict[str, str]]:
    """The identity of each of `images` in `builder`.

    Returns:
        `name`, `image_id` (empty where the builder does not have it) and `source`, the value of a
        BaseSource; `made_of` says what a home-made one really is, and `remark` why nothing is
        known of an image.
    """
    return [_record(builder, name) for name in images]


def _record(builder: Engine, name: str) -> dict[str, str]:
    record = {"name": name, "image_id": "", "source": BaseSource.OTHER.value}
    try:
        if not builder.has_image(name):
            return record
        details = builder.image_details(name)
        labels = image_labels(details)
        record["image_id"] = str(details.get("Id") or "")
        if BASE_LABEL in labels:
            record["source"] = BaseSource.BOOTSTRAPPED.value
        elif name in BASES:
            record["source"] = (
                present_source(builder, name, BASES[name]) or BaseSource.OTHER
            ).value
    except EngineError as error:
        return record | {"remark": error.cause}
    return record | _what_it_is(name, labels)


def _what_it_is(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """The recipe and version of a home-made base; an image built on one has its labels too."""
    base = meant_by(name)
    if isinstance(base, Base) and labels.get(RECIPE_LABEL) == recipe_id(base):
        return {"made_of": made_of(labels)}
    return {}
