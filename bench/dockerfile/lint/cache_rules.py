"""Rules for package managers other than pip, and for what they leave in a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands
from bench.dockerfile.lint.finding import LintRule, LintSeverity
from bench.dockerfile.lint.installs import is_apt, is_pip_install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.dockerfile import Dockerfile
    from bench.dockerfile.lint.shell import ShellCommand

_NODE_INSTALLS = {
    "npm": ("install", "i", "ci"),
    "pnpm": ("install", "i"),
    "yarn": ("install",),
}
_WITHOUT_DEV = ("--omit=dev", "--production", "--prod", "--only=production", "--only=prod", "-P")
_WITH_VALUE = (
    *("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-r", "--requirement"),
    *("-t", "--target", "--prefix", "--root", "-e", "--editable", "--platform", "--python"),
    *("--only-binary", "--no-binary", "--python-version", "--implementation", "--timeout"),
)
"""Options of pip whose value is the next word."""
_VERSION = re.compile(r"[=<>~!@]|://|\.whl$|\.tar\.gz$|^[./$-]|\[?\$")


def _runs(file: Dockerfile) -> Iterator[tuple[Instruction, tuple[ShellCommand, ...]]]:
    for instruction in file.shipped_instructions:
        if instruction.keyword == "RUN":
            yield instruction, commands(instruction)


def _has_cache_mount(instruction: Instruction) -> bool:
    return any(
        given.startswith("--mount=") and "type=cache" in given for given in instruction.flags
    )


def _removes(found: tuple[ShellCommand, ...], part: str) -> bool:
    """Whether a command of the same RUN removes a path with `part` in it."""
    return any(
        command.program in ("rm", "find") and any(part in word for word in command.words)
        for command in found
    )


def _kept(
    file: Dockerfile,
    caches: Callable[[ShellCommand], bool],
    cleans: Callable[[ShellCommand], bool],
    part: str,
) -> Iterator[tuple[Instruction, ShellCommand]]:
    """The first command of each RUN that leaves its cache in the layer."""
    for instruction, found in _runs(file):
        if _has_cache_mount(instruction) or any(map(cleans, found)) or _removes(found, part):
            continue
        for command in found:
            if caches(command):
                yield instruction, command
                break


def apk_cache_kept(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`apk add` that keeps its index."""
    for instruction, _ in _kept(
        file,
        lambda it: (
            it.program == "apk"
            and "add" in it.arguments
            and not {"--no-cache", "--no-network"} & set(it.words)
        ),
        lambda it: it.program == "apk" and "cache" in it.arguments,
        "/var/cache/apk",
    ):
        yield instruction, "`apk add` without --no-cache"


def dnf_cache_kept(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`dnf install` and its kin that keep packages and metadata."""
    programs = ("dnf", "microdnf", "yum")
    for instruction, command in _kept(
        file,
        lambda it: it.program in programs and "install" in it.arguments,
        lambda it: it.program in programs and "clean" in it.arguments,
        "/var/cache/",
    ):
        yield instruction, f"`{command.program} install` keeps its cache in the layer"


def npm_cache_kept(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`npm install` and its kin that keep what they download."""
    for instruction, command in _kept(
        file,
        _installs_node,
        lambda it: (
            it.program in _NODE_INSTALLS
            and (
                ("cache" in it.arguments and "clean" in it.arguments) or "prune" in it.arguments[1:]
            )
        ),
        ".npm",
    ):
        if command.program != "pnpm" and not _removes(commands(instruction), "cache"):
            yield instruction, f"`{command.program}` keeps its downloads in the layer"


def conda_cache_kept(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`conda install` that keeps archives and unpacked packages."""
    programs = ("conda", "mamba", "micromamba")
    actions = {"install", "create", "update"}
    for instruction, command in _kept(
        file,
        lambda it: it.program in programs and bool(actions & set(it.arguments)),
        lambda it: it.program in programs and "clean" in it.arguments,
        "/pkgs",
    ):
        yield instruction, f"`{command.program}` keeps its packages beside what it installed"


def node_dev_dependencies(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """An install of all of a project's packages in a stage that is shipped."""
    if file.environment.get("NODE_ENV") == "production":
        return
    for instruction, found in _runs(file):
        if any("prune" in command.arguments for command in found):
            continue
        for command in found:
            is_all = _installs_node(command) and not command.arguments[1:]
            is_set = "NODE_ENV=production" in command.assignments
            if is_all and not is_set and not set(_WITHOUT_DEV) & set(command.words):
                words = " ".join(command.words[:2])
                yield instruction, f"`{words}` ships what only development needs"
                break


def _installs_node(command: ShellCommand) -> bool:
    if "-g" in command.words or "--global" in command.words:
        return False
    actions = _NODE_INSTALLS.get(command.program, ())
    return command.arguments[:1] in [(action,) for action in actions] or (
        command.program == "yarn" and not command.arguments
    )


def apt_upgrade(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """An upgrade of all packages of the base."""
    for instruction, found in _runs(file):
        for command in found:
            for action in ("upgrade", "dist-upgrade", "full-upgrade"):
                if is_apt(command, action):
                    yield instruction, f"`{command.program} {action}` stores upgraded files twice"


def apt_for_people(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`apt`, whose interface may change."""
    for stage in file.stages:
        for instruction in stage.instructions:
            if instruction.keyword == "RUN" and any(
                command.program == "apt" and len(command.words) > 1
                for command in commands(instruction)
            ):
                yield instruction, "`apt` is for people at a terminal"


def apt_update_alone(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`apt-get update` in a RUN of its own, and an install after it."""
    for stage in file.stages:
        waiting: list[Instruction] = []
        for instruction in stage.instructions:
            if instruction.keyword != "RUN":
                continue
            found = commands(instruction)
            installs = any(is_apt(command, "install") for command in found)
            updates = any(is_apt(command, "update") for command in found)
            if installs and not updates:
                for earlier in waiting:
                    yield earlier, "`apt-get update` in a layer of its own goes stale in the cache"
                waiting = []
            elif updates and not installs:
                waiting.append(instruction)


def pip_unpinned(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`pip install NAME` without a version."""
    for instruction, found in _runs(file):
        for command in found:
            words = command.words
            if not is_pip_install(command) or {"-c", "--constraint"} & set(words):
                continue
            after = words[words.index("install") + 1 :]
            names = [
                word
                for before, word in zip(("", *after), after, strict=False)
                if not _VERSION.search(word) and before not in _WITH_VALUE
            ]
            loose = [name for name in names if name not in ("pip", "setuptools", "wheel")]
            if loose:
                yield instruction, f"{', '.join(loose[:3])} without a version"
                break


RULES = (
    LintRule(
        "apk-cache-kept",
        LintSeverity.WARNING,
        "The index of the packages stays in the layer, and only an installation needs it.",
        "add --no-cache",
        apk_cache_kept,
    ),
    LintRule(
        "dnf-cache-kept",
        LintSeverity.WARNING,
        "Metadata and packages of the package manager stay in the layer, often tens of megabytes.",
        "end the same RUN with `dnf clean all` (or that of yum or microdnf), or mount a cache",
        dnf_cache_kept,
    ),
    LintRule(
        "npm-cache-kept",
        LintSeverity.WARNING,
        "Every package is in the image twice: installed, and as it was downloaded.",
        "add `--mount=type=cache,target=/root/.npm`, or end the same RUN with "
        "`npm cache clean --force`",
        npm_cache_kept,
    ),
    LintRule(
        "conda-cache-kept",
        LintSeverity.WARNING,
        "conda keeps archives and unpacked packages, often gigabytes.",
        "end the same RUN with `conda clean --all --yes`",
        conda_cache_kept,
    ),
    LintRule(
        "node-dev-dependencies",
        LintSeverity.WARNING,
        "Test runners, bundlers and compilers are pulled by every node and used by none.",
        "use `npm ci --omit=dev` in the shipped stage, and build in another one",
        node_dev_dependencies,
    ),
    LintRule(
        "apt-upgrade",
        LintSeverity.INFO,
        "A file that is upgraded is in the image twice, and two builds of the same file differ.",
        "use a newer base image",
        apt_upgrade,
    ),
    LintRule(
        "apt-for-people",
        LintSeverity.INFO,
        "`apt` may change its options and its output between releases; it says so itself.",
        "use apt-get or apt-cache",
        apt_for_people,
    ),
    LintRule(
        "apt-update-alone",
        LintSeverity.WARNING,
        "The builder's cache keeps the old lists while the install after them changes: it fails, "
        "or installs old packages.",
        "join both in one RUN: `apt-get update && apt-get install …`",
        apt_update_alone,
    ),
    LintRule(
        "pip-unpinned",
        LintSeverity.INFO,
        "Two builds of the same file may install different packages.",
        "write NAME==VERSION, or install from a file of requirements with versions",
        pip_unpinned,
    ),
)
