"""A Dockerfile as rules see it: its stages, which of them are shipped, and the folder around it."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from bench.dockerfile.bases import Stage, read, stages_of
from bench.dockerfile.instructions import directives, instructions
from bench.dockerfile.lint.shell import ShellCommand, is_shell, is_shell_script, shell_commands
from bench.dockerfile.words import Lexer, WordError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.dockerfile.instructions import Instruction

_LARGEST_TEXT_BYTES = 64 * 1024


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile.

    Attributes:
        text: of the file.
        path: where it is.
        folder: the context of the build; the folder of the Dockerfile where None.
        changed: texts of files of the context that stand for what is on the disk, by their place.
    """

    text: str
    path: Path
    folder: Path | None = None
    changed: Mapping[str, str] = field(default_factory=dict)

    @property
    def context(self) -> Path:
        """The folder from which COPY takes files."""
        return self.folder or self.path.parent

    def context_text(self, place: str) -> str | None:
        """The text of a small file of the context; None where it is none."""
        place = posixpath.normpath(place)
        if place in self.changed:
            return self.changed[place]
        try:
            path = (self.context / place).resolve()
            if not path.is_relative_to(self.context.resolve()) or not path.is_file():
                return None
            if path.stat().st_size > _LARGEST_TEXT_BYTES:
                return None
            return path.read_bytes().decode()
        except (OSError, ValueError, RuntimeError):  # the last for a loop of symbolic links
            return None

    @cached_property
    def lexer(self) -> Lexer:
        """How its words are read."""
        return Lexer("`" if directives(self.text).get("escape") == "`" else "\\")

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """All of them, in order."""
        return tuple(instructions(self.text))

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """All of them, in order."""
        return read(self.text, {})

    @cached_property
    def shipped(self) -> tuple[Stage, ...]:
        """The last stage and those that it stands on, the lowest first."""
        return stages_of(self.stages)

    @cached_property
    def shipped_instructions(self) -> tuple[Instruction, ...]:
        """Those of the stages that are shipped, in the order in which the image is made."""
        return tuple(instruction for stage in self.shipped for instruction in stage.instructions)

    def last(self, keyword: str) -> Instruction | None:
        """The instruction of this name that holds for the image."""
        found = [
            instruction
            for instruction in self.shipped_instructions
            if instruction.keyword == keyword
        ]
        return found[-1] if found else None

    def variables(self, instruction: Instruction) -> dict[str, str]:
        """What an ENV or an ARG sets, as it is written, without quotes."""
        words = self.lexer.split(instruction.rest)
        if instruction.keyword == "ENV" and words and "=" not in words[0]:
            words = [f"{words[0]}={' '.join(words[1:])}"]
        pairs = (word.partition("=") for word in words if "=" in word)
        return {name: self.bare(value) for name, _, value in pairs}

    @cached_property
    def environment(self) -> dict[str, str]:
        """What ENV of the shipped stages sets, as it is written."""
        return {
            name: value
            for instruction in self.shipped_instructions
            if instruction.keyword == "ENV"
            for name, value in self.variables(instruction).items()
        }

    def bare(self, word: str) -> str:
        """A word without its quotes; variables stay as they are."""
        try:
            return word.strip("\"'") if "$" in word else self.lexer.expand(word, {})
        except WordError:
            return word

    def paths(self, instruction: Instruction) -> tuple[list[str], str]:
        """The sources of a COPY or ADD, and its destination."""
        words = json_words(instruction.rest)
        if words is None:
            words = [self.bare(word) for word in self.lexer.split(instruction.rest)]
        return words[:-1], words[-1] if words else ""

    @cached_property
    def shipped_copies(self) -> tuple[tuple[tuple[str, ...], str, str], ...]:
        """What shipped stages copy from the context, each once: sources, destination, heredoc."""
        found = (
            (tuple(sources), destination, instruction.heredocs[0] if instruction.heredocs else "")
            for stage in self.shipped
            for instruction, sources, destination in self.copies(stage)
        )
        return tuple(dict.fromkeys(found))

    def copies(self, stage: Stage) -> Iterator[tuple[Instruction, list[str], str]]:
        """What COPY and ADD of a stage take from the context, and where to."""
        for instruction in stage.instructions:
            if instruction.keyword in ("COPY", "ADD") and not flag(instruction, "from"):
                sources, destination = self.paths(instruction)
                yield instruction, [it for it in sources if not it.startswith("<<")], destination


def flag(instruction: Instruction, name: str) -> str:
    """The value of a flag of an instruction; empty where it is not given."""
    for given in instruction.flags:
        key, _, value = given.removeprefix("--").partition("=")
        if key == name:
            return value or "true"
    return ""


def json_words(text: str) -> list[str] | None:
    """The words of the exec form; None where the text is none."""
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return words
    return None


@lru_cache(maxsize=1024)
def commands(instruction: Instruction) -> tuple[ShellCommand, ...]:
    """The commands of a RUN, CMD or ENTRYPOINT, those of a script in a heredoc included."""
    words = json_words(instruction.rest)
    if words is not None:
        script = script_of(words)
        return tuple(shell_commands(script)) if script is not None else (ShellCommand((*words,)),)
    if len(instruction.heredocs) == 1:
        before, _, after = instruction.rest.partition("<<")
        is_script = is_shell(before.strip() or "sh") and len(after.split()) == 1
        if is_script and is_shell_script(instruction.heredocs[0]):
            return tuple(shell_commands(instruction.heredocs[0]))
    return tuple(shell_commands(instruction.rest))


def script_of(words: list[str] | tuple[str, ...]) -> str | None:
    """The script in `sh -c SCRIPT`; None of any other command."""
    if not words or not is_shell(words[0]):
        return None
    for at, word in enumerate(words[1:], 1):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return words[at + 1] if at + 1 < len(words) else ""
        if not word.startswith("-") and not words[at - 1].endswith("o"):  # -o pipefail
            break
    return None
