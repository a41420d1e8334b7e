"""Providing the base images that Dockerfiles and scenarios name.

A base is Docker Hub's own where the Hub can be reached, and made of Debian packages where it
cannot. Both carry the official name in the engine, so that a Dockerfile works with either; the
record of a run says which it was.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.errors import EngineError, EngineRefusedError, PullError, UsageError
from bench.core.image_reference import familiar
from bench.images.bases.catalogue import BASES, RECIPES, Refusal, makeable, meant_by, states
from bench.images.bases.hub import pull_patiently, registry_answered
from bench.images.bases.make import make_base
from bench.images.bases.present import BaseSource, image_id, present_source
from bench.images.bases.recipe import DEBIAN_LABEL, PACKAGES_LABEL, lineage, made_of, upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bench.images.bases.table import Base
    from bench.runtimes.protocol import ContainerEngine


@dataclass(frozen=True)
class BaseImage:
    """A base that is ready in the engine.

    Attributes:
        digest: of its manifest in bench's registry.
        took_s: seconds that it took now, the push included; 0 where it was there already.
        made_of: what a home-made one really is, in words; empty for others.
    """

    name: str
    source: BaseSource
    image_id: str
    digest: str
    took_s: float
    made_of: str = ""


def prepare_bases(
    engine: ContainerEngine,
    registry: str,
    *,
    on_progress: Callable[[str], None],
    only: Collection[str] | None = None,
    force: bool = False,
    ask_hub: bool = True,
) -> list[BaseImage]:
    """Have the bases in `engine` under their official names, and in `registry` under `bases/`.

    All that are missing come from one source: from Docker Hub, or, as soon as the Hub fails
    once, all of them from Debian packages.

    Args:
        engine: the engine that will build on them.
        registry: host:port of bench's registry.
        on_progress: told in a line what is being done.
        only: names of bases that can be made here; those of BASES where None.
        force: fetch or make them again even where they are there.
        ask_hub: whether Docker Hub is asked first.

    Returns:
        Those asked for, and those that had to be made for their sake, parents first.

    Raises:
        UsageError: a name that cannot be made here.
        PullError: the Hub has no such image, or the version that is made here is another.
        HostError: the Hub is out of reach and this host cannot make them.
        EngineError: the engine failed.
    """
    chosen = check_names(BASES if only is None else only)
    missing = {
        name: base
        for name, base in chosen.items()
        if force or present_source(engine, name, base) is None
    }
    replaced = [image_id(engine, name) for name in missing]
    took_s = _fetch(engine, missing, on_progress) if ask_hub else {}
    if missing.keys() - took_s.keys():
        replaced += [image_id(engine, base.name) for base in missing.values()]
        again = {base.name for base in missing.values()} if force else set()
        took_s = _bootstrap(engine, missing, again, on_progress)
    wanted = chosen | {name: RECIPES[name] for name in took_s.keys() - chosen.keys()}
    ready = [
        _pushed(engine, registry, name, wanted[name], took_s.get(name, 0.0), on_progress)
        for name in _parents_first(wanted)
    ]
    _drop(engine, replaced, {image.image_id for image in ready})
    return ready


def check_names(names: Collection[str]) -> dict[str, Base]:
    """Their recipes by familiar names, parents first.

    Raises:
        UsageError: one of them cannot be made here.
    """
    chosen: dict[str, Base] = {}
    for name in names:
        base = meant_by(name)
        if isinstance(base, Refusal):
            raise UsageError(
                name,
                f"no such base image: it cannot be made here, for {base.reason}",
                f"these can be made here: {makeable()}",
            )
        chosen[familiar(name)] = base
    return {name: chosen[name] for name in _parents_first(chosen)}


def missing_among(engine: ContainerEngine, images: Sequence[str]) -> list[str]:
    """Those of them that the engine lacks, or has from an older recipe."""
    bases = {name: meant_by(name) for name in images}
    return [
        name
        for name, base in bases.items()
        if not isinstance(base, Refusal) and present_source(engine, name, base) is None
    ]


def cannot_be_had(image: str, cause: str) -> PullError:
    """The error for an `image` that no registry gives and that is not made here."""
    base = meant_by(image)
    why = f", and it cannot be made here: {base.reason}" if isinstance(base, Refusal) else ""
    return PullError(
        image,
        f"cannot be had: {cause}{why}",
        "check the name; a private registry needs `docker login`;"
        f" without a registry these can be made here: {makeable()}",
    )


def base_to_blame(engine: ContainerEngine, images: Sequence[str]) -> PullError | None:
    """Which of the `images` of a build that failed cannot be had at all; None where all can."""
    for image in images:
        if engine.images.has(image):
            continue
        try:
            pull_patiently(engine, image, only_ask=True)
        except EngineError as error:
            return cannot_be_had(image, error.cause)
    return None


def _parents_first(names: Collection[str]) -> list[str]:
    order = list(RECIPES)

    def place(name: str) -> tuple[int, str]:
        base = meant_by(name)
        return (-1 if isinstance(base, Refusal) else order.index(base.name), name)

    return sorted(names, key=place)


def _fetch(
    engine: ContainerEngine, missing: dict[str, Base], say: Callable[[str], None]
) -> dict[str, float]:
    """Seconds by name of the bases that Docker Hub gave, up to its first failure."""
    took_s: dict[str, float] = {}
    for name, base in missing.items():
        start_s = time.monotonic()
        pinned = base.hub_reference if name == base.name else ""
        reference = pinned or name
        say(f"{name}: asking Docker Hub for {reference}")
        try:
            pull_patiently(engine, reference)
        except EngineError as error:
            if not pinned and registry_answered(error):
                raise cannot_be_had(name, error.cause) from error
            say(f"{name}: not from Docker Hub ({error.cause})")
            break
        if reference != name:
            engine.images.tag(reference, name)
        took_s[name] = time.monotonic() - start_s
    return took_s


def _bootstrap(
    engine: ContainerEngine, missing: dict[str, Base], again: set[str], say: Callable[[str], None]
) -> dict[str, float]:
    """Make the bases in `missing`, and the parents that they lack; seconds by name.

    Raises:
        PullError: the name states another version than Debian has.
    """
    took_s: dict[str, float] = {}
    needed = {member.name for base in missing.values() for member in lineage(base)}
    for base in RECIPES.values():
        current = present_source(engine, base.name, base) is BaseSource.BOOTSTRAPPED
        stale = base.name in again or base.parent in took_s
        if base.name not in needed or (current and not stale):
            continue
        start_s = time.monotonic()
        make_base(engine, base, say)
        took_s[base.name] = time.monotonic() - start_s
    for name, base in missing.items():
        if name != base.name:
            _give_name(engine, name, base)
            took_s[name] = took_s.get(base.name, 0.0)
    return took_s


def _give_name(engine: ContainerEngine, name: str, base: Base) -> None:
    labels = engine.images.inspect(base.name).labels
    first = labels.get(PACKAGES_LABEL, "").partition(" ")[0].partition("=")[2]
    version = upstream(first) if first else labels.get(DEBIAN_LABEL, base.version)
    if not states(name, version):
        raise PullError(
            name,
            f"no registry answers, and what can be made here is {version}:"
            f" {base.name}, {made_of(labels)}",
            f"name the version as {base.repository}:{version}, or less of it",
        )
    engine.images.tag(base.name, name)


def _pushed(
    engine: ContainerEngine,
    registry: str,
    name: str,
    base: Base,
    took_s: float,
    say: Callable[[str], None],
) -> BaseImage:
    reference = f"{registry}/bases/{name}"
    repository = reference.rpartition(":")[0]
    start_s = time.monotonic()
    engine.images.tag(name, reference)
    image = engine.images.inspect(name)
    known = (known_as.split("@") for known_as in image.digests)
    digest = next((digest for known_as, digest in known if known_as == repository), "")
    # a containerd store has a digest for every name, pushed or not
    if not digest or engine.info.image_store == "containerd":
        say(f"{name}: pushing to {repository}")
        digest = engine.images.push(reference)
        took_s += time.monotonic() - start_s
    source = present_source(engine, name, base) or BaseSource.OTHER
    words = made_of(image.labels) if source is BaseSource.BOOTSTRAPPED else ""
    return BaseImage(name, source, image.id, digest, took_s, words)


def _drop(engine: ContainerEngine, replaced: list[str], kept: set[str]) -> None:
    """Remove what a newer base has replaced, unless images still stand on it."""
    for image in dict.fromkeys(reversed(replaced)):
        if image and image not in kept:
            with contextlib.suppress(EngineRefusedError):
                engine.images.remove(image)
