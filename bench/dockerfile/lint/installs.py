"""Commands that install packages, told apart by their package manager."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.dockerfile.lint.shell import ShellCommand

_PIP = re.compile(r"pip(\d+(\.\d+)?)?")
_PYTHON = re.compile(r"python(\d+(\.\d+)?)?")
_SYSTEM = {
    "apt-get": ("install",),
    "apt": ("install",),
    "aptitude": ("install",),
    "apk": ("add",),
    "dnf": ("install",),
    "microdnf": ("install",),
    "yum": ("install",),
}
_LANGUAGE = {
    "npm": ("install", "i", "ci"),
    "pnpm": ("install", "i", "add"),
    "yarn": ("install", "add"),
    "poetry": ("install",),
    "uv": ("sync",),
    "pipenv": ("install", "sync"),
    "bundle": ("install",),
    "composer": ("install",),
    "conda": ("install",),
    "mamba": ("install",),
}
_THE_PROJECT = re.compile(r"\.(\[.*\])?/?")
"""`pip install .` and `.[extra]`: the source itself, which has to be there."""


def is_python(program: str) -> bool:
    """Whether a program's name is one of Python's."""
    return _PYTHON.fullmatch(program) is not None


def is_apt(command: ShellCommand, action: str) -> bool:
    """Whether it is `apt-get ACTION`, or the same with `apt`."""
    return command.program in ("apt-get", "apt") and action in command.arguments


def is_pip_install(command: ShellCommand) -> bool:
    """Whether it is `pip install`, also as a module of Python."""
    words = command.words
    if is_python(command.program):
        at = next((at for at, word in enumerate(words) if word == "-m"), len(words))
        return words[at + 1 : at + 2] == ("pip",) and "install" in words[at + 2 :]
    return _PIP.fullmatch(command.program) is not None and "install" in words[1:]


def is_install(command: ShellCommand) -> bool:
    """Whether it fetches packages, of the system or of a language."""
    return (
        is_pip_install(command)
        or is_system_install(command)
        or (command.program == "uv" and command.arguments[:2] == ("pip", "install"))
        or command.arguments[:1] in [(word,) for word in _LANGUAGE.get(command.program, ())]
        or (command.program == "yarn" and not command.arguments)
        or (command.program == "go" and command.arguments[:2] == ("mod", "download"))
        or (command.program == "cargo" and command.arguments[:1] == ("fetch",))
    )


def is_system_install(command: ShellCommand) -> bool:
    """Whether it installs packages of the distribution."""
    return any(action in command.arguments for action in _SYSTEM.get(command.program, ()))


def installed(command: ShellCommand) -> tuple[str, ...]:
    """The packages that a system install names, without their versions."""
    actions = _SYSTEM.get(command.program, ())
    words = command.arguments
    at = next((at for at, word in enumerate(words) if word in actions), len(words))
    return tuple(re.split(r"[=<>~:]", word)[0] for word in words[at + 1 :])


def needs_the_source(command: ShellCommand) -> bool:
    """Whether it installs the project itself, for which all of the source has to be there."""
    words = command.arguments
    after = words[words.index("install") + 1 :] if "install" in words else ()
    return bool(after) and all(_THE_PROJECT.fullmatch(word) for word in after)
