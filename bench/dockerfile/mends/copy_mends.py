"""Mends of what COPY brings: its place among the installs, its owner, and what it leaves out."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.content_rules import ignore_file
from bench.dockerfile.lint.dockerfile import commands, flag
from bench.dockerfile.lint.installs import is_apt, is_install, is_system_install
from bench.dockerfile.mends.edits import (
    Edit,
    edited,
    has_posix_shell,
    head_line,
    inserted_after,
    inserted_before,
    line_start,
    located,
    newline_of,
    removed,
    span,
)
from bench.dockerfile.mends.lists import NotKnownError, lists_of
from bench.dockerfile.mends.mend import Footing, Mend, Mended

if TYPE_CHECKING:
    from bench.dockerfile.bases import Stage
    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.mends.sources import Sources

_PASSED = ("ARG", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "HEALTHCHECK", "RUN")
_HARMLESS = ("true", ":", "rm", "useradd", "groupadd", "adduser", "addgroup")
_PRIVATE = (
    ".git",
    ".venv",
    "venv",
    "**/node_modules",
    "**/__pycache__",
    "**/*.pyc",
    ".env",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".idea",
    ".vscode",
    ".DS_Store",
)
"""What belongs in no image: history, packages of the developer's machine, caches, settings."""


def copied_last(sources: Sources) -> Mended:
    """Copy the lists of packages ahead of the installs, and the rest after them."""
    left = []
    for _ in sources.found("copy-before-install"):
        for instruction in sources.found("copy-before-install"):
            try:
                sources = _moved(sources, instruction)
            except NotKnownError as why:
                left.append(f"line {instruction.line}: {why}")
            else:
                left = []
                break
    return Mended(sources, left=tuple(dict.fromkeys(left)))


def _moved(sources: Sources, copy: Instruction) -> Sources:
    """One COPY behind the last install of its stage."""
    file, text = sources.file, sources.text
    stage = next(it for it in file.stages if any(one is copy for one in it.instructions))
    given, destination = file.paths(copy)
    if copy.keyword != "COPY" or len(given) != 1 or "$" in destination or copy.has_heredocs:
        raise NotKnownError("only a COPY of one folder is moved")
    at = next(n for n, one in enumerate(stage.instructions) if one is copy)
    installs = [
        n
        for n, one in enumerate(stage.instructions)
        if n > at and one.keyword == "RUN" and any(is_install(it) for it in commands(one))
    ]
    last = installs[-1]
    folder = workdir(sources, stage, copy)
    needed: list[str] = []
    ahead = copy.line
    for one in stage.instructions[at + 1 : last + 1]:
        if one.keyword == "WORKDIR" and destination.startswith("/"):
            folder = posixpath.join(folder, file.bare(one.rest))
        elif one.keyword not in _PASSED:
            raise NotKnownError(f"{one.keyword} in line {one.line} may need what is copied")
        elif one.keyword == "RUN":
            ahead = ahead if needed else head_line(text, one)
            needed += _needed(sources, one, folder, _target(sources, stage, copy))
    needed = list(dict.fromkeys(needed))
    first = head_line(text, copy)
    moved = text[line_start(text, first) : span(text, copy)[1]]
    lists = [f"COPY {_flags(copy)}{it}" for it in _copies(needed, destination)]
    edits = [
        removed(text, first, copy.last_line),
        inserted_before(text, ahead, lists),
        inserted_after(text, stage.instructions[last], [moved]),
    ]
    return sources.with_text(edited(text, edits if lists else [edits[0], edits[2]]))


def _flags(copy: Instruction) -> str:
    return "".join(f"{flag} " for flag in copy.flags)


def _copies(places: list[str], destination: str) -> list[str]:
    """The arguments of COPY for files, by the folders that they are in."""
    folders: dict[str, list[str]] = {}
    for place in places:
        folders.setdefault(posixpath.dirname(place), []).append(place)
    base = destination.rstrip("/") or "/"
    targets = {folder: posixpath.join(base, folder).rstrip("/") + "/" for folder in folders}
    return [
        json.dumps([*files, targets[folder]])
        if any(re.search(r"\s", it) for it in (*files, targets[folder]))
        else f"{' '.join(files)} {targets[folder]}"
        for folder, files in folders.items()
    ]


def workdir(sources: Sources, stage: Stage, until: Instruction) -> str:
    """The working folder at an instruction, as far as the stages say; `/` where none does."""
    chain: list[Stage] = [stage]
    while chain[0].parent is not None:
        chain.insert(0, sources.file.stages[chain[0].parent])
    folder = ""
    for one in (it for part in chain for it in part.instructions):
        if one is until:
            break
        if one.keyword == "WORKDIR":
            folder = posixpath.join(folder, sources.file.bare(one.rest))
    return folder or "."


def _target(sources: Sources, stage: Stage, copy: Instruction) -> str:
    """Where a COPY puts its files; relative where the working folder is not known."""
    destination = sources.file.paths(copy)[1]
    return posixpath.normpath(posixpath.join(workdir(sources, stage, copy), destination))


def _needed(sources: Sources, run: Instruction, folder: str, target: str) -> list[str]:
    """The files of the context that a RUN of installs reads.

    Raises:
        NotKnownError: it does more, or reads what cannot be told.
    """
    needed: list[str] = []
    if run.has_heredocs or not has_posix_shell(sources.file):
        raise NotKnownError(f"what RUN in line {run.line} needs is not known")
    for command in commands(run):
        if is_system_install(command) or is_apt(command, "update") or command.program in _HARMLESS:
            local = [it for it in command.arguments if it.startswith(".")]
            if command.program == "rm":
                local = [it for it in command.arguments if not it.startswith("/var/")]
            if local:
                raise NotKnownError(
                    f"`{' '.join(command.words[:3])}` in line {run.line} reads files"
                )
        elif is_install(command):
            needed += lists_of(sources, command, folder, target)
        elif command.program not in ("apt-get", "apt"):
            words = " ".join(command.words[:3])
            raise NotKnownError(f"`{words}` in line {run.line} may need what is copied")
    return needed


def copied_with_owner(sources: Sources) -> Mended:
    """Give files their owner as they are copied; a folder keeps it by a plain chown."""
    left = []
    edits: list[Edit] = []
    for run in sources.found("late-chown"):
        try:
            edits += _owned(sources, run)
        except NotKnownError as why:
            left.append(f"line {run.line}: {why}")
    return Mended(sources.with_text(edited(sources.text, edits)), left=tuple(left))


def _owned(sources: Sources, run: Instruction) -> list[Edit]:
    file = sources.file
    stage = file.shipped[-1]
    found = located(file, run)
    if not any(one is run for one in stage.instructions) or len(found) != 1:
        raise NotKnownError("only a RUN of the last stage that does nothing else is changed")
    command, start = found[0]
    if len(command.words) != 4 or command.words[:2] != ("chown", "-R"):
        raise NotKnownError("only `chown -R OWNER FOLDER` is changed")
    owner, folder = command.words[2], workdir(sources, stage, run)
    place = posixpath.normpath(posixpath.join(folder, command.words[3]))
    if "$" in owner + place:
        raise NotKnownError("its words are not known before the build")
    edits = []
    changed: list[Instruction] = []
    for one in stage.instructions[: [it is run for it in stage.instructions].index(True)]:
        if one.keyword in ("COPY", "ADD") and not flag(one, "chown"):
            target = _target(sources, stage, one)
            inside = f"{target}/".startswith(f"{place.rstrip('/')}/")
            if inside:
                changed.append(one)
                at = span(sources.text, one)[0] + len(one.keyword)
                edits.append(Edit(at, at, f" --chown={owner}"))
            elif f"{place}/".startswith(f"{target.rstrip('/')}/"):
                raise NotKnownError(f"COPY in line {one.line} brings more than is changed")
        elif one.keyword == "RUN" and (changed or not owner.replace(":", "").isdecimal()):
            _check_between(one, owner, bool(changed))
    if not edits:
        raise NotKnownError("the files come from another stage")
    at = start + command.ends[1]
    return [*edits, Edit(at - len(" -R"), at)]


def _check_between(run: Instruction, owner: str, has_copied: bool) -> None:
    """Refuse a RUN that may make files where the owner is changed, or that makes the owner late."""
    for command in commands(run):
        is_user = command.program in ("useradd", "adduser", "groupadd", "addgroup")
        if has_copied and is_user and not owner.replace(":", "").isdecimal():
            raise NotKnownError(f"the owner is made in line {run.line}, after files were copied")
        if has_copied and not (is_user or is_system_install(command) or is_apt(command, "update")):
            raise NotKnownError(f"RUN in line {run.line} may make files there too")


def ignored(sources: Sources) -> Mended:
    """Name in the ignore file what belongs in no image."""
    if not sources.found("missing-dockerignore"):
        return Mended(sources)
    place, text = ignore_file(sources.file)
    said = sources.text + "".join(sources.texts.values())
    lines = [it for it in _PRIVATE if not _is_named(it, said)]
    old = text or ""
    present = {line.strip() for line in old.splitlines()}
    ending = newline_of(old)
    new = old + (ending if old and not old.endswith("\n") else "")
    new += "".join(f"{line}{ending}" for line in lines if line not in present)
    changed = sources.with_text(new, place)
    left = (
        ("the Dockerfile names what would be left out",)
        if changed.found("missing-dockerignore")
        else ()
    )
    return Mended(sources if left else changed, left=left)


def _is_named(pattern: str, said: str) -> bool:
    """Whether a Dockerfile or a script names what a pattern leaves out."""
    name = re.escape(pattern.removeprefix("**/").removeprefix("*"))
    return re.search(rf"(?<![\w.-]){name}(?![\w-])", said) is not None


COPY_ORDER = Mend(
    "copy-order",
    "package lists copied and installed first, the rest copied last",
    ("copy-before-install",),
    (),
    Footing.CERTAIN,
    copied_last,
    must_gain=False,
)
COPY_OWNER = Mend(
    "copy-chown",
    "files copied with their owner instead of a later chown",
    ("late-chown",),
    ("image_size_bytes", "image_transfer_bytes", "startup_s"),
    Footing.CERTAIN,
    copied_with_owner,
)
IGNORE_FILE = Mend(
    "dockerignore",
    "history, caches and packages of the developer left out",
    ("missing-dockerignore",),
    (),
    Footing.CERTAIN,
    ignored,
    must_gain=False,
)
