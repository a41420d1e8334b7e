"""SIGINT and SIGTERM as one exception that unwinds through all clean-ups."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Interrupted(BaseException):
    """A SIGINT or SIGTERM; like KeyboardInterrupt, it is not an error.

    Attributes:
        exit_code: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number
        super().__init__(signal.Signals(number).name)


class _Gate:
    """Whether an interruption may be raised now; one per process, like signal handlers."""

    holds = 0
    waiting: int | None = None


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted on the first SIGINT or SIGTERM; later ones wait for the clean-up."""
    raised = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal raised
        if raised:
            return
        raised = True
        if _Gate.holds:
            _Gate.waiting = number
        else:
            raise Interrupted(number)

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def postponed() -> Iterator[None]:
    """Let the block finish: an interruption is raised after it.

    Only in the main thread, which receives signals; a wait for another thread lasts until that
    ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Gate.holds += 1
    try:
        yield
    finally:
        _Gate.holds -= 1
        number = _Gate.waiting
        if number is not None and not _Gate.holds:
            _Gate.waiting = None
            raise Interrupted(number)
