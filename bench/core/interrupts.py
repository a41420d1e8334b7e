"""SIGINT and SIGTERM as one exception that unwinds through all clean-ups."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


_AGAIN_S = 0.01
"""After which time a signal whose exception was dropped is sent once more."""


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
    """Raise Interrupted on the first SIGINT or SIGTERM; later ones wait for the clean-up.

    What is raised while Python runs a finalizer or the callback of a weak reference is dropped by
    it; the signal is sent once more then.
    """
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

    def dropped(unraisable: sys.UnraisableHookArgs) -> None:
        nonlocal raised
        if not isinstance(unraisable.exc_value, Interrupted):
            hook(unraisable)
            return
        raised = False
        number = unraisable.exc_value.exit_code - 128
        threading.Timer(_AGAIN_S, os.kill, (os.getpid(), number)).start()

    hook, sys.unraisablehook = sys.unraisablehook, dropped
    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        sys.unraisablehook = hook
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
