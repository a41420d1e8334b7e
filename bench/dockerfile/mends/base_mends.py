"""Mends of what the image stands on, whom it runs as, and the bytecode of its own source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands, flag
from bench.dockerfile.lint.installs import is_python
from bench.dockerfile.lint.shell import shell_commands
from bench.dockerfile.lint.start_rules import started, started_script, starts
from bench.dockerfile.mends.edits import Edit, edited, inserted_after, inserted_before, masked
from bench.dockerfile.mends.install_mends import SIZE
from bench.dockerfile.mends.mend import Footing, Mend, Mended
from bench.dockerfile.mends.start_mends import starts_first

if TYPE_CHECKING:
    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.mends.sources import Sources

_SUITES = r"(?:buster|bullseye|bookworm|trixie)"
_VERSION = r"(?:[\w.]*\d[\w.]*(?:-rc[\w.]*)?|\$\w+|\$\{\w+\})"
_SLIM_FIRST = re.compile(
    rf"(?P<head>(?:python|ruby|perl|rust):{_VERSION})(?P<tail>(?:-{_SUITES})?)"
)
"""`python:3.11-slim-bookworm`."""
_SLIM_LAST = re.compile(rf"(?P<head>(?:node:{_VERSION}(?:-{_SUITES})?|debian:[\w.]+))(?P<tail>)")
"""`node:20-bookworm-slim`."""
_OFFICIAL = re.compile(r"(?:(?:docker\.io/)?library/|docker\.io/|[\w.:-]+/library/)?")
_USER = "USER 10001:10001"
_WORK = ("RUN", "COPY", "ADD", "WORKDIR")


def slim(sources: Sources) -> Mended:
    """Stand on the slim image of the same release."""
    opening = sources.file.shipped[0].opening
    if sources.file.shipped[0].base == "":
        return Mended(sources)
    start, text = masked(sources.file, opening)
    name = text.split()[0]
    prefix = _OFFICIAL.match(name)
    bare = name[prefix.end() :] if prefix else name
    for form in (_SLIM_FIRST, _SLIM_LAST):
        found = form.fullmatch(bare)
        if found and "slim" not in bare:
            at = start + text.index(name) + len(name) - len(found["tail"])
            return Mended(sources.with_text(edited(sources.text, [Edit(at, at, "-slim")])))
    return Mended(sources)


def other_user(sources: Sources) -> Mended:
    """Run as a user without rights."""
    if not sources.found("no-user"):
        return Mended(sources)
    edit = inserted_before(sources.text, starts_first(sources), [_USER])
    note = "files that the service writes have to be where this user may write"
    return Mended(sources.with_text(edited(sources.text, [edit])), (note,))


def source_compiled(sources: Sources) -> Mended:
    """Leave the bytecode of the source in the image, as the service may not write it later."""
    file = sources.file
    stage = file.shipped[-1]
    if not re.search(r"(^|/)python(:|$)", file.shipped[0].base) or not _runs_python(sources):
        return Mended(sources)
    copies = [(one, given, to) for one, given, to in file.copies(stage) if not one.has_heredocs]
    work = [one for one in stage.instructions if one.keyword in _WORK]
    if not copies or not work or _compiles(sources, copies[-1][0]):
        return Mended(sources)
    users = [it for it in stage.instructions if it.keyword == "USER" and it.line < work[-1].line]
    if users and file.bare(users[-1].rest).partition(":")[0] not in ("root", "0"):
        return Mended(sources)
    folders = [to for one, given, to in copies if _brings_source(sources, one, given)]
    if not folders or any("$" in it or " " in it for it in folders):
        return Mended(sources)
    if len(
        {one.line for one in work if one.keyword == "WORKDIR"}
        & set(range(copies[0][0].line, work[-1].line + 1))
    ):
        return Mended(sources)
    places = " ".join(dict.fromkeys(it.rstrip("/") or "/" for it in folders))
    if "/" in places.split():
        return Mended(sources)
    new = [f"RUN python -m compileall -q {places}"]
    return Mended(
        sources.with_text(edited(sources.text, [inserted_after(sources.text, work[-1], new)]))
    )


def _runs_python(sources: Sources) -> bool:
    """Whether a Python program is started, by the image or by a script of the context."""
    file = sources.file
    known = (
        "uvicorn",
        "gunicorn",
        "flask",
        "hypercorn",
        "daphne",
        "celery",
        "streamlit",
        "fastapi",
    )
    for instruction in starts(file):
        for command in started(instruction):
            inner = shell_commands(started_script(file, command)[1])
            if any(is_python(it.program) or it.program in known for it in (command, *inner)):
                return True
    return False


def _compiles(sources: Sources, copy: Instruction) -> bool:
    """Whether the build leaves bytecode already, by compiling or by importing."""
    return any(
        one.keyword == "RUN"
        and one.line > copy.line
        and any(
            is_python(it.program) and ("compileall" in it.words or "-c" in it.words)
            for it in commands(one)
        )
        for one in sources.file.shipped_instructions
    )


def _brings_source(sources: Sources, copy: Instruction, given: list[str]) -> bool:
    """Whether a COPY brings Python files of the context."""
    if copy.keyword != "COPY" or flag(copy, "from"):
        return False
    for name in given:
        path = sources.context / name.lstrip("/")
        if name.endswith(".py"):
            return True
        if "*" not in name and path.is_dir() and next(path.rglob("*.py"), None) is not None:
            return True
    return False


SLIM = Mend("slim-base", "slim base of the same release", (), SIZE, Footing.TRY, slim)
USER = Mend(
    "user",
    "a user without rights, by number",
    ("no-user",),
    (),
    Footing.TRY,
    other_user,
    must_gain=False,
)
COMPILED = Mend(
    "compile-source",
    "bytecode of the service compiled when the image is built",
    (),
    ("startup_s", "ready_s", "cpu_to_ready_s"),
    Footing.TRY,
    source_compiled,
)
