"""The thread that takes frames from taps as they come, and stamps them on the monotonic clock."""

from __future__ import annotations

import os
import select
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.egress.packets import parse_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.egress.packets import Packet
    from bench.egress.tap import Tap


@dataclass(frozen=True)
class Heard:
    """One packet that passed a tap.

    Attributes:
        tap: where.
        packet: what.
        at_ns: when, on the monotonic clock.
        sent_here: whether it left by the tap's device, and did not come in by it.
    """

    tap: Tap
    packet: Packet
    at_ns: int
    sent_here: bool


class Sniffer:
    """Reads taps from its start to its stop.

    Attributes:
        failure: what ended the reading before its time, None where nothing did.
    """

    def __init__(self, taps: Sequence[Tap], handler: Callable[[Heard], None]) -> None:
        """`handler` is given each packet, in the order of each tap."""
        self._taps = {tap.fileno(): tap for tap in taps}
        self._handler = handler
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="sniffer", daemon=True)
        self.failure: Exception | None = None

    def start(self) -> None:
        """Read from now on; what passed since the taps were made comes first."""
        self._thread.start()

    def stop(self) -> int:
        """Read what has come up to now and let the taps go; returns how many frames were lost."""
        os.eventfd_write(self._wake, 1)
        if self._thread.is_alive():
            self._thread.join()
        lost = 0
        try:
            if self.failure is None:
                self._drain()
            lost = sum(tap.lost() for tap in self._taps.values())
        except OSError as error:
            self.failure = self.failure or error
        finally:
            for tap in self._taps.values():
                tap.close()
            os.close(self._wake)
        return lost

    def _run(self) -> None:
        poll = select.poll()
        for descriptor in (*self._taps, self._wake):
            poll.register(descriptor, select.POLLIN)
        try:
            while True:
                ready = [descriptor for descriptor, _ in poll.poll()]
                if self._wake in ready:
                    return
                self._drain()
        except Exception as error:  # noqa: BLE001 - handed on: nothing may seem observed that is not
            self.failure = error

    def _drain(self) -> None:
        for tap in self._taps.values():
            while (frame := tap.receive()) is not None:
                packet = parse_frame(frame.data)
                if packet is not None:
                    age_ns = max(0, time.time_ns() - frame.wall_ns)
                    at_ns = time.monotonic_ns() - age_ns
                    self._handler(Heard(tap, packet, at_ns, frame.sent_here))
