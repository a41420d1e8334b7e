"""Steps that are taken at the same moment, each in a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bench.trial.signals import postponed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PATIENCE_S = 0.2


def at_once(
    steps: Sequence[Callable[[], None]],
    *,
    opened: Callable[[], None],
    cancel: Callable[[], None],
) -> None:
    """Take all `steps` at once, and return when the last has ended.

    Only this thread is interrupted by signals; the others are ended by what `cancel` takes away
    from them.

    Args:
        steps: what to do.
        opened: called at the moment at which all threads are released.
        cancel: makes steps that are under way end soon; called when this thread is interrupted.

    Raises:
        BaseException: what the first step that failed has raised, once all have ended.
    """
    barrier = threading.Barrier(len(steps), action=opened)
    failures: list[BaseException] = []

    def take(step: Callable[[], None]) -> None:
        is_released = False
        try:
            barrier.wait()
            is_released = True
            step()
        except BaseException as error:  # noqa: BLE001 - raised again below
            if is_released or not isinstance(error, threading.BrokenBarrierError):
                failures.append(error)

    threads = [
        threading.Thread(target=take, args=(step,), name=f"replica-{number}", daemon=True)
        for number, step in enumerate(steps, 1)
    ]
    try:
        with postponed():
            for thread in threads:
                thread.start()
        for thread in threads:
            # a signal that comes just before a wait does not end it: wait in short pieces
            while thread.is_alive():
                thread.join(_PATIENCE_S)
    except BaseException:
        with postponed():
            barrier.abort()
            cancel()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        raise
    if failures:
        raise failures[0]
