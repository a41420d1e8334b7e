"""Contacts with outside destinations, as a trial recorded them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.journal.facts.contacts import Contact
    from bench.journal.facts.trial import TrialFacts


def before_ready(facts: TrialFacts) -> tuple[Contact, ...]:
    """The contacts that a trial tried before it was ready; of one that never was, all of them."""
    if facts.egress is None:
        return ()
    attempts, ready, start_ns = facts.egress.attempts, facts.ready, facts.start_sent_ns
    if ready is None or start_ns is None:
        return attempts
    ready_s = (ready.at_ns - start_ns) / 1e9
    return tuple(contact for contact in attempts if contact.t_s <= ready_s)
