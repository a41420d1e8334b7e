"""The names of signals, as images and Compose write them."""

from __future__ import annotations

import signal

DEFAULT_SIGNAL = "SIGTERM"
"""The stop signal where neither the image nor the case names one."""


def signal_number(name: str) -> int:
    """The number of a signal: `SIGTERM`, `TERM`, `15`.

    Raises:
        ValueError: there is no such signal.
    """
    text = name.strip().upper().removeprefix("SIG")
    base, plus, offset = text.partition("+")  # RTMIN+3, as systemd wants it
    try:
        number = int(text) if text.isdigit() else int(signal.Signals[f"SIG{base}"])
        number += int(offset) if plus else 0
    except (KeyError, ValueError):
        number = 0
    if not 0 < number < signal.NSIG:
        raise ValueError(f"{name!r} is not a signal; write one such as SIGINT")
    return number
