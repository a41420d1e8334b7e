"""Why a trial failed, if known from facts: the kind of cause, a description, and a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CauseKind(StrEnum):
    """The kind of fault that kept a container from starting, becoming ready or staying alive."""

    NO_COMMAND = "no_command"
    NO_PROGRAM = "no_program"
    NOT_EXECUTABLE = "not_executable"
    WRONG_MACHINE = "wrong_machine"
    WRONG_FORMAT = "wrong_format"
    NO_INTERPRETER = "no_interpreter"
    CRLF = "crlf"
    NO_USER = "no_user"
    NO_FOLDER = "no_folder"
    MEMORY = "memory"
    PROCESSES = "processes"
    READ_ONLY = "read_only"
    FULL = "full"
    ENDED = "ended"
    REFUSED = "refused"
    """The runtime refuses the program, and the files do not say why."""


@dataclass(frozen=True)
class Cause:
    """One cause of a failure.

    Attributes:
        kind: its kind.
        words: a description, as a clause.
        remedy: what to do about it.
    """

    kind: CauseKind
    words: str
    remedy: str
