"""The watch on the contacts of one container, from before its start to its end."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench.egress.processes import SocketOwners
from bench.egress.sniffer import Heard, Sniffer
from bench.egress.tap import Tap
from bench.journal.facts.contacts import Observation, WayOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.egress.ledger import Ledger
    from bench.egress.packets import Packet
    from bench.runtimes.protocol import RuntimeInfo
    from bench.scenario.allow import Address

HOST_MODE = "it shares the host's network, where its packets cannot be told from the host's own"
OTHER_KERNEL = "the engine runs under another kernel, whose networks are out of reach"
ROOTLESS = "the engine runs without root, in a network namespace of its own"
NO_NETWORK = "it has no network: nothing it sends can leave it"


class Watch(Protocol):
    """Watches one container."""

    def start(self) -> None:
        """Listen from now on; the container does not run yet."""
        ...

    def found(self, pid: int, address: Address | None, mac: str) -> None:
        """The container runs: its process, its address and its MAC address, as far as known."""
        ...

    def finish(self, start_ns: int) -> Observation:
        """Listen no longer; what was seen, with times from `start_ns` (monotonic)."""
        ...


@dataclass(frozen=True)
class NoWatch:
    """A watch that observes nothing, and says why.

    Attributes:
        reach: why.
        observed: whether it is certain all the same that nothing was tried with success.
        way_out: what would have become of packets.
    """

    reach: str
    observed: bool = False
    way_out: WayOut = WayOut.OPEN

    def start(self) -> None:
        """Do nothing, as nothing is observed."""

    def found(self, pid: int, address: Address | None, mac: str) -> None:
        """Do nothing, as nothing is observed."""

    def finish(self, start_ns: int) -> Observation:  # noqa: ARG002 - there is nothing to time
        """The observation, which says only why there is none."""
        return Observation(self.observed, self.reach, self.way_out)


class Listening:
    """Listens on taps for the packets of one container.

    Until the container is known by its address, what passes is kept, and looked at then.
    """

    def __init__(
        self,
        taps: Sequence[Tap],
        ledger: Ledger,
        *,
        reach: str,
        way_out: WayOut,
        own: Sequence[Address] = (),
        alone: bool = False,
        answer: Callable[[Tap, Packet], None] | None = None,
    ) -> None:
        """Take over `taps`, which hear already.

        Args:
            taps: on every way that a packet of the container can take.
            ledger: where contacts are written down.
            reach: how far this sees, in words.
            way_out: what becomes of the packets.
            own: addresses of the container, where they are known before it starts.
            alone: whether whatever comes in by the taps' devices is the container's.
            answer: called with each packet of the container, to answer it.
        """
        self._ledger = ledger
        self._reach = reach
        self._way_out = way_out
        self._addresses = set(own)
        self._mac = b""
        self._alone = alone
        self._answer = answer
        self._waiting: list[Heard] = []
        self._lock = threading.Lock()
        self._sniffer = Sniffer(taps, self._take)

    def start(self) -> None:
        """Listen from now on."""
        self._sniffer.start()

    def found(self, pid: int, address: Address | None, mac: str) -> None:
        """Sort what has passed, now that the container is known."""
        with self._lock:
            if pid and self._ledger.owner is None:
                self._ledger.owner = SocketOwners(pid).owner
            self._addresses |= {address} if address else set()
            self._mac = self._mac or bytes.fromhex(mac.replace(":", ""))
            self._sort()

    def finish(self, start_ns: int) -> Observation:
        """The contacts seen; none where listening failed or the container's address is unknown."""
        lost = self._sniffer.stop()
        failure = self._sniffer.failure
        if failure is not None:
            return Observation(False, f"listening failed: {failure}", self._way_out)
        if any(not heard.sent_here for heard in self._waiting):
            reach = "it ended before its address was known, so its packets could not be identified"
            return Observation(False, reach, self._way_out)
        contacts = self._ledger.contacts(start_ns)
        dropped = lost + self._ledger.unlisted
        return Observation(True, self._reach, self._way_out, contacts, dropped)

    @property
    def _is_known(self) -> bool:
        return bool(self._addresses or self._mac or self._alone)

    def _take(self, heard: Heard) -> None:
        with self._lock:
            self._waiting.append(heard)
            self._sort()

    def _sort(self) -> None:
        if not self._is_known:
            return
        waiting, self._waiting = self._waiting, []
        for heard in waiting:
            packet = heard.packet
            if self._is_own(heard):
                self._ledger.outgoing(packet, heard.at_ns)  # first: an answer may end the process
                if self._answer:
                    self._answer(heard.tap, packet)
            elif self._alone or packet.target in self._addresses:
                self._ledger.incoming(packet)

    def _is_own(self, heard: Heard) -> bool:
        if self._alone:
            return not heard.sent_here
        packet = heard.packet
        return packet.source in self._addresses or packet.source_mac == self._mac


def watch_open(
    engine: RuntimeInfo,
    network_mode: str,
    ledger: Ledger,
    *,
    alone: bool,
    sysfs: Path = Path("/sys"),
) -> Watch:
    """The watch on a container with an open network.

    Args:
        engine: that will run it.
        network_mode: `bridge`, `host` or `none`.
        ledger: where its contacts are written down.
        alone: whether no other container is on the engine's bridge.
        sysfs: where the kernel shows its devices.
    """
    if network_mode == "none":
        return NoWatch(NO_NETWORK, observed=True)
    why_not = why_not_open(engine, network_mode, sysfs)
    if why_not:
        return NoWatch(why_not)
    try:
        tap = Tap(engine.bridge)
    except OSError as error:
        return NoWatch(f"bridge {engine.bridge} cannot be listened to: {error.strerror}")
    return Listening(
        [tap],
        ledger,
        reach=f"every packet it sent over bridge {engine.bridge}, from before its start",
        way_out=WayOut.OPEN,
        alone=alone,
    )


def is_rootless(engine: RuntimeInfo) -> bool:
    """Whether the engine itself runs as an ordinary user, behind a network of its own."""
    return any("rootless" in option for option in engine.security)


def why_not_open(engine: RuntimeInfo, network_mode: str, sysfs: Path = Path("/sys")) -> str:
    """Why a container of this engine cannot be watched; empty where it can."""
    if network_mode == "host":
        return HOST_MODE
    if not engine.is_local:
        return OTHER_KERNEL
    if is_rootless(engine):
        return ROOTLESS
    if os.geteuid() != 0:
        return "listening to the engine's bridge needs root"
    if not engine.bridge:
        return "the engine does not say which bridge its containers are on"
    if not (sysfs / "class" / "net" / engine.bridge).exists():
        return f"the engine's bridge {engine.bridge} is not in this host's network namespace"
    return ""
