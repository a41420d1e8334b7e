"""Pulling from Docker Hub without waiting long where it cannot be reached."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from bench.core.errors import EngineError, EngineRefusedError, PullError
from bench.runtimes.images import PullLine

if TYPE_CHECKING:
    from bench.runtimes.protocol import ContainerEngine

FIRST_ANSWER_S = 10.0
"""The engine says its first line when the Hub has answered with the image's manifest."""

SILENCE_S = 60.0
"""Between two lines of a pull that gets on, a line comes several times a second."""

_ANSWERS = range(400, 500)
"""Statuses with which an engine passes on that a registry has no such image or wants a login."""

_Item = PullLine | EngineError | None


def pull_patiently(
    engine: ContainerEngine,
    reference: str,
    *,
    first_answer_s: float = FIRST_ANSWER_S,
    silence_s: float = SILENCE_S,
    only_ask: bool = False,
) -> None:
    """Pull `reference`, giving up on silence; with `only_ask`, leave it at the first answer.

    The engine's own patience with a network that swallows packets is minutes long, and its
    pull stream cannot be left from outside: the call waits in a thread, which is left behind.

    Raises:
        EngineError: the pull failed, or nothing was heard for too long.
    """
    lines: queue.SimpleQueue[_Item] = queue.SimpleQueue()

    def follow() -> None:
        try:
            for line in engine.images.pull(reference):
                lines.put(line)
                if only_ask:
                    break
            lines.put(None)
        except EngineError as error:
            lines.put(error)

    threading.Thread(target=follow, name=f"pull {reference}", daemon=True).start()
    patience_s = first_answer_s
    while True:
        try:
            item = lines.get(timeout=patience_s)
        except queue.Empty:
            raise PullError(reference, f"no answer for {patience_s:.0f} s") from None
        if item is None:
            return
        if isinstance(item, EngineError):
            raise item
        patience_s = silence_s


def registry_answered(error: EngineError) -> bool:
    """Whether a pull failed because a registry said no, and not for want of a registry."""
    return isinstance(error, EngineRefusedError) and error.status in _ANSWERS
