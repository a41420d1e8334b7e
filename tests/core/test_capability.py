"""Capabilities: what is lacking has a reason, and everything else is there."""

from __future__ import annotations

from bench.core.capability import PLAIN_PROCESS, Capabilities, Capability


def test_everything_is_there_that_is_not_lacking():
    lacking = Capabilities({Capability.PULL: "nothing is pulled"})
    assert [one for one in Capability if one not in lacking] == [Capability.PULL]
    assert all(one in Capabilities() for one in Capability)


def test_the_reason_is_that_of_the_first_that_is_lacking():
    lacking = Capabilities({Capability.PULL: "no pull", Capability.IMAGE: "no image"})
    assert lacking.why_not(Capability.LOCAL, Capability.IMAGE, Capability.PULL) == "no image"
    assert lacking.why_not(Capability.LOCAL) == ""
    assert lacking.why_not() == ""


def test_a_plain_process_says_why_of_all_that_it_lacks():
    assert Capability.LOCAL in PLAIN_PROCESS
    assert all(reason.startswith("a plain process") for reason in PLAIN_PROCESS.lacking.values())
