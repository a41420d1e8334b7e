"""The mend of a start that installs packages: the installs move into the build."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands, json_words, script_of
from bench.dockerfile.lint.installs import is_install, is_pip_install, is_system_install
from bench.dockerfile.lint.shell import ShellCommand, shell_statements
from bench.dockerfile.lint.start_rules import fetches, started, started_script
from bench.dockerfile.mends.edits import Edit, edited, has_posix_shell, inserted_after, masked
from bench.dockerfile.mends.lists import NotKnownError
from bench.dockerfile.mends.mend import Footing, Mend, Mended

if TYPE_CHECKING:
    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.mends.sources import Sources

_WORK = ("RUN", "COPY", "ADD", "WORKDIR", "ENV", "ARG")
_INDEX_OPTIONS = (
    *("-i", "--index-url", "--extra-index-url", "--index"),
    *("-f", "--find-links", "--trusted-host"),
)
_SETTINGS = ("cd", "pushd", "export", "source", ".", "umask", "declare", "read", "unset")
"""Commands that change what those after them do."""
_LATER = re.compile(r"\$(?!\{?[A-Za-z_])|\$\(|`")


_REST_OF_LINE = re.compile(r"[ \t]*(;|&&)?[ \t\r]*(#[^\n]*)?(\n|$)")
_OPERATOR = re.compile(r"[ \t]*(;|&&)[ \t\r]*(\\?\r?\n[ \t]*)?")


@dataclass(frozen=True)
class _Moved:
    """A script without its installs.

    Attributes:
        script: what is left of it.
        installs: the commands that are run in the build.
        hosts: of the indexes that only a running container reaches.
    """

    script: str
    installs: tuple[str, ...]
    hosts: tuple[str, ...]


def installed_in_build(sources: Sources) -> Mended:
    """Move the installs of the start script into a RUN."""
    for instruction in sources.found("download-at-start"):
        try:
            return _installed(sources, instruction)
        except NotKnownError as why:
            return Mended(sources, left=(f"line {instruction.line}: {why}",))
    return Mended(sources)


def _installed(sources: Sources, instruction: Instruction) -> Mended:
    file = sources.file
    if not has_posix_shell(file):
        raise NotKnownError("SHELL names another shell")
    work = [
        it
        for it in file.shipped[-1].instructions
        if it.keyword in _WORK
        and not it.rest.startswith("PYTHONUNBUFFERED=")  # what other mends add last
        and not any("compileall" in one.words for one in commands(it))
    ]
    after = work[-1] if work else file.shipped[-1].opening
    if any(fetches(it) for it in started(instruction)):
        moved, edit = _of_command(sources, instruction)
        edits = [edit, inserted_after(sources.text, after, [_run(moved)])]
        changed = sources.with_text(edited(sources.text, edits))
    else:
        place, text = _fetching_script(sources, instruction)
        moved = without_installs(text)
        edits = [inserted_after(sources.text, after, [_run(moved)])]
        changed = sources.with_text(edited(sources.text, edits)).with_text(moved.script, place)
    if changed.found("download-at-start"):
        raise NotKnownError("it downloads in more than one place")
    notes = tuple(
        f"the start installed from {host}, which a build cannot reach: the build installs from "
        "the index that it is set up with; check that it has the same packages"
        for host in moved.hosts
    )
    return Mended(changed, notes)


def _run(moved: _Moved) -> str:
    return f"RUN {' && '.join(moved.installs)}"


def _of_command(sources: Sources, instruction: Instruction) -> tuple[_Moved, Edit]:
    """The installs of `sh -c`, or of a shell form, and the change of the instruction."""
    start, text = masked(sources.file, instruction)
    words = json_words(instruction.rest)
    if words is None:
        begin = len(text) - len(text.lstrip())
        if "\n" in sources.text[start : start + len(text)]:
            raise NotKnownError("the command is written on several lines")
        moved = without_installs(text.strip())
        return moved, Edit(start + begin, start + len(text.rstrip()), moved.script)
    script = next((it for it in (script_of(words[at:]) for at in range(len(words))) if it), None)
    found = [it.span() for it in re.finditer(r'"(?:\\.|[^"\\])*"', text)]
    literal = next((it for it in found if json.loads(text[slice(*it)]) == script), None)
    if script is None or literal is None:
        raise NotKnownError("the command itself downloads")
    moved = without_installs(script)
    new = json.dumps(moved.script, ensure_ascii=False)
    return moved, Edit(start + literal[0], start + literal[1], new)


def _fetching_script(sources: Sources, instruction: Instruction) -> tuple[str, str]:
    for command in started(instruction):
        place, text = started_script(sources.file, command)
        if any(fetches(it) for it in shell_statements(text)):
            if not place:
                raise NotKnownError("the script is in a heredoc")
            return place, text
    raise NotKnownError("its script is not found again")


def without_installs(script: str) -> _Moved:
    """Take the installs out of a script, with what only they need.

    Raises:
        NotKnownError: a download is no install, or an install needs what stands before it.
    """
    values: dict[str, str] = {}
    taken: list[ShellCommand] = []
    lines: list[str] = []
    hosts: list[str] = []
    settings: list[str] = []
    for it in shell_statements(script):
        words = script[slice(*it.span)]
        if not it.words:
            _assign(words, it, values)
            continue
        if not fetches(it):
            settings += [it.program] if it.program in _SETTINGS else []
            continue
        if settings:
            raise NotKnownError(f"`{settings[0]}` stands before the install")
        if not (is_pip_install(it) or (is_install(it) and not is_system_install(it))):
            raise NotKnownError(f"`{' '.join(it.words[:3])}` is a download that is not moved")
        if (
            it.leading
            or it.before not in ("", "\n", ";", "&&")
            or it.after not in ("\n", ";", "&&")
        ):
            raise NotKnownError(f"`{' '.join(it.words[:3])}` depends on what stands around it")
        if _is_inside(script, it):
            raise NotKnownError(f"`{' '.join(it.words[:3])}` runs only under a condition")
        line = _expanded(" ".join(words.replace("\\\n", " ").split()), values)
        line, found = _reachable(line)
        hosts += found
        if is_pip_install(it) and "--no-cache-dir" not in line:
            line = re.sub(r"\binstall\b", "install --no-cache-dir", line, count=1)
        taken.append(it)
        lines.append(line)
    if not taken:
        raise NotKnownError("no install stands in the script")
    # the base's own pip installs as well; an upgrade of it would be one more layer to pull
    needed = [line for it, line in zip(taken, lines, strict=True) if not _is_of_pip(it)]
    lines = needed or lines
    return _Moved(_rest(script, taken, values), tuple(lines), tuple(dict.fromkeys(hosts)))


def _is_of_pip(command: ShellCommand) -> bool:
    """Whether it upgrades nothing but pip itself."""
    named = [it for it in command.arguments if it not in ("install", "-m") and "$" not in it]
    names = {re.split(r"[=<>~]", it)[0] for it in named}
    return is_pip_install(command) and names <= {"pip", "setuptools", "wheel"} and "pip" in names


def _assign(words: str, it: ShellCommand, values: dict[str, str]) -> None:
    for assignment in it.assignments:
        name, _, value = assignment.partition("=")
        if _LATER.search(words) or "$" in value:
            values.pop(name, None)
        else:
            values[name] = value


def _is_inside(script: str, it: ShellCommand) -> bool:
    """Whether a command stands in a block: more are opened before it than are closed."""
    depth = 0
    for other in shell_statements(script):
        if other.span[0] >= it.span[0]:
            break
        for word in (*other.leading, *other.words[:1]):
            depth += word in ("if", "for", "while", "until", "case", "{", "select")
            depth -= word in ("fi", "done", "esac", "}")
    return depth > 0 or script[: it.span[0]].count("(") > script[: it.span[0]].count(")")


def _expanded(line: str, values: dict[str, str]) -> str:
    """A command with the variables of the script replaced, as the shell does outside of quotes."""
    for name, value in values.items():
        line = re.sub(rf"\$\{{{name}\}}|\${name}\b", value.replace("\\", r"\\"), line)
    if "$" in line or "`" in line:
        raise NotKnownError(f"`{line[:60]}` needs what is known only when it starts")
    return line


def _reachable(line: str) -> tuple[str, list[str]]:
    """A command without indexes whose hosts have no domain, and those hosts.

    A name of one label (`index`) is one of the network that the container runs in: a service of
    its stack. Where the image is built there is no such host. Without such an index, pip asks the
    one that it is set up with, also where it was told to ask none (`--no-index`).
    """
    words = line.split()
    kept: list[str] = []
    hosts: list[str] = []
    at = 0
    while at < len(words):
        option, has_value, value = words[at].partition("=")
        width = 1 if has_value else 2
        value = value if has_value else "".join(words[at + 1 : at + 2])
        host = re.sub(r"^\w+://([^/@]*@)?|[:/].*$", "", re.sub(r"^\w+://([^/@]*@)?", "", value))
        if option in _INDEX_OPTIONS and host and "." not in host and host != "localhost":
            if option != "--trusted-host":
                hosts.append(re.sub(r"(?<=://)[^/@]*@", "", value))
            at += width
            continue
        kept.append(words[at])
        at += 1
    if hosts and "--no-index" in kept:
        kept.remove("--no-index")
    return " ".join(kept), hosts


def _rest(script: str, taken: list[ShellCommand], values: dict[str, str]) -> str:
    """The script without the lines of some commands, and without variables that only they used."""
    edits = [_taken(script, *it.span) for it in taken]
    rest = edited(script, edits)
    for name in values:
        if not re.search(rf"\$\{{?{name}\b", rest) and not re.search(
            rf"\bexport\b.*\b{name}\b", rest
        ):
            for it in shell_statements(rest):
                if not it.words and [one.partition("=")[0] for one in it.assignments] == [name]:
                    used = re.search(rf"\$\{{?{name}\b", script)
                    if used and it.after in ("\n", "") and it.before in ("\n", ""):
                        rest = edited(rest, [_taken(rest, *it.span)])
                    break
    return rest


def _taken(text: str, start: int, end: int) -> Edit:
    """A command with the operator after it, and its lines where nothing else is on them."""
    begin = text.rfind("\n", 0, start) + 1
    whole = _REST_OF_LINE.match(text, end)
    if whole and not text[begin:start].strip():
        return Edit(begin, whole.end())
    after = _OPERATOR.match(text, end)
    if after is None:
        raise NotKnownError("the install is the last of several commands on its line")
    return Edit(start, after.end())


DOWNLOAD = Mend(
    "install-in-build",
    "packages installed when the image is built, not at each start",
    ("download-at-start",),
    ("startup_s", "ready_s", "net_rx_bytes"),
    Footing.TRY,
    installed_in_build,
    must_gain=False,
)
