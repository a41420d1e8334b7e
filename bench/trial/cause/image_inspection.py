"""A container's program, user and working directory, checked in its file system."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from bench.core.errors import EngineRefusedError
from bench.journal.facts.cause import Cause, CauseKind
from bench.trial.cause.commands import following, of_starter
from bench.trial.cause.program import HEAD_BYTES, Binary, Script, program_in
from bench.trial.cause.users import GROUP, PASSWD, ROOT, Entries, User, entries, unknown, user_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.runtimes.specs import ContainerFile, ContainerSetup
    from bench.runtimes.workload import Workload, WorkloadFiles

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where engines look for a program of a container whose environment has no PATH."""

_LARGEST_LIST = 2**20
"""Bytes of /etc/passwd or /etc/group."""

_NOT_FOUND, _NOT_RUN, _NOT_READ = 127, 126, 2
"""Exit codes of shells and wrappers: program not found, not executable; script not found."""

NO_COMMAND = Cause(
    CauseKind.NO_COMMAND,
    "neither its image nor the scenario says what to run",
    "give it a `command`, or the image a CMD or an ENTRYPOINT",
)


class Look:
    """Inspects the file system of a container, running or not.

    Every method may raise EngineError: a file that cannot be read is no evidence.
    """

    def __init__(self, files: WorkloadFiles, setup: ContainerSetup, machine: str) -> None:
        """`machine` is the engine's architecture, as images name it."""
        self._files = files
        self._setup = setup
        self._machine = machine

    def refused(self) -> Cause | None:
        """Why the container cannot be started; None if no fault was found."""
        return self._folder() or self._identity() or self._argv(self._setup.command)

    def ended(self, code: int) -> Cause | None:
        """Why a container that could be started exited with `code`; None if unknown.

        A runtime may report a container as started before its program is executed, and that program
        may in turn have failed to execute another one.
        """
        command = self._setup.command
        if not command or code == 0:
            return None
        if self._setup.has_init and (found := self._run(command, code)):
            return found
        first = self._find(command[0])
        if first is not None and first.kind == "file" and (found := self._content(first)):
            return found
        is_script = first is not None and isinstance(program_in(first.head), Script)
        if first is not None and is_script and (found := self._unreadable(first)):
            return found
        for words, is_read in following(command, self._setup.arguments, is_script=is_script):
            found = self._read(words[0], code) if is_read else self._run(words, code)
            if found:
                return found
        return None

    def _unreadable(self, script: ContainerFile) -> Cause | None:
        """Why a script's interpreter cannot read it, though Engine 26 has executed it."""
        found = self._permission(script)
        if found or self._user.may_read(script):
            return found
        return Cause(
            CauseKind.NOT_EXECUTABLE,
            f"user {self._setup.user} may not read {script.path} (mode {script.mode:04o})",
            f"`RUN chmod 755 {script.path}` in the Dockerfile, or `COPY --chmod=755`",
        )

    def _run(self, words: Sequence[str], code: int) -> Cause | None:
        """The fault in a program that the first program was to execute."""
        return self._argv(words) if code in (_NOT_FOUND, _NOT_RUN) else None

    def _read(self, script: str, code: int) -> Cause | None:
        """The fault in a script that a shell was to read."""
        file = self._file(self._absolute(script), HEAD_BYTES)
        if file is None:
            is_there = "/" not in script or code not in (_NOT_FOUND, _NOT_READ)
            return None if is_there else self._missing(script)
        return self._content(file, only_crlf=True) if file.kind == "file" else None

    # program

    def _argv(self, command: Sequence[str]) -> Cause | None:
        """The reason why the first word of `command` cannot be executed."""
        if not command or not command[0]:
            return NO_COMMAND
        name = command[0]
        file = self._find(name)
        if file is None:
            return self._missing(name)
        if file.kind != "file":
            what = "a folder" if file.kind == "folder" else "no plain file"
            return Cause(
                CauseKind.NOT_EXECUTABLE,
                f"{file.path} is {what}, not a program",
                "name a program as the `command` or ENTRYPOINT",
            )
        return self._permission(file) or self._content(file)

    def _missing(self, name: str) -> Cause:
        if "/" in name:
            words = f"there is no {self._absolute(name)} in the image"
        elif not name.strip():
            words = "the program to run has an empty name"
        else:
            words = f"there is no program {name} in the image's PATH ({self._search_path})"
        remedy = "mend the `command` or ENTRYPOINT, or have the image hold that program"
        if " " in name.strip():
            remedy = 'write a command with arguments as a list of words, or without `["…"]` around'
        return Cause(CauseKind.NO_PROGRAM, words, remedy)

    def _permission(self, file: ContainerFile) -> Cause | None:
        user = self._user
        if not user.may_execute(file):
            is_for_some = file.mode & 0o111
            who = (
                f"user {self._setup.user} may not execute" if is_for_some else "nobody may execute"
            )
            return Cause(
                CauseKind.NOT_EXECUTABLE,
                f"{who} {file.path} (mode {file.mode:04o})",
                f"`RUN chmod 755 {file.path}` in the Dockerfile, or `COPY --chmod=755`",
            )
        if user.user_id == 0:
            return None
        for folder in _parents(file.path):
            found = self._files.read(folder, 0)
            if found is not None and not user.may_execute(found):
                return Cause(
                    CauseKind.NOT_EXECUTABLE,
                    f"user {self._setup.user} may not enter {folder} (mode {found.mode:04o}), "
                    f"where {file.path} is",
                    f"`RUN chmod 755 {folder}` in the Dockerfile, or run it as another user",
                )
        return None

    def _content(self, file: ContainerFile, *, only_crlf: bool = False) -> Cause | None:
        """Why the kernel (or, with `only_crlf`, a shell) cannot execute a file."""
        found = program_in(file.head)
        if not isinstance(found, Binary) and found.crlf:
            return Cause(
                CauseKind.CRLF,
                f"the lines of {file.path} end in CRLF, as on Windows: the CR becomes part of "
                "the interpreter's name and of every command",
                "save it with LF line ends (`dos2unix`), and keep them with `*.sh text eol=lf` in "
                ".gitattributes",
            )
        if only_crlf:
            return None
        if isinstance(found, Binary):
            return self._binary(file.path, found)
        if isinstance(found, Script):
            return self._script(file.path, found)
        return Cause(
            CauseKind.WRONG_FORMAT,
            f"{file.path} cannot be executed (exec format error): it {found.words}",
            "begin a script with a line such as `#!/bin/sh`, or name its interpreter in the "
            "`command` or ENTRYPOINT",
        )

    def _binary(self, path: str, found: Binary) -> Cause | None:
        if not found.runs_on(self._machine):
            return Cause(
                CauseKind.WRONG_MACHINE,
                f"{path} cannot be executed (exec format error): it is a program for "
                f"{found.machine}, and the engine's machine is {self._machine}",
                f"build it for linux/{self._machine}, or take the image of that platform",
            )
        if found.loader and self._find(found.loader) is None:
            return Cause(
                CauseKind.NO_INTERPRETER,
                f"{path} is there, and what loads it is not: {found.loader}",
                "link it statically, or use a base image with the C library that it was built for",
            )
        return None

    def _script(self, path: str, script: Script) -> Cause | None:
        interpreter = script.interpreter
        file = self._find(interpreter)
        if file is not None and posixpath.basename(interpreter) == "env":
            words = of_starter(script.argument.split())
            if not words:
                return None
            interpreter, file = words[0], self._find(words[0])
        if file is not None:
            return None
        return Cause(
            CauseKind.NO_INTERPRETER,
            f"{path} begins with `#!{script.interpreter} {script.argument}".rstrip()
            + f"`, and there is no {interpreter} in the image",
            f"have the image hold {interpreter}, or mend the first line of {path}",
        )

    def _find(self, name: str) -> ContainerFile | None:
        """The file that a word of a command refers to, looked up as the runtime does."""
        if not name or "\0" in name:
            return None
        if "/" in name:
            return self._file(self._absolute(name), HEAD_BYTES)
        found = None
        for folder in self._search_path.split(":"):
            path = posixpath.join(self._absolute(folder), name)
            file = self._file(path, HEAD_BYTES)
            if file is not None and file.kind == "file":
                if file.mode & 0o111:
                    return file
                found = found or file
        return found

    def _file(self, path: str, most_bytes: int) -> ContainerFile | None:
        """A file of the container; None below a path that is no folder, whatever engines report.

        Raises:
            EngineError: it cannot be looked at.
        """
        try:
            return self._files.read(path, most_bytes)
        except EngineRefusedError:
            for folder in _parents(path):
                found = self._files.read(folder, 0)
                if found is None or found.kind != "folder":
                    return None
            raise

    def _absolute(self, path: str) -> str:
        joined = posixpath.join("/", self._setup.working_dir or "/", path)
        return joined if ".." in joined.split("/") else posixpath.normpath(joined)

    @property
    def _search_path(self) -> str:
        path = self._setup.search_path
        return _DEFAULT_PATH if path is None else path

    # folder

    def _folder(self) -> Cause | None:
        """The fault in the working directory."""
        folder = self._setup.working_dir
        if not folder:
            return None
        if not folder.startswith("/"):
            words = f"its working folder {folder} is no absolute path"
        else:
            file = self._file(folder, 0)
            if file is not None and file.kind == "folder":
                return None
            words = f"its working folder {folder} is {'no folder' if file else 'not in the image'}"
        return Cause(
            CauseKind.NO_FOLDER,
            words,
            "mend WORKDIR or `working_dir`, or have the image hold that folder",
        )

    # user

    def _identity(self) -> Cause | None:
        """The fault in the user that the container runs as."""
        given = self._setup.user
        if not given and not self._setup.groups:
            return None
        words = unknown(given, self._setup.groups, self._list(PASSWD), self._list(GROUP))
        return _no_user(words) if words else None

    @cached_property
    def _user(self) -> User:
        given, further = self._setup.user, self._setup.groups
        if not given:
            return ROOT
        return user_of(given, further, self._list(PASSWD), self._list(GROUP))

    def _list(self, path: str) -> Entries:
        file = self._files.read(path, _LARGEST_LIST)
        return entries(file.head if file else b"")


def _no_user(words: str) -> Cause:
    return Cause(
        CauseKind.NO_USER,
        words,
        "create it in the Dockerfile (`RUN useradd …`), or mend `user` or USER; a number needs no "
        "entry",
    )


def _parents(path: str) -> list[str]:
    """The parent folders of `path`, outermost first, without the root folder."""
    parts = path.strip("/").split("/")[:-1]
    return ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]


def look_at(workload: Workload, machine: str) -> Look | None:
    """Inspect a container; None if its file system or its command is not available.

    Raises:
        EngineError: the engine does not report the command.
    """
    setup = workload.state().setup if workload.files else None
    return Look(workload.files, setup, machine) if workload.files and setup else None
