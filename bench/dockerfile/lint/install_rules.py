"""Rules for what RUN installs, and what it leaves in the image."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands
from bench.dockerfile.lint.finding import LintRule, LintSeverity
from bench.dockerfile.lint.installs import (
    installed,
    is_apt,
    is_install,
    is_pip_install,
    is_system_install,
    needs_the_source,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.dockerfile import Dockerfile
    from bench.dockerfile.lint.shell import ShellCommand

_PACKAGES_ALONE = ("--no-install-project", "--no-root", "--no-install-workspace")
"""Options with which a tool installs what a project needs, and in a later step the project."""

_WHOLE_CONTEXT = (".", "./", "*", "./*", "/")
_TOOLS = re.compile(
    r"(gcc|g\+\+|clang|gfortran|golang|rustc|cargo|llvm)(-\d[\d.]*|-dev|-go)?"
    r"|go|rust|gcc-c\+\+|make|cmake|ninja-build|ninja|meson|autoconf|automake"
    r"|build-essential|build-base|default-jdk(-headless)?|openjdk-?\d+-jdk(-headless)?|maven"
)
_REMOVALS = ("remove", "purge", "autoremove", "del", "erase")
_APT_LISTS = "/var/lib/apt"


def _runs(file: Dockerfile) -> Iterator[tuple[Instruction, tuple[ShellCommand, ...]]]:
    for instruction in file.shipped_instructions:
        if instruction.keyword == "RUN":
            yield instruction, commands(instruction)


def copy_before_install(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """COPY of the whole context, and an install after it in the same stage."""
    for stage in file.stages:
        ran = [
            (instruction.line, command)
            for instruction in stage.instructions
            if instruction.keyword == "RUN"
            for command in commands(instruction)
        ]
        in_two_steps = {it.program for _, it in ran if set(it.words) & set(_PACKAGES_ALONE)}
        installs = [
            (line, command)
            for line, command in ran
            if is_install(command)
            and not needs_the_source(command)
            and command.program not in in_two_steps
        ]
        for copy, sources, _ in file.copies(stage):
            at = bisect.bisect(installs, copy.line, key=lambda install: install[0])
            if at < len(installs) and set(sources) & set(_WHOLE_CONTEXT):
                line, install = installs[at]
                words = " ".join(install.words[:3])
                yield copy, f"everything is copied before `{words}` in line {line}"


def is_tool(package: str) -> bool:
    """Whether a package of the system is a compiler, or a tool that runs one."""
    return _TOOLS.fullmatch(package) is not None


def build_tools_shipped(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """Compilers that a shipped stage installs and does not remove in the same layer."""
    for instruction, found in _runs(file):
        removed: set[str] = set()
        for command in found:
            if set(command.arguments) & set(_REMOVALS) or command.program == "apt-mark":
                removed |= set(command.arguments)
        if any(word.startswith((".", "$")) or "*" in word for word in removed):
            continue  # a group of packages; apk's --virtual names such
        tools = [
            name
            for command in found
            if is_system_install(command)
            for name in installed(command)
            if is_tool(name) and name not in removed
        ]
        if tools and "auto" not in removed:
            yield instruction, f"the image ships {', '.join(dict.fromkeys(tools))}"


def apt_lists_kept(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`apt-get update` whose lists stay in the layer."""
    for instruction, found in _runs(file):
        if _mounts(instruction, _APT_LISTS) or not any(
            is_apt(command, "update") for command in found
        ):
            continue
        cleaned = any(
            is_apt(command, "dist-clean")
            or is_apt(command, "distclean")
            or (
                command.program in ("rm", "find")
                and any(word.startswith(_APT_LISTS) for word in command.arguments)
            )
            for command in found
        )
        if not cleaned:
            yield instruction, "the package lists of `apt-get update` stay in the layer"


def apt_recommends(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`apt-get install` that brings what packages only recommend."""
    for instruction, found in _runs(file):
        text = "\n".join((instruction.rest, *instruction.heredocs))
        if "install-recommends" in text.lower().replace("--no-install-recommends", ""):
            return  # switched off for this and all later commands, by an option or a file
        for command in found:
            if is_apt(command, "install") and "--no-install-recommends" not in command.words:
                yield instruction, f"`{command.program} install` without --no-install-recommends"
                break


def pip_cache_kept(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`pip install` that leaves its downloads in the layer."""
    is_off = False
    for instruction in file.shipped_instructions:
        if instruction.keyword in ("ENV", "ARG"):
            is_off = is_off or bool(file.variables(instruction).get("PIP_NO_CACHE_DIR"))
        if instruction.keyword != "RUN" or is_off or _mounts(instruction, "cache"):
            continue
        found = commands(instruction)
        is_cleaned = any(
            (command.program == "rm" and any(".cache" in word for word in command.words))
            or ("cache" in command.arguments and "purge" in command.arguments)
            for command in found
        )
        for command in found:
            if is_pip_install(command) and not is_cleaned and _caches(command):
                yield instruction, "`pip install` keeps its downloads in the layer"
                break


def _caches(command: ShellCommand) -> bool:
    """Whether a pip keeps what it downloads; local files are never kept."""
    if any(word.startswith("PIP_NO_CACHE_DIR=") for word in command.assignments):
        return False
    is_local = "--no-index" in command.words and "://" not in " ".join(command.words)
    return "--no-cache-dir" not in command.words and not is_local


def _mounts(instruction: Instruction, place: str) -> bool:
    """Whether a cache, or memory, is mounted where the name of the folder has `place` in it."""
    mounts = (given for given in instruction.flags if given.startswith("--mount="))
    return any(
        part.partition("=")[0] in ("target", "dst", "destination") and place in part
        for mount in mounts
        if "type=cache" in mount or "type=tmpfs" in mount
        for part in mount.removeprefix("--mount=").split(",")
    )


RULES = (
    LintRule(
        "copy-before-install",
        LintSeverity.WARNING,
        "A change to any file makes the install and all later layers new, to be built and pulled "
        "again.",
        "copy the list of packages alone, install, and copy the rest after that",
        copy_before_install,
    ),
    LintRule(
        "build-tools-shipped",
        LintSeverity.WARNING,
        "Compilers are pulled by every node and used by none.",
        "build in a stage of its own and COPY --from it what was built",
        build_tools_shipped,
    ),
    LintRule(
        "apt-lists-kept",
        LintSeverity.WARNING,
        "Package lists are tens of megabytes that only an installation needs; a later RUN cannot "
        "take them out of the layer.",
        "end the same RUN with `rm -rf /var/lib/apt/lists/*`, or mount a cache there",
        apt_lists_kept,
    ),
    LintRule(
        "apt-recommends",
        LintSeverity.WARNING,
        "Debian installs recommended packages too, often several times the size of what was asked "
        "for.",
        "add --no-install-recommends, and name the packages that are needed",
        apt_recommends,
    ),
    LintRule(
        "pip-cache-kept",
        LintSeverity.WARNING,
        "pip keeps each download, so that the image holds every package twice.",
        "add --no-cache-dir, or --mount=type=cache,target=/root/.cache/pip",
        pip_cache_kept,
    ),
)
