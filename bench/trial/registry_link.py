"""The link from the registry to the measuring engine: unchanged, or shaped as a scenario asks."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.core.capability import Capability
from bench.core.errors import EngineUnavailableError
from bench.core.units import format_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.managed.access_log import AccessLog
    from bench.runtimes.select import Session

UNSHAPED = "loopback, not shaped"
NOTHING_PULLED = "none: nothing is pulled"


@dataclass(frozen=True)
class RegistryRoute:
    """The network path that the pulls of a run take.

    Attributes:
        session: the engines and the registry.
        rate_bit_s: rate it is shaped to; None if unshaped.
    """

    session: Session
    rate_bit_s: int | None

    def check(self) -> None:
        """Refuse, before anything is measured, a link that cannot be set up.

        Raises:
            EngineUnavailableError: the engine is not bench's own.
        """
        if self.rate_bit_s is not None and not self.session.is_exclusive:
            raise EngineUnavailableError(
                "link",
                "only the way to the private engine can be shaped",
                "use --engine private, or leave `link` out of the scenario",
            )

    def header(self) -> dict[str, Any]:
        """The link setting written to the journal."""
        if self.rate_bit_s is not None:
            return {"rate_bit_s": self.rate_bit_s, "text": format_rate(self.rate_bit_s)}
        if Capability.PULL not in self.session.measuring.capabilities:
            return {"rate_bit_s": None, "text": NOTHING_PULLED}
        return {"rate_bit_s": None, "text": UNSHAPED if self.session.is_exclusive else "not shaped"}

    @contextmanager
    def laid(self) -> Iterator[None]:
        """Set the link up for the duration of the trials."""
        if self.rate_bit_s is None:
            yield
            return
        with self.session.private.link().shaped(self.rate_bit_s):
            yield

    def stands(self) -> bool:
        """Whether the registry at its far end is running."""
        return ("registry" if self.rate_bit_s is None else "link") in self.pids()

    def mend(self) -> None:
        """Restart the registry at the far end of a link if it has died."""
        if self.rate_bit_s is not None:
            self.session.private.link().serve()

    def reference(self, reference: str) -> str:
        """The reference that trials pull to fetch the image `reference` over this link."""
        if self.rate_bit_s is None:
            return reference
        own = f"{self.session.registry.address}/"
        if not reference.startswith(own):
            return reference
        return f"{self.session.private.link().address}/{reference.removeprefix(own)}"

    def access_log(self) -> AccessLog:
        """The access log of the registry at the far end."""
        return self.session.private.access_log(link=self.rate_bit_s is not None)

    def pids(self) -> dict[str, int]:
        """Pids by name of bench's own daemons that take part in this run.

        That of the link is included while it is set up. On a user's own engine only the registry is
        included, even if other daemons are running idle.
        """
        found = dict(self.session.private.own_pids())
        if not self.session.is_exclusive:
            found = {name: pid for name, pid in found.items() if name == "registry"}
        pid = None if self.rate_bit_s is None else self.session.private.link().registry.pid()
        return found if pid is None else {**found, "link": pid}
