"""The mend of compilers in the image: packages are built in a stage of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands
from bench.dockerfile.lint.install_rules import is_tool
from bench.dockerfile.lint.installs import installed, is_apt, is_pip_install, is_system_install
from bench.dockerfile.mends.edits import Edit, edited, inserted_after, newline_of, span
from bench.dockerfile.mends.install_mends import SIZE
from bench.dockerfile.mends.lists import NotKnownError
from bench.dockerfile.mends.mend import Footing, Mend, Mended

if TYPE_CHECKING:
    from bench.dockerfile.bases import Stage
    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.mends.sources import Sources

_VENV = "/opt/venv"
_SAID_AGAIN = ("ARG", "ENV", "EXPOSE", "LABEL", "SHELL", "STOPSIGNAL", "VOLUME", "WORKDIR")
_CLEANING = ("rm",)


def built_apart(sources: Sources) -> Mended:
    """Install packages into a virtual environment in a first stage, and copy that."""
    for instruction in sources.found("build-tools-shipped"):
        try:
            return Mended(_built_apart(sources, instruction))
        except NotKnownError as why:
            return Mended(sources, left=(f"line {instruction.line}: {why}",))
    return Mended(sources)


def _built_apart(sources: Sources, tools: Instruction) -> Sources:
    file, text = sources.file, sources.text
    if len(file.stages) != 1 or file.stages[0].name:
        raise NotKnownError("only a Dockerfile of one stage is split")
    (stage,) = file.stages
    if not re.search(r"(^|/)python:", stage.base):
        raise NotKnownError("only packages of Python are moved, and the base is not a Python image")
    last = _last_install(stage)
    before = [it for it in stage.instructions if it.line <= last.line]
    for one in before:
        _check(sources, one)
    if tools.line > last.line:
        raise NotKnownError("no `pip install` stands after it")
    base = text[slice(*span(text, stage.opening))]
    ending = newline_of(text)
    again = [text[slice(*span(text, it))] for it in before if it.keyword in _SAID_AGAIN]
    path = f"ENV PATH={_VENV}/bin:$PATH"
    new = ["", base, f"COPY --from=build {_VENV} {_VENV}", path, *again]
    at = span(text, stage.opening)[1]
    opening = Edit(at, at, f" AS build{ending}RUN python -m venv {_VENV}{ending}{path}")
    return sources.with_text(edited(text, [opening, inserted_after(text, last, new)]))


def _last_install(stage: Stage) -> Instruction:
    found = [
        it
        for it in stage.instructions
        if it.keyword == "RUN" and any(is_pip_install(one) for one in commands(it))
    ]
    if not found:
        raise NotKnownError("it cannot be told what is built with the tools")
    return found[-1]


def _check(sources: Sources, one: Instruction) -> None:
    """Refuse what the final stage would miss of the first."""
    if one.keyword in ("COPY", "ADD"):
        given, _ = sources.file.paths(one)
        if any(
            not re.fullmatch(r"[\w./-]*(requirements|constraints)[\w.-]*\.txt", it) for it in given
        ):
            raise NotKnownError(
                f"{one.keyword} in line {one.line} brings more than lists of packages"
            )
    elif one.keyword == "RUN":
        for command in commands(one):
            others = [it for it in installed(command) if not is_tool(it)]
            if is_system_install(command) and others:
                raise NotKnownError(f"{', '.join(others[:3])} may be needed when the service runs")
            if not (
                is_system_install(command)
                or is_pip_install(command)
                or is_apt(command, "update")
                or command.program in _CLEANING
            ):
                raise NotKnownError(f"RUN in line {one.line} does more than install")
    elif one.keyword not in _SAID_AGAIN:
        raise NotKnownError(
            f"{one.keyword} in line {one.line} cannot be said again in a later stage"
        )


STAGES = Mend(
    "build-stage",
    "packages built in a stage of their own; compilers stay there",
    ("build-tools-shipped",),
    SIZE,
    Footing.TRY,
    built_apart,
)
