"""Which bases can be made here, and which of them a name means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.core.image_reference import familiar
from bench.images.bases.languages import golang, java, node, python
from bench.images.bases.servers import nginx, postgres, redis
from bench.images.bases.table import PYTHON_FULL, PYTHON_SLIM, RELEASES, SLIM, Base

_ALIASES = {"openjdk": "eclipse-temurin"}
"""Repositories that are made of the recipes of another."""

_NEVER = {
    "alpine": "Debian's packages are no Alpine, whatever C library they use",
    "ubuntu": "Debian's packages are no Ubuntu",
}
_NEWEST = ("", "latest")
_DEBIAN_NAMES = {"latest": "trixie", "stable": "trixie", "oldstable": "bookworm"}
_ALL = " and ".join(map(str, RELEASES.values()))
_VERSION = re.compile(r"\d+(?:[._]\d+)*")
_UBUNTU = ("jammy", "noble", "focal", "resolute")


@dataclass(frozen=True)
class Refusal:
    """Why a base cannot be made here, in half a sentence."""

    reason: str


@dataclass(frozen=True)
class _Tag:
    """The parts of a tag such as `3.11-slim-bookworm`."""

    version: str = ""
    suite: str = ""
    slim: bool = False
    flavour: str = ""
    unknown: str = ""


def _debian(suite: str) -> tuple[Base, Base]:
    release = str(RELEASES[suite])
    pinned = f"debian:{suite}-20250520-slim" if suite == "bookworm" else ""
    return (
        Base(
            name=f"debian:{suite}-slim",
            hub_reference=pinned,
            command=("bash",),
            suite=suite,
            version=release,
            slim=True,
        ),
        Base(
            name=f"debian:{suite}",
            command=("bash",),
            suite=suite,
            version=release,
        ),
    )


RECIPES: dict[str, Base] = {
    base.name: base
    for base in (
        *_debian("bookworm"),
        *python("bookworm", "3.11", "pip setuptools"),
        *node("bookworm", "18"),
        *golang("bookworm", "1.19"),
        *java("bookworm", "17"),
        *nginx("bookworm", "1.22"),
        *postgres("bookworm", "15"),
        *redis("bookworm", "7.0"),
        *_debian("trixie"),
        *python("trixie", "3.13", "pip"),
        *node("trixie", "20"),
        *golang("trixie", "1.24"),
        *java("trixie", "21"),
        *java("trixie", "25"),
        *nginx("trixie", "1.26"),
        *postgres("trixie", "17"),
        *redis("trixie", "8.0"),
    )
}
"""All recipes by the name of what they make; a parent stands before its children."""

BASES: dict[str, Base] = {name: RECIPES[name] for name in (SLIM, PYTHON_SLIM, PYTHON_FULL)}
"""The bases that the bundled Dockerfiles stand on."""


def meant_by(name: str) -> Base | Refusal:
    """The recipe of what an image called `name` may be made of here, or why there is none.

    The version that the name states is compared as far as a recipe knows its own: whether it is
    right to the last digit shows only when the base has been made (`states`).
    """
    short = familiar(name)
    repository, _, tag = short.partition("@")[0].partition(":")
    if "@" in short:
        return Refusal("a digest means one exact image, which nothing that is made here can be")
    if repository in _NEVER:
        return Refusal(_NEVER[repository])
    own = [recipe for recipe in RECIPES.values() if recipe.repository == _recipes_of(repository)]
    if not own:
        return Refusal("there is no recipe for it")
    asked = _parts(tag, repository)
    reason = _no_such_tag(asked, own)
    if reason:
        return Refusal(reason)
    fitting = [recipe for recipe in own if _fits(asked, recipe)]
    return fitting[-1] if fitting else Refusal(f"Debian has {_what_there_is(own)}")


def states(name: str, version: str) -> bool:
    """Whether an image of this `version` may be called `name`."""
    repository, _, tag = familiar(name).partition(":")
    return _agree(_parts(tag, repository).version, version, at_most=True)


def makeable() -> str:
    """The names of the bases that can be made here, such as `python:3.11|3.13[-slim]`."""
    versions: dict[str, dict[str, None]] = {}
    kinds: dict[str, dict[str, None]] = {}
    for recipe in RECIPES.values():
        versions.setdefault(recipe.repository, {})[recipe.version] = None
        kind = "-slim" if recipe.slim else f"-{recipe.flavour}" if recipe.flavour else ""
        kinds.setdefault(recipe.repository, {}).update({kind: None} if kind else {})
    return ", ".join(
        f"{name}:{'|'.join(versions[name])}" + (f"[{'|'.join(kinds[name])}]" if kinds[name] else "")
        for name in versions
    )


def _recipes_of(repository: str) -> str:
    return _ALIASES.get(repository, repository)


def _parts(tag: str, repository: str) -> _Tag:
    version, suite, flavour, unknown, slim = "", "", "", "", False
    is_java = _recipes_of(repository) == "eclipse-temurin"
    for number, part in enumerate(tag.split("-")):
        if part in RELEASES:
            suite = part
        elif repository == "debian" and number == 0 and part in _DEBIAN_NAMES:
            suite = _DEBIAN_NAMES[part]
        elif part == "slim":
            slim = not is_java  # there it says which Debian, and there is only one Java
        elif part in ("jre", "jdk") and is_java:
            flavour = part
        elif number == 0 and _VERSION.fullmatch(part):
            version = part.partition("_")[0]
        elif number > 0 or part not in _NEWEST:
            unknown = unknown or part
    return _Tag(version, suite, slim, flavour or ("jdk" if is_java else ""), unknown)


def _no_such_tag(asked: _Tag, own: list[Base]) -> str:
    """Why no recipe can be meant by a tag, whatever its version."""
    if asked.unknown.startswith("alpine"):
        return _NEVER["alpine"]
    if asked.unknown in _UBUNTU:
        return _NEVER["ubuntu"]
    if asked.unknown:
        return f"`{asked.unknown}` asks for what Debian {_ALL} do not have"
    if asked.slim and not any(recipe.slim for recipe in own):
        return "there is no slim one"
    return ""


def _fits(asked: _Tag, base: Base) -> bool:
    return (
        asked.suite in ("", base.suite)
        and asked.slim == base.slim
        and asked.flavour == base.flavour
        and _agree(asked.version, base.version)
    )


def _agree(asked: str, version: str, *, at_most: bool = False) -> bool:
    """Whether two versions are the same as far as both are stated.

    Args:
        asked: may be empty.
        version: of a recipe, or of what it has made.
        at_most: `asked` may not state more than `version`.
    """
    wanted, actual = asked.split(".") if asked else [], version.split(".")
    if at_most and len(wanted) > len(actual):
        return False
    return all(left == right for left, right in zip(wanted, actual, strict=False))


def _what_there_is(own: list[Base]) -> str:
    """The versions of each Debian release, such as `1.22 (Debian 12) and 1.26 (Debian 13)`."""
    found = dict.fromkeys((recipe.version, RELEASES[recipe.suite]) for recipe in own)
    return " and ".join(f"{version} (Debian {release})" for version, release in found)
