"""The hierarchy of errors: what happened to which subject, why, and how to fix it.

Only `bench.cli` turns an error into an exit code; everything below it raises.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.core.text import clean


class BenchError(Exception):
    """An error that a user can read and act upon; text quoted from outside is cleaned.

    Attributes:
        subject: the affected object (a file, an image, a socket).
        cause: what went wrong, in one sentence without a full stop.
        remedy: what to do now, in one sentence, or empty if nothing is known to help.
    """

    exit_code = 3

    def __init__(self, subject: str, cause: str, remedy: str = "") -> None:
        self.subject = clean(subject)
        self.cause = clean(cause)
        self.remedy = clean(remedy)
        super().__init__(f"{self.subject}: {self.cause}")

    def __str__(self) -> str:
        text = f"{self.subject}: {self.cause}"
        return f"{text}\n  what to do: {self.remedy}" if self.remedy else text


class UsageError(BenchError):
    """The command line is invalid; nothing was run."""

    exit_code = 2


_WIDEST_EXCERPT = 160


@dataclass(frozen=True)
class Diagnostic:
    """One fault in a text file, with its position.

    Attributes:
        file: the path as the user gave it.
        line: 1-based line.
        col: 1-based column.
        message: the fault.
        suggestion: what to write instead, or empty.
        source_line: the text of that line, without its line end.
    """

    file: str
    line: int
    col: int
    message: str
    suggestion: str = ""
    source_line: str = ""

    def __str__(self) -> str:
        text = clean(f"{self.file}:{self.line}:{self.col}: {self.message}")
        if self.source_line:
            gutter = f"{self.line:>5} | "
            excerpt, before = self._excerpt()
            text += f"\n{gutter}{excerpt}\n{' ' * (len(gutter) + before)}^"
        return f"{text}\n      = {clean(self.suggestion)}" if self.suggestion else text

    def _excerpt(self) -> tuple[str, int]:
        """The line as a terminal can show it, and the number of characters before the column.

        Tabs become single spaces, so that the caret is aligned; control characters become dots, so
        that a file cannot control the terminal.
        """
        spaced = self.source_line.replace("\t", " ")
        line = "".join(char if char.isprintable() else "·" for char in spaced)
        column = self.col - 1
        if len(line) <= _WIDEST_EXCERPT:
            return line, column
        start = max(0, column - _WIDEST_EXCERPT // 2)
        end = start + _WIDEST_EXCERPT
        lead, tail = "…" if start else "", "…" if end < len(line) else ""
        return f"{lead}{line[start:end]}{tail}", column - start + len(lead)


class LocatedError(UsageError):
    """One or more files cannot be used; carries every fault found in them, with its place."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        count = len(diagnostics)
        subject = diagnostics[0].file if diagnostics else "file"
        super().__init__(subject, f"{count} error{'s' if count != 1 else ''}")

    def __str__(self) -> str:
        return "\n\n".join(str(diagnostic) for diagnostic in self.diagnostics)


class ScenarioError(LocatedError):
    """One or more scenario files cannot be used."""


class EngineError(BenchError):
    """The container engine is missing, refuses a call, or died."""


class EngineUnavailableError(EngineError):
    """No engine answers at the configured address."""


class EngineTimeoutError(EngineError):
    """The engine did not answer a call in time."""


class CommandTimeoutError(EngineTimeoutError):
    """A command in a container did not end in time; the engine itself answers."""


class EngineRefusedError(EngineError):
    """The engine answered a call with an error status.

    Attributes:
        status: the HTTP status of the answer.
        fault: why the workload itself cannot be run, in the runtime's words; empty where the
            refusal is not known to be about the workload.
    """

    def __init__(
        self, subject: str, cause: str, remedy: str = "", *, status: int, fault: str = ""
    ) -> None:
        self.status = status
        self.fault = fault
        super().__init__(subject, cause, remedy)


class NoProgramError(EngineRefusedError):
    """The program to start does not exist, or may not be executed."""


class PullError(EngineError):
    """The pull stream contained an error, or ended with a different digest than requested."""


class BuildError(EngineError):
    """An image could not be built."""


class RegistryError(BenchError):
    """The registry does not answer, or lacks what was requested."""


class NotInRegistryError(RegistryError):
    """The registry answers that it lacks what was requested."""


class HostError(BenchError):
    """This host does not meet a requirement: privileges, packages, disk, kernel."""


class StoreError(BenchError):
    """A run folder cannot be read or written."""


class CompareError(UsageError):
    """Two results cannot be compared."""
