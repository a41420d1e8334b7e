"""Why a trial failed, where that is known from facts: its kind, in words, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CauseKind(StrEnum):
    """What kept a container from starting, from getting ready or from lasting."""

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
        kind: which.
        words: what is the case, as a clause.
        remedy: what to do about it.
    """

    kind: CauseKind
    words: str
    remedy: str
