"""How much of the host's core time others may take, and from where on it is worth a word."""

from __future__ import annotations

from dataclasses import dataclass

DISTURBED_SHARE = 0.20
"""Share of the core time that others take from which on a host is called busy."""

OTHER_LOAD = 0.50
"""Share that programs which have nothing to do with a trial may take in it, unless it is set."""

STEAL = 0.30
"""Share that other tenants of the machine may take in a trial, unless it is set."""


@dataclass(frozen=True)
class HostBounds:
    """Shares of the core time above which a trial is invalid; 1 is never exceeded.

    Attributes:
        other_share: for other programs of this host.
        steal_share: for other tenants of the machine.
    """

    other_share: float = OTHER_LOAD
    steal_share: float = STEAL

    def exceeded(self, other_share: float | None, steal_share: float | None) -> str:
        """Why a trial in which others took that much is invalid; empty where it is valid.

        Args:
            other_share: of other programs; None where that is not known.
            steal_share: of other tenants, likewise.
        """
        if (steal_share or 0.0) > self.steal_share:
            return f"{steal_share:.0%} of the core time went to other tenants"
        if (other_share or 0.0) > self.other_share:
            return f"{other_share:.0%} of the core time went to other programs of this host"
        return ""
