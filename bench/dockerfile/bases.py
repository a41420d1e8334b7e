"""The images that a Dockerfile builds on, read as BuildKit reads it.

Only what that question needs is read: where instructions begin and end, ARG before the first
FROM, the stages, and what they take from others. Nothing here fails: what can be read of a text
that no builder takes is read.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.core.image_reference import familiar
from bench.core.machine import own_architecture
from bench.dockerfile.instructions import Instruction, directives, instructions
from bench.dockerfile.words import Lexer, WordError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FROM_FORMS = (1, 3)
"""`FROM image` and `FROM image AS name`."""


@dataclass
class Stage:
    """One FROM and what stands under it.

    Attributes:
        name: in lower case; empty without AS.
        base: the image or the earlier stage that it names; empty where that cannot be read.
        parent: the number of the earlier stage that this is.
        opening: its FROM.
        sources: the images and stages that it takes files from.
        instructions: what stands under its FROM.
    """

    name: str
    base: str
    parent: int | None
    opening: Instruction
    sources: list[str] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)


def external_images(
    text: str,
    args: Mapping[str, str],
    target: str | None = None,
    *,
    contexts: Mapping[str, str] | None = None,
    architecture: str = "",
) -> tuple[str, ...]:
    """Every image that a build needs from elsewhere, by its familiar name, in order, each once.

    Args:
        text: of the Dockerfile.
        args: the build arguments.
        target: the stage to build; the last one where None.
        contexts: the build's named contexts, which stand in the place of images of these names:
            only those of the form `docker-image://…` are images.
        architecture: of the builder as images name it; this machine's where empty.

    Returns:
        The images that the stage and all stages that it needs stand on or take files from. The
        frontend that `# syntax=` names is not among them.
    """
    stages = read(text, args, architecture)
    given = {familiar(name): value for name, value in (contexts or {}).items()}
    images: list[str] = []
    for number in _needed(stages, target):
        stage = stages[number]
        names = [stage.base] if stage.parent is None else []
        names += [source for source in stage.sources if _stage_of(source, stages, number) is None]
        for name in names:
            if name in ("", "scratch") or name.isdecimal():  # a number is always a stage
                continue
            value = given.get(familiar(name))
            if value is not None and not value.startswith("docker-image://"):
                continue
            images.append(familiar((value or name).removeprefix("docker-image://")))
    return tuple(dict.fromkeys(images))


def final_base(text: str, args: Mapping[str, str], target: str | None = None) -> str | None:
    """The image that the last stage, or the stage `target`, stands on; None where on nothing."""
    stages = stages_of(read(text, args), target)
    return stages[0].base if stages and stages[0].base not in ("", "scratch") else None


def stages_of(stages: tuple[Stage, ...], target: str | None = None) -> tuple[Stage, ...]:
    """The last stage, or the stage `target`, and those that it stands on, the lowest first."""
    found: list[Stage] = []
    number = _target_of(stages, target)
    while number is not None:
        found.insert(0, stages[number])
        number = stages[number].parent
    return tuple(found)


def read(text: str, args: Mapping[str, str], architecture: str = "") -> tuple[Stage, ...]:
    """The stages of a Dockerfile, with `args` as its build arguments."""
    lexer = Lexer("`" if directives(text).get("escape") == "`" else "\\")
    values = _platform_values(architecture) | _only_platforms(args)
    stages: list[Stage] = []
    for instruction in instructions(text):
        if instruction.keyword == "ARG" and not stages:
            _declare(instruction, args, values, lexer)
        elif instruction.keyword == "FROM":
            stages.append(_stage(instruction, values, stages, lexer))
        elif stages:
            stages[-1].sources += _sources(instruction, lexer)
            stages[-1].instructions.append(instruction)
    return tuple(stages)


def _declare(
    instruction: Instruction, args: Mapping[str, str], values: dict[str, str], lexer: Lexer
) -> None:
    """ARG ahead of the first FROM: only these count in a FROM."""
    for word in lexer.split(instruction.rest):
        name, has_default, default = word.partition("=")
        try:
            if name in args:
                values[name] = args[name]
            elif has_default:
                values[name] = lexer.expand(default, values)
        except WordError:
            values[name] = ""


def _stage(
    instruction: Instruction, values: Mapping[str, str], stages: list[Stage], lexer: Lexer
) -> Stage:
    words = lexer.split(instruction.rest)
    try:
        base = lexer.expand(words[0], values) if len(words) in _FROM_FORMS else ""
    except WordError:
        base = ""
    has_name = len(words) == max(_FROM_FORMS) and words[1].upper() == "AS"
    return Stage(words[2].lower() if has_name else "", base, _named(base, stages), instruction)


def _sources(instruction: Instruction, lexer: Lexer) -> list[str]:
    """Stages and images that an instruction copies or mounts from; variables are not expanded."""
    if instruction.keyword in ("COPY", "ADD"):
        found = [flag.partition("=")[2] for flag in instruction.flags if flag.startswith("--from=")]
    elif instruction.keyword == "RUN":
        mounts = (
            flag.partition("=")[2] for flag in instruction.flags if flag.startswith("--mount=")
        )
        fields = (part for mount in mounts for part in next(csv.reader([_bare(mount, lexer)]), []))
        found = [part.partition("=")[2] for part in fields if part.lower().startswith("from=")]
    else:
        return []
    names = (_bare(word, lexer) for word in found)
    return [name for name in names if name and "$" not in name]


def _bare(word: str, lexer: Lexer) -> str:
    """A word of a flag without the quotes around it."""
    for quote in "\"'":
        if word.startswith(quote) and word.endswith(quote) and len(word) > 1:
            return word[1:-1]
    return word.replace(lexer.escape, "")


def _named(name: str, stages: list[Stage] | tuple[Stage, ...]) -> int | None:
    """The number of the last of the stages that has this name."""
    numbers = [at for at, stage in enumerate(stages) if stage.name and stage.name == name.lower()]
    return numbers[-1] if numbers else None


def _stage_of(name: str, stages: tuple[Stage, ...], user: int) -> int | None:
    """The earlier stage that `name` means in the stage `user`, by its name or number."""
    earlier = stages[:user]
    if name.isdecimal() and int(name) < len(earlier):
        return int(name)
    return _named(name, earlier)


def _target_of(stages: tuple[Stage, ...], target: str | None) -> int | None:
    if not stages:
        return None
    if not target:
        return len(stages) - 1
    named = _named(target, stages)
    if named is None and target.isdecimal() and int(target) < len(stages):
        return int(target)
    return named


def _needed(stages: tuple[Stage, ...], target: str | None) -> list[int]:
    """The numbers of the stage to build and of all that it needs, in the order of the file."""
    last = _target_of(stages, target)
    needed: set[int] = set()
    waiting = [] if last is None else [last]
    while waiting:
        number = waiting.pop()
        if number in needed:
            continue
        needed.add(number)
        stage = stages[number]
        found = [stage.parent, *(_stage_of(source, stages, number) for source in stage.sources)]
        waiting += [number for number in found if number is not None]
    return sorted(needed)


def _platform_values(architecture: str) -> dict[str, str]:
    """The arguments that BuildKit sets by itself, for a build for the builder's own machine."""
    machine = architecture or own_architecture()
    kind, _, variant = machine.partition("/")
    whole = {"PLATFORM": f"linux/{machine}", "OS": "linux", "ARCH": kind, "VARIANT": variant}
    return {side + name: value for side in ("BUILD", "TARGET") for name, value in whole.items()}


def _only_platforms(args: Mapping[str, str]) -> dict[str, str]:
    return {name: args[name] for name in _platform_values("") if name in args}
