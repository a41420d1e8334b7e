"""What the base images of a case are on this host, for the record of a run; it fails no case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.images.bases.catalogue import BASES, meant_by
from bench.images.bases.present import BaseSource, present_source
from bench.images.bases.recipe import BASE_LABEL, RECIPE_LABEL, made_of, recipe_id
from bench.images.bases.table import Base

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.runtimes.protocol import ContainerEngine


def base_records(engine: ContainerEngine, images: Sequence[str]) -> list[dict[str, str]]:
    """What each of `images` stands for in `engine`.

    Returns:
        `name`, `image_id` (empty where the engine does not have it) and `source`, the value of a
        BaseSource; `made_of` says what a home-made one really is, and `remark` why nothing is
        known of an image.
    """
    return [_record(engine, name) for name in images]


def _record(engine: ContainerEngine, name: str) -> dict[str, str]:
    record = {"name": name, "image_id": "", "source": BaseSource.OTHER.value}
    try:
        if not engine.images.has(name):
            return record
        image = engine.images.inspect(name)
        labels = image.labels
        record["image_id"] = image.id
        if BASE_LABEL in labels:
            record["source"] = BaseSource.BOOTSTRAPPED.value
        elif name in BASES:
            record["source"] = (
                present_source(engine, name, BASES[name]) or BaseSource.OTHER
            ).value
    except EngineError as error:
        return record | {"remark": error.cause}
    return record | _what_it_is(name, labels)


def _what_it_is(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """What is built on a home-made base carries its labels too, and is something else."""
    base = meant_by(name)
    if isinstance(base, Base) and labels.get(RECIPE_LABEL) == recipe_id(base):
        return {"made_of": made_of(labels)}
    return {}
