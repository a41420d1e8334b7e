"""Mends of what runs when the container starts: the exec form, `exec`, and unbuffered output."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import json_words, script_of
from bench.dockerfile.lint.shell import shell_commands
from bench.dockerfile.lint.start_rules import started, started_script, starts
from bench.dockerfile.mends.edits import (
    Edit,
    edited,
    has_posix_shell,
    head_line,
    inserted_before,
    masked,
)
from bench.dockerfile.mends.mend import Footing, Mend, Mended

if TYPE_CHECKING:
    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.mends.sources import Sources

_SYNTAX = re.compile(r"[$`|&;<>()*?\[\]{}~#!\\\n]|^\s*[A-Za-z_][A-Za-z0-9_]*=")
"""What a shell does more with than to split words."""
_NO_PROGRAMS = frozenset(
    re.findall(
        r"\S+",
        ": . alias bg break builtin case cd continue declare done echo esac eval "
        "exit export false fg fi for function if jobs let local popd printf pushd "
        "read readonly return select set shift shopt source test [ [[ times trap true "
        "type typeset ulimit umask unalias unset until wait while } { ",
    )
)
"""Words that a shell itself takes care of, or that end or begin what is no simple command."""
_INITS = ("tini", "dumb-init")


def exec_form(sources: Sources) -> Mended:
    """Start the service without a shell, or let the shell give it its place."""
    edits: list[Edit] = []
    left = []
    for instruction in sources.found("shell-wrapper"):
        edit = _exec_form(sources, instruction)
        if isinstance(edit, str):
            left.append(f"line {instruction.line}: {edit}")
        else:
            edits.append(edit)
    return Mended(sources.with_text(edited(sources.text, edits)), left=tuple(left))


def _exec_form(sources: Sources, instruction: Instruction) -> Edit | str:
    """The change, or why there is none."""
    if (reason := _combined(sources, instruction)) or not has_posix_shell(sources.file):
        return reason or "SHELL names another shell, or one that reads a profile"
    start, text = masked(sources.file, instruction)
    words = json_words(instruction.rest)
    if words is not None:
        return _with_exec_in_json(words, start, text)
    bare = text.strip()
    begin = start + len(text) - len(text.lstrip())
    if not _SYNTAX.search(bare):
        try:
            split = shlex.split(bare)
        except ValueError:
            return "its quotes do not match"
        if split[0] in _NO_PROGRAMS:
            return f"`{split[0]}` is a command of the shell"
        return Edit(
            begin, begin + len(text.rstrip().lstrip()), json.dumps(split, ensure_ascii=False)
        )
    at = exec_place(text)
    if at is None or shell_commands(text) != shell_commands(instruction.rest):
        return "its last command is not a simple one"
    return Edit(start + at, start + at, "exec ")


def _combined(sources: Sources, instruction: Instruction) -> str:
    """Why the form matters to what ENTRYPOINT and CMD are together; empty where it does not."""
    entrypoint, cmd = sources.file.last("ENTRYPOINT"), sources.file.last("CMD")
    is_json = json_words(instruction.rest) is not None
    if is_json or entrypoint is None:
        return ""
    if instruction is entrypoint or instruction.line == entrypoint.line:
        return "with ENTRYPOINT in exec form, CMD would become its arguments" if cmd else ""
    words = json_words(entrypoint.rest) or [""]
    if words[0].rpartition("/")[2] in _INITS:
        return ""
    return "ENTRYPOINT takes the shell and its command as arguments"


def _with_exec_in_json(words: list[str], start: int, text: str) -> Edit | str:
    script = next((it for it in (script_of(words[at:]) for at in range(len(words))) if it), None)
    at = exec_place(script or "")
    if script is None or at is None:
        return "its last command is not a simple one"
    literal = next((it for it in _literals(text) if json.loads(text[slice(*it)]) == script), None)
    if literal is None:
        return "its script cannot be found again"
    inner = text[literal[0] + 1 : literal[1] - 1]
    if inner == script:  # nothing is escaped: places are the same
        place = start + literal[0] + 1 + at
        return Edit(place, place, "exec ")
    new = json.dumps(f"{script[:at]}exec {script[at:]}", ensure_ascii=False)
    return Edit(start + literal[0], start + literal[1], new)


def _literals(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r'"(?:\\.|[^"\\])*"', text)]


def exec_place(script: str) -> int | None:
    """Where `exec` goes in front of the last command of a script; None where it must not."""
    found = shell_commands(script)
    if not found:
        return None
    last = found[-1]
    rest = "\n".join(line for line in script[last.span[1] :].split("\n") if not _is_comment(line))
    is_function = re.search(
        rf"^\s*(function\s+)?{re.escape(last.words[0])}\s*(\(\s*\)|\{{)", script, re.MULTILINE
    )
    if (
        last.before not in ("", "&&", ";", "\n")
        or rest.strip()
        or last.leading
        or last.assignments
        or last.words[0] in _NO_PROGRAMS
        or is_function
    ):
        return None
    return last.span[0]


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def script_exec(sources: Sources) -> Mended:
    """Let the script of the context give its place to the service."""
    left = []
    changed = sources
    for instruction in sources.found("entrypoint-script-without-exec"):
        for command in started(instruction):
            place, text = started_script(sources.file, command)
            at = exec_place(text)
            if not text:
                continue
            if not place or at is None:
                why = "its last command is not a simple one" if place else "it is in a heredoc"
                left.append(f"line {instruction.line}: the script is not changed: {why}")
            else:
                new = edited(text, [Edit(at, at, "exec ")])
                changed = changed.with_text(new, place)
    return Mended(changed, left=tuple(left))


def unbuffered(sources: Sources) -> Mended:
    """Let Python write its output at once."""
    if not sources.found("python-buffered-output"):
        return Mended(sources)
    first = starts_first(sources)
    edit = inserted_before(sources.text, first, ["ENV PYTHONUNBUFFERED=1"])
    return Mended(sources.with_text(edited(sources.text, [edit])))


def starts_first(sources: Sources) -> int:
    """The line for what is said of the image once all is in it.

    It is that of the last stage's first CMD or ENTRYPOINT, its comments included, unless work
    follows that; the end of the file where the stage has none.
    """
    stage = sources.file.shipped[-1]
    inside = {it.line for it in stage.instructions}
    first = [it for it in starts(sources.file) if it.line in inside]
    if not first:
        return sources.file.instructions[-1].last_line + 1
    lowest = min(first, key=lambda it: it.line)
    work = [
        it.last_line + 1
        for it in stage.instructions
        if it.keyword in ("RUN", "COPY", "ADD", "USER", "WORKDIR") and it.line > lowest.line
    ]
    return max(work) if work else head_line(sources.text, lowest)


EXEC_FORM = Mend(
    "exec-form",
    "exec form: the service is process 1",
    ("shell-wrapper",),
    ("stop_s", "memory_peak_bytes"),
    Footing.CERTAIN,
    exec_form,
    must_gain=False,
)
SCRIPT_EXEC = Mend(
    "script-exec",
    "`exec` in the start script: the service takes the place of the shell",
    ("entrypoint-script-without-exec",),
    ("stop_s", "memory_peak_bytes"),
    Footing.CERTAIN,
    script_exec,
    must_gain=False,
)
UNBUFFERED = Mend(
    "python-unbuffered",
    "Python writes its output at once",
    ("python-buffered-output",),
    (),
    Footing.CERTAIN,
    unbuffered,
    must_gain=False,
)
