"""Which instruction of a Dockerfile made which layer of the image that was built from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.dockerfile.bases import read, stages_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.dockerfile.bases import Stage
    from bench.dockerfile.instructions import Instruction

_MAKE_LAYERS = ("RUN", "COPY", "ADD", "WORKDIR")
_VARIABLE = re.compile(r"\\\$(?:\\\{[^}]*\\?\}|\w+)")
_ARGUMENTS = re.compile(r"^\|\d+ ")
"""How a record begins in which build arguments stand before the command."""
_SHELL = re.compile(r"^(?:\|\d+ .*? )??/\S+ (?:\S+ )*?-\w*c ")
_CLASSIC_COPY = re.compile(r"^(?:--\S+ )*(?:file|dir|multi):[0-9a-f]+ in (?P<target>\S*)")
_CUT_FROM = 250
"""Length from which on the record of an instruction may have been cut."""


@dataclass(frozen=True)
class LayerLines:
    """The layers of an image by the instructions that made them.

    Attributes:
        opening: the FROM that names the base; None where the Dockerfile cannot be read.
        base_layers: how many layers, from the lowest on, are the base's; None if unknown.
        makers: index of a layer → the instruction that made it.
        command: the ENTRYPOINT or else the CMD of the Dockerfile's own; None if it has neither.
    """

    opening: Instruction | None
    base_layers: int | None
    makers: dict[int, Instruction]
    command: Instruction | None = None


def layer_lines(
    text: str, made_by: Sequence[str], *, target: str | None = None, base_layers: int | None = None
) -> LayerLines:
    """Tie the layers of an image to the instructions of its Dockerfile.

    Instructions and layers are walked from the last one back, and each layer goes to the nearest
    instruction that fits: one that changes no file may have left no layer.

    Args:
        text: of the Dockerfile.
        made_by: of each layer, lowest first, the instruction that the image records.
        target: the stage that was built; the last one if None.
        base_layers: how many of the layers are the base's, if that is known. Otherwise they are
            taken to be those below the first instruction, if every instruction has its layer.
    """
    stages = stages_of(read(text, {}), target)
    if not stages:
        return LayerLines(None, None, {})
    waiting = [
        instruction
        for stage in stages
        for instruction in stage.instructions
        if instruction.keyword in _MAKE_LAYERS
    ]
    makers: dict[int, Instruction] = {}
    has_all = True
    for index in range(len(made_by) - 1, (base_layers or 0) - 1, -1):
        fitting = next(
            (at for at in reversed(range(len(waiting))) if _fits(waiting[at], made_by[index])), None
        )
        if fitting is None:
            has_all = has_all and base_layers is None  # it may be one of the base's
            continue
        has_all = has_all and not [
            it for it in waiting[fitting + 1 :] if it.keyword not in ("RUN", "WORKDIR")
        ]
        makers[index] = waiting[fitting]
        del waiting[fitting:]
    if base_layers is None and has_all and all(it.keyword == "WORKDIR" for it in waiting):
        base_layers = min(makers, default=len(made_by))
    return LayerLines(stages[0].opening, base_layers, makers, _command(stages))


def _command(stages: Sequence[Stage]) -> Instruction | None:
    last: dict[str, Instruction] = {}
    for stage in stages:
        for instruction in stage.instructions:
            last[instruction.keyword] = instruction
    return last.get("ENTRYPOINT") or last.get("CMD")


def _fits(instruction: Instruction, made_by: str) -> bool:
    """Whether an instruction as it stands in the Dockerfile may be the one that was recorded."""
    keyword, _, rest = made_by.partition(" ")
    if keyword.upper() != instruction.keyword:
        return False
    if keyword == "WORKDIR":
        return True
    if instruction.keyword != "RUN" and (classic := _CLASSIC_COPY.match(rest)):
        target = _words(instruction)[-1:] or [""]
        return _is_text(target[0], classic["target"])
    written = " ".join(_words(instruction))
    if instruction.has_heredocs:
        return _begins_alike(instruction, rest)
    if _ARGUMENTS.match(rest) and rest.endswith(f" {written}"):
        return True
    return any(_is_text(written, said) for said in (rest, _SHELL.sub("", rest), _paths(rest)))


def _begins_alike(instruction: Instruction, rest: str) -> bool:
    """Whether a record is of an instruction with heredocs, whose text builders shorten."""
    if instruction.rest.split("<<")[0].strip() == _SHELL.sub("", rest).split("<<")[0].strip():
        return "<<" in rest or not instruction.heredocs
    first = next((line.strip() for line in "\n".join(instruction.heredocs).splitlines()), "")
    return bool(first) and first in rest


def _words(instruction: Instruction) -> list[str]:
    """The arguments, without the quotes of the exec form and of paths."""
    text = instruction.rest
    if text.startswith("["):
        return [word.strip().strip('"') for word in text.strip("[] \t").split('",')]
    words = text.split()
    return words if instruction.keyword == "RUN" else [word.strip("\"'") for word in words]


def _paths(rest: str) -> str:
    """The paths of a COPY, without its flags."""
    return " ".join(word for word in rest.split() if not word.startswith("--"))


def _is_text(written: str, recorded: str) -> bool:
    """Whether `recorded` is `written`, with its variables replaced, and perhaps cut short."""
    recorded = " ".join(recorded.split())
    if written == recorded:
        return True
    if len(recorded) >= _CUT_FROM and written.startswith(recorded):
        return True
    if "$" not in written:
        return False
    pattern = _VARIABLE.sub(".*", re.escape(written))
    return re.fullmatch(pattern, recorded) is not None
