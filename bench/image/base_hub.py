"""Pulling from Docker Hub without waiting long where it cannot be reached."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bench.errors import EngineError, PullError

if TYPE_CHECKING:
    from bench.engine.protocol import Engine

FIRST_ANSWER_S = 10.0
"""The engine says its first line when the Hub has answered with the image's manifest."""

SILENCE_S = 60.0
"""Between two lines of a pull that gets on, a line comes several times a second."""

_Item = Mapping[str, Any] | EngineError | None


def pull_patiently(
    engine: Engine,
    reference: str,
    *,
    first_answer_s: float = FIRST_ANSWER_S,
    silence_s: float = SILENCE_S,
) -> None:
    """Pull `reference`, giving up on silence.

    The engine's own patience with a network that swallows packets is minutes long, and its
    pull stream cannot be left from outside: the call waits in a thread, which is left behind.

    Raises:
        EngineError: the pull failed, or nothing was heard for too long.
    """
    lines: queue.SimpleQueue[_Item] = queue.SimpleQueue()

    def follow() -> None:
        try:
            for line in engine.pull(reference):
                lines.put(line)
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
