"""The lists of packages that an install reads from the context, such as requirements.txt."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.installs import is_pip_install

if TYPE_CHECKING:
    from bench.dockerfile.lint.shell import ShellCommand
    from bench.dockerfile.mends.sources import Sources

_NODE = {
    "npm": (("package.json",), ("package-lock.json", "npm-shrinkwrap.json", ".npmrc")),
    "yarn": (("package.json",), ("yarn.lock", ".npmrc", ".yarnrc")),
    "pnpm": (("package.json",), ("pnpm-lock.yaml", ".npmrc")),
}
_OTHERS = {
    "go": (("go.mod",), ("go.sum",)),
    "bundle": (("Gemfile",), ("Gemfile.lock",)),
    "cargo": (),
}
_HOOKS = ("preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare")
_LIST_OPTIONS = ("-r", "--requirement", "-c", "--constraint")


class NotKnownError(Exception):
    """Something that a mend would have to know cannot be told from the files; says what."""


def lists_of(sources: Sources, command: ShellCommand, folder: str, target: str) -> list[str]:
    """The files of the context that an install reads, by their place in it.

    Args:
        sources: the Dockerfile and the files around it.
        command: the install.
        folder: the working folder.
        target: where the context was copied to.

    Raises:
        NotKnownError: it reads what cannot be told, or what is not there.
    """
    if is_pip_install(command) or command.arguments[:2] == ("pip", "install"):
        names = _pip_lists(command)
    else:
        if "install" not in command.words and command.arguments[1:] and command.program != "go":
            return []
        names = _named_lists(sources, command, folder, target)
    needed = []
    for name in names:
        needed += _with_others(sources, _in_context(name, folder, target), set())
    return needed


def _in_context(name: str, folder: str, target: str) -> str:
    """The place in the context of a file that a command names."""
    path = posixpath.normpath(posixpath.join(folder, name))
    if "$" in path:
        raise NotKnownError(f"{name} is not known before the build")
    relative = (
        posixpath.relpath(path, target) if path.startswith("/") == target.startswith("/") else ""
    )
    if not relative or relative.startswith(".."):
        raise NotKnownError(f"{name} does not come from the context")
    return relative


def _pip_lists(command: ShellCommand) -> list[str]:
    """The lists that pip is told to read; local projects are refused."""
    found = []
    words = list(command.words)
    for at, word in enumerate(words):
        key, has_value, value = word.partition("=")
        if word in _LIST_OPTIONS:
            found += words[at + 1 : at + 2]
        elif has_value and key in _LIST_OPTIONS:
            found.append(value)
        elif word[:2] in ("-r", "-c") and len(word) > 2 and not word.startswith("--"):
            found.append(word[2:])
        elif word in ("-e", "--editable", "-f", "--find-links") or key in (
            "--editable",
            "--find-links",
        ):
            raise NotKnownError(f"`{word}` reads files of the context")
        elif (
            word.startswith((".", "/")) and words[at - 1] not in _LIST_OPTIONS and at
        ) or word.endswith((".whl", ".tar.gz", ".zip")):
            raise NotKnownError(f"{word} may come from the context")
    return [it for it in found if not it.startswith(("http://", "https://"))]


def _named_lists(sources: Sources, command: ShellCommand, folder: str, target: str) -> list[str]:
    """The files that a package manager reads by their names."""
    known = _NODE | _OTHERS
    if not known.get(command.program):
        raise NotKnownError(f"what `{command.program}` reads is not known")
    if command.program in _NODE and len(command.arguments) > 1:
        raise NotKnownError(f"`{' '.join(command.words)}` names packages")
    required, optional = known[command.program]
    for name in required:
        text = sources.read(_in_context(name, folder, target))
        if text is None:
            raise NotKnownError(f"{name} is not in the context")
        if command.program in _NODE:
            _check_hooks(text, name)
    return [
        *required,
        *(
            name
            for name in optional
            if sources.read(_in_context(name, folder, target)) is not None
            or (sources.context / _in_context(name, folder, target)).is_file()
        ),
    ]


def _check_hooks(text: str, name: str) -> None:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotKnownError(f"{name} cannot be read") from error
    scripts = tree.get("scripts") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or any(it in (scripts or {}) for it in _HOOKS):
        raise NotKnownError(f"{name} runs scripts when it is installed")
    kinds = ("dependencies", "devDependencies", "optionalDependencies")
    values = [value for kind in kinds for value in (tree.get(kind) or {}).values()]
    if "workspaces" in tree or any(str(it).startswith(("file:", "link:", ".")) for it in values):
        raise NotKnownError(f"{name} names packages that are folders of the context")


def _with_others(sources: Sources, place: str, seen: set[str]) -> list[str]:
    """A list, and those that it names; one of pip alone can name others."""
    if place in seen:
        return []
    seen.add(place)
    text = sources.read(place)
    if text is None:
        if (sources.context / place).is_file() and not place.endswith(".txt"):
            return [place]
        raise NotKnownError(f"{place} is not in the context")
    found = [place]
    if not place.endswith((".txt", ".in", ".pip")):
        return found
    for line in text.splitlines():
        bare = line.strip()
        other = re.match(r"(?:-r|-c|--requirement|--constraint)(?:\s+|=)(\S+)", bare)
        if other and not other[1].startswith(("http://", "https://")):
            joined = posixpath.normpath(posixpath.join(posixpath.dirname(place), other[1]))
            found += _with_others(sources, joined, seen)
        elif bare.startswith((".", "/", "-e", "--editable", "-f", "--find-links", "file:")) or (
            re.search(r"@\s*(file:|\.)", bare) is not None
        ):
            raise NotKnownError(f"{place} names files of the context")
    return found
