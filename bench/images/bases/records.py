"""The base images of a case on this host, for the record of a run; it fails no case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.images.bases.catalogue import BASES, meant_by
from bench.images.bases.present import BaseSource, present_source
from bench.images.bases.recipe import BASE_LABEL, RECIPE_LABEL, made_of, recipe_id
from bench.images.bases.table import Base
from bench.journal.facts.image import BaseRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.runtimes.protocol import ContainerEngine


def base_records(engine: ContainerEngine, images: Sequence[str]) -> list[BaseRecord]:
    """The identity of each of `images` in `engine`."""
    return [_record(engine, name) for name in images]


def _record(engine: ContainerEngine, name: str) -> BaseRecord:
    record = BaseRecord(name, source=BaseSource.OTHER.value)
    try:
        if not engine.images.has(name):
            return record
        image = engine.images.inspect(name)
        labels = image.labels
        record = replace(record, image_id=image.id)
        if BASE_LABEL in labels:
            record = replace(record, source=BaseSource.BOOTSTRAPPED.value)
        elif name in BASES:
            source = present_source(engine, name, BASES[name]) or BaseSource.OTHER
            record = replace(record, source=source.value)
    except EngineError as error:
        return replace(record, remark=error.cause)
    return replace(record, made_of=_what_it_is(name, labels))


def _what_it_is(name: str, labels: Mapping[str, str]) -> str:
    """The recipe and version of a home-made base; an image built on one has its labels too."""
    base = meant_by(name)
    if isinstance(base, Base) and labels.get(RECIPE_LABEL) == recipe_id(base):
        return made_of(labels)
    return ""
