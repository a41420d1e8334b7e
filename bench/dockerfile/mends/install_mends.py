"""Mends of what RUN installs: package lists, recommended packages, caches, bytecode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.dockerfile.lint.installs import is_apt, is_pip_install
from bench.dockerfile.lint.shell import shell_commands
from bench.dockerfile.lint.start_rules import fetches, started, started_script, starts
from bench.dockerfile.mends.edits import Edit, edited, located, masked, removed
from bench.dockerfile.mends.mend import Footing, Mend, Mended

if TYPE_CHECKING:
    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.shell import ShellCommand
    from bench.dockerfile.mends.sources import Sources

_CLEAN = " && rm -rf /var/lib/apt/lists/*"
_UNREADABLE = "line {}: the commands are not in a form that is changed here"
_OPENING = ("", "&&", ";", "{", "(")
_CLAUSES = ("then", "else", "do", "{")


def without_option(sources: Sources, rule: str, option: str, action: str) -> Mended:
    """Add `option` after the word `install`, or apk's `add`, of each command that a rule finds."""
    edits: list[Edit] = []
    left = []
    for instruction in sources.found(rule):
        word = "add" if action == "apk" else "install"
        found = [
            start + command.ends[command.words.index(word)]
            for command, start in located(sources.file, instruction)
            if _installs(command, action) and option not in command.words
        ]
        if not found:
            left.append(_UNREADABLE.format(instruction.line))
        edits += [Edit(at, at, f" {option}") for at in found]
    return Mended(sources.with_text(edited(sources.text, edits)), left=tuple(left))


def _installs(command: ShellCommand, action: str) -> bool:
    if action == "pip":
        return is_pip_install(command) and "install" in command.words
    if action == "apk":
        return command.program == "apk" and "add" in command.words
    return is_apt(command, "install")


def without_lists(sources: Sources) -> Mended:
    """Take package lists out in the RUN that fetches them, and fetch them in each that installs."""
    found = sources.found("apt-lists-kept")
    if not found:
        return Mended(sources)
    if _installs_at_start(sources):
        return Mended(sources, left=("the lists are needed when the container starts",))
    edits: list[Edit] = []
    for instruction in _apt_runs(sources):
        commands = located(sources.file, instruction)
        if not commands:
            return Mended(sources, left=(_UNREADABLE.format(instruction.line),))
        updates = [command for command, _ in commands if is_apt(command, "update")]
        installs = [(it, start) for it, start in commands if is_apt(it, "install")]
        if len(commands) == 1 and updates:
            edits.append(removed(sources.text, instruction.line, instruction.last_line))
            continue
        if instruction in found or (installs and not updates):
            end = _end(sources, instruction)
            if end is None:
                return Mended(sources, left=(_UNREADABLE.format(instruction.line),))
            edits.append(Edit(end, end, _CLEAN))
        if installs and not updates:
            command, start = installs[0]
            if not _can_be_led(command):
                return Mended(sources, left=(_UNREADABLE.format(instruction.line),))
            at = start + command.span[0]
            edits.append(Edit(at, at, "apt-get update && "))
    return Mended(sources.with_text(edited(sources.text, edits)))


def _apt_runs(sources: Sources) -> list[Instruction]:
    """The RUNs of the shipped stages that use apt."""
    from bench.dockerfile.lint.dockerfile import commands

    return [
        it
        for it in sources.file.shipped_instructions
        if it.keyword == "RUN"
        and any(is_apt(one, "update") or is_apt(one, "install") for one in commands(it))
        and not any("/var/lib/apt" in flag for flag in it.flags)
        and not _keeps_clean(commands(it))
    ]


def _keeps_clean(found: tuple[ShellCommand, ...]) -> bool:
    """Whether a RUN fetches the lists, and removes them."""
    updates = any(is_apt(command, "update") for command in found)
    cleans = any(
        is_apt(command, "dist-clean")
        or is_apt(command, "distclean")
        or any(word.startswith("/var/lib/apt") for word in command.arguments)
        for command in found
    )
    return updates and cleans


def _installs_at_start(sources: Sources) -> bool:
    file = sources.file
    for instruction in starts(file):
        for command in started(instruction):
            inner = shell_commands(started_script(file, command)[1])
            if any(is_apt(it, "install") for it in (command, *inner) if fetches(it) or it.words):
                return True
    return False


def _can_be_led(command: ShellCommand) -> bool:
    """Whether another command can be put in front of it with `&&`."""
    keywords = [it for it in command.leading if it not in ("env", "command")]
    return command.before in _OPENING and all(it in _CLAUSES for it in keywords)


def _end(sources: Sources, instruction: Instruction) -> int | None:
    """Where a further command can be added with `&&`; None where it cannot."""
    start, script = masked(sources.file, instruction)
    last = located(sources.file, instruction)[-1][0]
    rest = script[last.span[1] :].strip()
    if last.after not in ("", ")", ";") or (rest and rest not in (")", "; fi", "; }", ";fi", ";}")):
        return None
    if "#" in script[last.span[0] :] or last.before == "||" or "sudo" in last.leading:
        return None
    return start + len(script.rstrip())


def compiled(sources: Sources) -> Mended:
    """Let pip compile what it installs."""
    edits = []
    for instruction in sources.file.shipped_instructions:
        if instruction.keyword != "RUN":
            continue
        for command, start in located(sources.file, instruction):
            if is_pip_install(command) and "--no-compile" in command.words:
                at = start + command.ends[command.words.index("--no-compile")]
                edits.append(Edit(at - len("--no-compile"), at, "--compile"))
    return Mended(sources.with_text(edited(sources.text, edits)))


SIZE = ("image_size_bytes", "image_transfer_bytes", "startup_s")

LISTS = Mend(
    "apt-lists",
    "package lists fetched and removed in the RUN that needs them",
    ("apt-lists-kept",),
    SIZE,
    Footing.CERTAIN,
    without_lists,
)
RECOMMENDS = Mend(
    "apt-no-recommends",
    "no recommended packages",
    ("apt-recommends",),
    SIZE,
    Footing.TRY,
    lambda sources: without_option(sources, "apt-recommends", "--no-install-recommends", "apt"),
)
PIP_CACHE = Mend(
    "pip-no-cache",
    "no cache of pip's downloads",
    ("pip-cache-kept",),
    SIZE,
    Footing.CERTAIN,
    lambda sources: without_option(sources, "pip-cache-kept", "--no-cache-dir", "pip"),
)
APK_CACHE = Mend(
    "apk-no-cache",
    "no index of apk's packages",
    ("apk-cache-kept",),
    SIZE,
    Footing.CERTAIN,
    lambda sources: without_option(sources, "apk-cache-kept", "--no-cache", "apk"),
)
PIP_COMPILE = Mend(
    "pip-compile",
    "bytecode of packages compiled when they are installed",
    (),
    ("startup_s", "ready_s", "cpu_to_ready_s"),
    Footing.CERTAIN,
    compiled,
)
