"""Having the base images that the bundled Dockerfiles stand on, and saying which they are.

A base is Docker Hub's own where the Hub can be reached, and made of Debian packages where it
cannot. Both carry the official name in the builder, so that a Dockerfile works with either; the
record of a run says which it was.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import tempfile
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.engine.build.request import BuildRequest
from bench.errors import EngineError, EngineRefusedError, UsageError
from bench.image.base_hub import pull_patiently
from bench.image.base_recipe import (
    BASE_LABEL,
    RECIPE_LABEL,
    dockerfile,
    import_changes,
    lineage,
    recipe_id,
)
from bench.image.base_rootfs import make_rootfs
from bench.image.base_table import BASES, Base

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bench.engine.protocol import Engine

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$", re.IGNORECASE)
_ARG = re.compile(r"^\s*ARG\s+(\w+)(?:=(\S*))?\s*$", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class BaseSource(StrEnum):
    """Where a base image comes from."""

    HUB = "hub"
    BOOTSTRAPPED = "bootstrapped"
    OTHER = "other"
    """Not one of ours: an image of the user's, or one that was pulled by other means."""


@dataclass(frozen=True)
class BaseImage:
    """A base that is ready in the builder.

    Attributes:
        digest: of its manifest in bench's registry.
        took_s: seconds that it took now, the push included; 0 where it was there already.
    """

    name: str
    source: BaseSource
    image_id: str
    digest: str
    took_s: float


def prepare_bases(
    builder: Engine,
    registry: str,
    *,
    on_progress: Callable[[str], None],
    only: Collection[str] | None = None,
    force: bool = False,
) -> list[BaseImage]:
    """Have the bases in `builder` under their official names, and in `registry` under `bases/`.

    All that are missing come from one source: from Docker Hub, or, as soon as the Hub fails
    once, all of them from Debian packages.

    Args:
        builder: the engine that will build on them.
        registry: host:port of bench's registry.
        on_progress: told in a line what is being done.
        only: names out of BASES; all of them where None.
        force: fetch or make them again even where they are there.

    Returns:
        Those asked for, and those that had to be made for their sake, parents first.

    Raises:
        UsageError: a name that is not in BASES.
        HostError: the Hub is out of reach and this host cannot make them.
        EngineError: the builder failed.
    """
    names = BASES if only is None else check_names(only)
    chosen = [BASES[name] for name in names]
    missing = [base for base in chosen if force or present_source(builder, base) is None]
    replaced = [_image_id(builder, base.name) for base in missing]
    took_s = _fetch(builder, missing, on_progress)
    if any(base.name not in took_s for base in missing):
        again = {base.name for base in missing} if force else set()
        took_s |= _bootstrap(builder, missing, again, on_progress)
    wanted = {base.name for base in chosen} | took_s.keys()
    ready = [
        _pushed(builder, registry, base, took_s.get(base.name, 0.0), on_progress)
        for base in BASES.values()
        if base.name in wanted
    ]
    _drop(builder, replaced, {image.image_id for image in ready})
    return ready


def check_names(names: Collection[str]) -> list[str]:
    """The same names in the order of BASES.

    Raises:
        UsageError: one of them is not there.
    """
    unknown = sorted(set(names) - BASES.keys())
    if unknown:
        raise UsageError(
            ", ".join(unknown), "no such base image", f"bench knows {', '.join(BASES)}"
        )
    return [name for name in BASES if name in names]


def present_source(builder: Engine, base: Base) -> BaseSource | None:
    """Where the `base` in the builder comes from; None where it is missing or out of date."""
    if not builder.has_image(base.name):
        return None
    details = builder.image_details(base.name)
    if _labels(details).get(RECIPE_LABEL) == recipe_id(base):
        return BaseSource.BOOTSTRAPPED
    tags = details.get("RepoTags") or []
    return BaseSource.HUB if any(tag.endswith(base.hub_reference) for tag in tags) else None


def named_bases(dockerfile_text: str) -> list[str]:
    """Those of BASES that the FROM lines of a Dockerfile name, each once."""
    return [name for name in _from_names(dockerfile_text) if name in BASES]


def base_records(builder: Engine, dockerfile_text: str) -> list[dict[str, str]]:
    """What each FROM of a Dockerfile stands for in `builder`, for the record of a run.

    Returns:
        `name` as in the Dockerfile, `image_id` (empty where the builder does not have it) and
        `source`, the value of a BaseSource.
    """
    records = []
    for name in _from_names(dockerfile_text):
        source = BaseSource.OTHER
        if name in BASES:
            source = present_source(builder, BASES[name]) or source
        image_id = _image_id(builder, name)
        if image_id and BASE_LABEL in _labels(builder.image_details(name)):
            source = BaseSource.BOOTSTRAPPED
        records.append({"name": name, "image_id": image_id, "source": source.value})
    return records


def _fetch(builder: Engine, missing: list[Base], say: Callable[[str], None]) -> dict[str, float]:
    """Seconds by name of the bases that Docker Hub gave, up to its first failure."""
    took_s: dict[str, float] = {}
    for base in missing:
        start_s = time.monotonic()
        say(f"{base.name}: asking Docker Hub for {base.hub_reference}")
        try:
            pull_patiently(builder, base.hub_reference)
        except EngineError as error:
            say(f"{base.name}: not from Docker Hub ({error.cause})")
            break
        builder.tag(base.hub_reference, base.name)
        took_s[base.name] = time.monotonic() - start_s
    return took_s


def _bootstrap(
    builder: Engine, missing: list[Base], again: set[str], say: Callable[[str], None]
) -> dict[str, float]:
    """Make the bases in `missing`, and the parents that they lack; seconds by name."""
    took_s: dict[str, float] = {}
    needed = {one.name for base in missing for one in lineage(base)}
    for base in BASES.values():
        current = present_source(builder, base) is BaseSource.BOOTSTRAPPED
        stale = base.name in again or base.parent in took_s
        if base.name not in needed or (current and not stale):
            continue
        start_s = time.monotonic()
        _make(builder, base, say)
        took_s[base.name] = time.monotonic() - start_s
    return took_s


def _make(builder: Engine, base: Base, say: Callable[[str], None]) -> None:
    made = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="bench-base-") as name:
        folder = Path(name)
        if base.parent is None:
            scratch = folder / "scratch"
            scratch.mkdir()
            make_rootfs(folder / "rootfs.tar", scratch, lambda text: say(f"{base.name}: {text}"))
            builder.import_rootfs(folder / "rootfs.tar", base.name, import_changes(base, made))
            return
        (folder / "Dockerfile").write_text(dockerfile(base, made, recipe_id(base)))
        proxies = {key: os.environ[key] for key in _PROXIES if key in os.environ}
        request = BuildRequest(folder, base.name, folder / "Dockerfile", args=proxies)
        builder.build(request, lambda step: say(f"{base.name}: {step[:120]}"))


def _pushed(
    builder: Engine, registry: str, base: Base, took_s: float, say: Callable[[str], None]
) -> BaseImage:
    reference = f"{registry}/bases/{base.name}"
    repository = reference.rpartition(":")[0]
    start_s = time.monotonic()
    builder.tag(base.name, reference)
    details = builder.image_details(base.name)
    known = (one.split("@") for one in details.get("RepoDigests") or [])
    digest = next((digest for name, digest in known if name == repository), "")
    # a containerd store has a digest for every name, pushed or not
    if not digest or builder.facts.image_store == "containerd":
        say(f"{base.name}: pushing to {repository}")
        digest = builder.push(reference)
        took_s += time.monotonic() - start_s
    source = present_source(builder, base) or BaseSource.OTHER
    return BaseImage(base.name, source, str(details["Id"]), digest, took_s)


def _drop(builder: Engine, replaced: list[str], kept: set[str]) -> None:
    """Remove what a newer base has replaced, unless images still stand on it."""
    for image_id in reversed(replaced):
        if image_id and image_id not in kept:
            with contextlib.suppress(EngineRefusedError):
                builder.remove_image(image_id)


def _image_id(builder: Engine, name: str) -> str:
    return str(builder.image_details(name)["Id"]) if builder.has_image(name) else ""


def _labels(details: Mapping[str, Any]) -> Mapping[str, str]:
    return (details.get("Config") or {}).get("Labels") or {}


def _from_names(dockerfile_text: str) -> list[str]:
    """The images that FROM lines name, each once; stages and `scratch` are none."""
    arguments: dict[str, str] = {}
    stages = {"scratch"}
    names: list[str] = []
    for line in dockerfile_text.splitlines():
        argument, origin = _ARG.match(line), _FROM.match(line)
        if argument and len(stages) == 1:  # only those ahead of the first FROM count in a FROM
            arguments[argument[1]] = argument[2] or ""
        elif origin:
            name = _VARIABLE.sub(lambda found: arguments.get(found[1] or found[2], ""), origin[1])
            if name.lower() not in stages and name not in names:
                names.append(name)
            stages.add((origin[2] or f"stage {len(stages)}").lower())
    return names
