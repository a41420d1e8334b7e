"""A rate-limited link from the registry to the measuring engine, for runs that ask for one.

The registry's store is served a second time, read-only, by a registry in its own network namespace.
A veth pair connects the namespace to the host, and the interface on the registry's side is shaped
by the kernel's token bucket filter: the measuring engine's pulls go through it, while pushes and
everything else take the usual path. No delay is added, and the opposite direction, which carries
only requests and acknowledgements, is not shaped. Bits are those of whole Ethernet frames, as `tc`
counts them.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.errors import EngineUnavailableError, HostError
from bench.runtimes.managed.network import run_program
from bench.runtimes.managed.ping import listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.runtimes.managed.daemon import Daemon
    from bench.runtimes.managed.network import LinkEnds

NAMESPACE = "cbench-link"
_HOST_CARD = "cbenchl0"
_FAR_CARD = "cbenchl1"
_PORT = 5591
_PATIENCE_S = 20.0
_RELOADED = b"Reloaded configuration"

_LEAST_BURST_BYTES = 70_000
"""A little more than the largest packet that the kernel hands to a card in one piece."""

_BURST_S = 0.002
_QUEUE_MS = 100


@dataclass(frozen=True)
class ShapedLink:
    """Creates and removes the rate-limited link between registry and engine.

    Attributes:
        ends: the addresses of the two interfaces.
        registry: the daemon that serves the store from inside the namespace.
        measuring: the daemon that pulls; its configuration names the far end, but it may have
            been started by a bench version without links.
        note: a file that exists as long as any part of the link may. Interface and namespace names
            are host-wide, and only the bench that wrote the note may assume that they are its own.
    """

    ends: LinkEnds
    registry: Daemon
    measuring: Daemon
    note: Path

    @property
    def address(self) -> str:
        """host:port of the registry at the far end."""
        return f"{self.ends.far}:{_PORT}"

    @contextmanager
    def shaped(self, rate_bit_s: int) -> Iterator[None]:
        """Set it up at `rate_bit_s`, and remove it afterwards.

        Raises:
            HostError: it cannot be created.
            EngineUnavailableError: a daemon does not start or reload.
        """
        self.remove()
        try:
            self._make(rate_bit_s)
            self.serve()
            self._accept()
            yield
        finally:
            self.remove()

    def serve(self) -> None:
        """Start the registry at the far end, unless it is running.

        Raises:
            EngineUnavailableError: it does not come up.
        """
        self.registry.start()
        _await(lambda: listens((self.ends.far, _PORT)), self.registry)

    def remove(self) -> int:
        """Remove it, or what a killed run left of it; returns how many there were: 0 or 1."""
        if not self.note.exists():
            return 0
        self.registry.stop()
        run_program("ip", "netns", "delete", NAMESPACE)
        # with its namespace a card goes too, but a little later; a new one has the same name
        run_program("ip", "link", "delete", _HOST_CARD)
        self.note.unlink()
        return 1

    def _make(self, rate_bit_s: int) -> None:
        self.note.touch()
        inside = ("ip", "netns", "exec", NAMESPACE, "ip")
        burst_bytes = max(_LEAST_BURST_BYTES, round(rate_bit_s / 8 * _BURST_S))
        for command in (
            ("ip", "netns", "add", NAMESPACE),
            ("ip", "link", "add", _HOST_CARD, "type", "veth",
             "peer", "name", _FAR_CARD, "netns", NAMESPACE),
            ("ip", "addr", "add", f"{self.ends.near}/30", "dev", _HOST_CARD),
            ("ip", "link", "set", _HOST_CARD, "up"),
            (*inside, "addr", "add", f"{self.ends.far}/30", "dev", _FAR_CARD),
            (*inside, "link", "set", "lo", "up"),
            (*inside, "link", "set", _FAR_CARD, "up"),
            ("ip", "netns", "exec", NAMESPACE, "tc", "qdisc", "add", "dev", _FAR_CARD, "root",
             "tbf", "rate", f"{rate_bit_s}bit", "burst", str(burst_bytes),
             "latency", f"{_QUEUE_MS}ms"),
        ):  # fmt: skip
            done = run_program(*command)
            if done.returncode != 0:
                what = done.stderr.strip() or "failed"
                raise HostError("link", f"cannot be shaped: {' '.join(command)}: {what}",
                                "leave `link` out of the scenario")  # fmt: skip

    def _accept(self) -> None:
        """Make the measuring daemon reload its configuration."""
        pid = self.measuring.pid()
        if pid is None:
            raise EngineUnavailableError(
                "private engine (measuring)", "does not run", "start it with `bench engine up`"
            )
        log = self.measuring.log_file
        seen = log.stat().st_size
        os.kill(pid, signal.SIGHUP)
        _await(lambda: _RELOADED in _since(log, seen), self.measuring)


def insecure_registries(ends: LinkEnds) -> list[str]:
    """Dockerd's configuration for the far end, which serves without TLS."""
    return [ends.network]


def registry_configuration(ends: LinkEnds, store: Path) -> str:
    """The configuration of the read-only registry at the far end, which serves `store`."""
    return (
        "version: 0.1\n"
        "log: {accesslog: {disabled: false}, level: warn}\n"
        "storage:\n"
        f"  filesystem: {{rootdirectory: {store}}}\n"
        "  maintenance: {readonly: {enabled: true}, uploadpurging: {enabled: false}}\n"
        f"http: {{addr: '{ends.far}:{_PORT}'}}\n"
    )


def _since(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read()


def _await(answers: Callable[[], bool], daemon: Daemon) -> None:
    if not daemon.comes_up(answers, _PATIENCE_S):
        raise EngineUnavailableError(
            f"link ({daemon.name})",
            f"did not come up; its log ends with\n    {daemon.log_tail()}",
            f"look at {daemon.log_file}; `bench clean` removes what is left of the link",
        )
