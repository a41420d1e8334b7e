"""Contacts with outside destinations, as a trial recorded them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.journal.facts.contacts import Observation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.analysis.model import TrialResult
    from bench.journal.facts.contacts import Contact


def observation(trial: TrialResult) -> Observation | None:
    """The observation of `trial`; None where it recorded none."""
    facts = trial.facts.get("egress")
    return None if facts is None else Observation.from_facts(facts)


def before_ready(observed: Observation, facts: Mapping[str, Any]) -> tuple[Contact, ...]:
    """The contacts that were tried before the trial was ready.

    Args:
        observed: what was seen.
        facts: of the trial; one that never got ready was before it to its end.
    """
    ready, start_ns = facts.get("ready"), facts.get("start_sent_ns")
    if ready is None or start_ns is None:
        return observed.attempts
    ready_s = (ready["at_ns"] - start_ns) / 1e9
    return tuple(contact for contact in observed.attempts if contact.t_s <= ready_s)
