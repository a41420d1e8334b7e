"""Contacts as a record has them: read back in full, and counted up to ready."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from bench.analysis.contacts import before_ready
from bench.analysis.trial_metrics import derive
from bench.core.domain import TrialKey, TrialStatus
from bench.journal.facts.contacts import Contact, Observation, WayOut
from bench.journal.facts.course import TrialEnd, TrialStart
from bench.journal.facts.form import read_facts
from bench.journal.facts.ready import ReadyFact
from bench.journal.trial_events import TrialEvents
from tests.facts import facts_of

TRIED = Contact(
    t_s=0.5,
    kind="tcp",
    name="",
    address="198.51.100.9",
    port=443,
    process="pip",
    question="",
    allowed=False,
    times=3,
)


def contact(**changes: Any) -> Contact:
    return dataclasses.replace(TRIED, **changes)


def recorded(*attempts: Contact, **changes: Any) -> dict[str, Any]:
    """What a journal has of these attempts."""
    seen = Observation(True, "all", WayOut.OPEN, attempts)
    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(seen)))
    return found | changes


def outside(facts: dict[str, Any]) -> float | None:
    """The metric of a trial that was started at 10 s and ready at 12 s."""
    started = TrialStart("t0001", TrialKey("a", 0, "warm"), 0)
    stamps = {
        "zero_ns": 10_000_000_000,
        "start_sent_ns": 10_000_000_000,
        "ready": {"at_ns": 12_000_000_000, "resolution_ns": 1},
    }
    ended = TrialEnd("t0001", TrialStatus.OK, "", facts_of(**stamps | facts), ())
    return derive(TrialEvents(started, ended=ended), {}).metrics.get("egress_attempts")


def test_what_is_written_comes_back_the_same():
    seen = Observation(False, "no root", WayOut.SILENT, (TRIED, contact(port=None)), 3)
    written = json.loads(json.dumps(dataclasses.asdict(seen)))
    assert read_facts(Observation, written) == seen


def test_a_journal_refuses_contacts_of_another_form():
    facts_of(egress=recorded(TRIED))
    for wrong in ({"observed": 1.5}, {"way_out": "ajar"}, {"attempts": [{"t_s": 1}]}):
        with pytest.raises(ValueError, match="egress"):
            facts_of(egress=recorded() | wrong)


@pytest.mark.parametrize(
    ("one", "destination"),
    [
        (TRIED, "198.51.100.9:443"),
        (contact(name="pip.test"), "pip.test:443"),
        (contact(address="2001:db8::9"), "[2001:db8::9]:443"),
        (contact(kind="icmp", port=None), "198.51.100.9"),
        (contact(kind="dns", name="pip.test", port=53), "pip.test"),
    ],
)
def test_a_destination_is_a_name_where_there_is_one(one, destination):
    assert one.destination == destination


def test_before_ready_is_up_to_and_with_the_moment_of_ready():
    seen = Observation(True, "all", WayOut.OPEN, (contact(t_s=2.0), contact(t_s=2.1)))
    unready = facts_of(start_sent_ns=10_000_000_000, egress=seen)
    facts = dataclasses.replace(unready, ready=ReadyFact(12_000_000_000, 1))
    assert [one.t_s for one in before_ready(facts)] == [2.0]
    assert len(before_ready(unready)) == 2


def test_outside_contacts_are_distinct_destinations_before_ready_less_the_declared():
    tried = (
        TRIED,
        contact(t_s=0.6),
        contact(kind="udp"),
        contact(port=80, allowed=True),
        contact(port=81, t_s=2.5),
    )
    assert outside({"egress": recorded(*tried)}) == 2.0
    assert outside({"egress": recorded()}) == 0.0


@pytest.mark.parametrize(
    "facts",
    [{}, {"egress": recorded(observed=False)}, {"egress": recorded(TRIED, dropped=1)}],
    ids=["no record", "not observed", "packets missed"],
)
def test_what_was_not_seen_in_full_is_not_counted(facts):
    assert outside(facts) is None
