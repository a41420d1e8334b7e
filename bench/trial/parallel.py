"""Steps that run at the same time, each in its own thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bench.core.interrupts import postponed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PATIENCE_S = 0.2
"""Interval at which signals are handled, and pending steps are cancelled again."""


def at_once(
    steps: Sequence[Callable[[], None]],
    *,
    opened: Callable[[], None],
    cancel: Callable[[], None],
) -> None:
    """Run all `steps` concurrently, and return when the last has ended.

    Only this thread is interrupted by signals; the others end because of what `cancel` removes.

    Args:
        steps: what to run.
        opened: called at the moment at which all threads are released.
        cancel: makes running steps end soon; called when this thread is interrupted, and repeated
            until they have ended.

    Raises:
        BaseException: the error of the first step that failed, once all have ended.
    """
    barrier = threading.Barrier(len(steps), action=opened)
    failures: list[BaseException] = []
    # `Thread.join` takes a running thread for a stopped one after a signal has broken it off
    # (CPython 3.11, bpo-45274), so that each says by itself when it has ended
    ends = [threading.Event() for _ in steps]

    def take(step: Callable[[], None], end: threading.Event) -> None:
        try:
            barrier.wait()
            step()
        except threading.BrokenBarrierError:
            return  # interrupted before it began
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)
        finally:
            end.set()

    threads = [
        threading.Thread(target=take, args=(step, end), name=f"replica-{number}", daemon=True)
        for number, (step, end) in enumerate(zip(steps, ends, strict=True), 1)
    ]
    try:
        with postponed():
            for thread in threads:
                thread.start()
        for end in ends:
            while not end.wait(_PATIENCE_S):
                pass  # a signal that comes right before a wait begins is only seen after it
    except BaseException:
        with postponed():
            barrier.abort()
            cancel()
            for thread, end in zip(threads, ends, strict=True):
                # a step that was cancelled before it began to wait must be cancelled again
                while thread.ident is not None and not end.wait(_PATIENCE_S):
                    cancel()
        raise
    finally:
        for thread, end in zip(threads, ends, strict=True):
            if end.is_set():
                thread.join()
    if failures:
        raise failures[0]
