"""Rules for what runs when a container starts."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands, json_words, script_of
from bench.dockerfile.lint.finding import LintRule, LintSeverity
from bench.dockerfile.lint.installs import is_apt, is_install, is_python
from bench.dockerfile.lint.shell import ShellCommand, is_shell, is_shell_script, shell_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.dockerfile import Dockerfile

_INITS = ("tini", "dumb-init")
_HERE = ("localhost", "127.0.0.1", "[::1]")


def starts(file: Dockerfile) -> Iterator[Instruction]:
    """ENTRYPOINT and CMD as they hold for the image.

    CMD does not count beside an ENTRYPOINT in shell form, nor if it is of a stage below that of
    the ENTRYPOINT.
    """
    entrypoint, cmd = file.last("ENTRYPOINT"), file.last("CMD")
    if entrypoint is not None and entrypoint.rest:
        yield entrypoint
        (stage,) = (
            it
            for it in file.shipped
            if any(instruction is entrypoint for instruction in it.instructions)
        )
        if json_words(entrypoint.rest) is None or (cmd and cmd.line < stage.opening.line):
            return
    if cmd is not None and cmd.rest:
        yield cmd


def _without_init(words: tuple[str, ...]) -> tuple[str, ...]:
    """A command without the small init in front of it."""
    if not words or posixpath.basename(words[0]) not in _INITS:
        return words
    at = next((at for at, word in enumerate(words) if at and not word.startswith("-")), len(words))
    return words[at:]


def started(instruction: Instruction) -> tuple[ShellCommand, ...]:
    """The commands that it runs, without a small init."""
    found = []
    for command in commands(instruction):
        words = _without_init(command.words)
        script = script_of(words)
        found += shell_commands(script) if script is not None else []
        if script is None and words:
            found.append(ShellCommand(words, command.assignments, command.execs))
    return tuple(found)


def started_script(file: Dockerfile, command: ShellCommand) -> tuple[str, str]:
    """The shell script that a command starts: its place in the context, and its text.

    The place is empty where a heredoc has it, and both where the context has no such script.
    """
    names = [word for word in command.words[:1] if "/" in word or word.endswith(".sh")]
    if is_shell(command.program):
        names = list(command.arguments[:1])
    for name in names:
        base = posixpath.basename(name)
        for sources, destination, heredoc in file.shipped_copies:
            if heredoc and posixpath.basename(destination) == base:
                return "", heredoc
            for source in (source.lstrip("/") for source in sources):
                itself = [source] if posixpath.basename(source) == base else []
                for place in (*itself, posixpath.join(source, base)):
                    text = file.context_text(place)
                    if text and is_shell_script(text):
                        return posixpath.normpath(place), text
    return "", ""


def download_at_start(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A start that fetches packages or files."""
    for instruction in starts(file):
        for command in started(instruction):
            inner = shell_commands(started_script(file, command)[1])
            fetch = next((it for it in (command, *inner) if fetches(it)), None)
            if fetch is not None:
                words = " ".join(fetch.words[:2])
                yield instruction, f"every start runs `{words}`"
                break


def fetches(command: ShellCommand) -> bool:
    """Whether it fetches packages or files over a network."""
    if command.program in ("curl", "wget"):
        return not any(place in word for word in command.words for place in _HERE)
    is_clone = command.program == "git" and command.arguments[:1] == ("clone",)
    return is_clone or is_install(command) or is_apt(command, "update")


def shell_wrapper(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A shell that stays process 1."""
    for instruction in starts(file):
        words = json_words(instruction.rest)
        if words is not None and script_of(_without_init(tuple(words))) is None:
            continue
        found = started(instruction)
        if found and not found[-1].execs and not _traps(found):
            form = "the shell form" if words is None else "`sh -c`"
            yield instruction, f"{form} starts `{found[-1].program}` from a shell, without `exec`"


def _traps(found: Iterable[ShellCommand]) -> bool:
    """Whether a shell handles signals itself."""
    return any(command.program == "trap" for command in found)


def script_without_exec(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A script of the context that starts the service and stays its parent."""
    for instruction in starts(file):
        for command in started(instruction):
            _, script = started_script(file, command)
            found = shell_commands(script)
            if found and not any(it.execs for it in found) and not _traps(found):
                yield (
                    instruction,
                    f"the script of `{' '.join(command.words[:2])}` ends without `exec`",
                )
                break


def python_buffered_output(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """Python whose output is buffered."""
    if file.environment.get("PYTHONUNBUFFERED"):
        return
    cmd = file.last("CMD")
    for instruction in starts(file):
        arguments = json_words(cmd.rest) if cmd and instruction.keyword == "ENTRYPOINT" else None
        for command in started(instruction):
            options = []
            for word in (*command.words[1:], *(arguments or ())):
                if not word.startswith("-") or word in ("-m", "-c"):
                    break
                options.append(word)
            is_unbuffered = any("u" in word for word in options if not word.startswith("--"))
            is_set = any(it.startswith("PYTHONUNBUFFERED=") for it in command.assignments)
            runs = len(options) < len(command.words[1:]) + len(arguments or ())
            if is_python(command.program) and runs and not is_unbuffered and not is_set:
                yield instruction, f"`{command.program}` without -u or PYTHONUNBUFFERED"


def no_healthcheck(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """An image that starts something, and nobody asks whether it answers."""
    if file.last("HEALTHCHECK") is None and list(starts(file)):
        yield file.shipped[-1].opening, "the image has no HEALTHCHECK"


RULES = (
    LintRule(
        "download-at-start",
        LintSeverity.ERROR,
        "Every start waits for a network and a server, and may get other files than the last one.",
        "download when the image is built",
        download_at_start,
    ),
    LintRule(
        "shell-wrapper",
        LintSeverity.WARNING,
        "The shell is process 1 and need not pass SIGTERM on, so that the service is killed after "
        "the grace period.",
        'use the exec form, ["program", "argument"], or start the service with `exec`',
        shell_wrapper,
    ),
    LintRule(
        "entrypoint-script-without-exec",
        LintSeverity.WARNING,
        "The script's shell stays process 1 and does not pass SIGTERM on.",
        'start the service with `exec`, or end the script with `exec "$@"`',
        script_without_exec,
    ),
    LintRule(
        "python-buffered-output",
        LintSeverity.INFO,
        "What Python prints waits in a buffer, and is lost when it is killed.",
        "set ENV PYTHONUNBUFFERED=1",
        python_buffered_output,
    ),
    LintRule(
        "no-healthcheck",
        LintSeverity.INFO,
        "The engine knows that a process is there, not whether it answers.",
        "add a HEALTHCHECK; Kubernetes ignores it and has probes of its own",
        no_healthcheck,
    ),
)
