"""The watch: whose packets it takes for the container's, and when it must say that it cannot."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import pytest

from bench.egress.ledger import Ledger
from bench.egress.tap import Frame, Tap
from bench.egress.watch import HOST_MODE, Listening, NoWatch, watch_open, why_not_open
from bench.journal.facts.contacts import WayOut
from tests.egress import frames
from tests.fakes import FACTS, local

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = ipaddress.ip_address(frames.OWN)
LOCAL = dataclasses.replace(local(), bridge="lo")


class FakeTap:
    """Hears what it is told."""

    device = "fake0"

    def __init__(self, *, lost: int = 0, fails: bool = False) -> None:
        self.read, self.write = os.pipe()
        self.frames: deque[Frame] = deque()
        self.is_open = True
        self._lost = lost
        self._fails = fails

    def hear(self, frame: bytes, *, sent_here: bool = False) -> None:
        self.frames.append(Frame(frame, time.time_ns(), sent_here))
        os.write(self.write, b"x")

    def fileno(self) -> int:
        return self.read

    def receive(self) -> Frame | None:
        if self._fails:
            raise OSError(100, "Network is down")
        return self.frames.popleft() if self.frames else None

    def lost(self) -> int:
        return self._lost

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            os.close(self.read)
            os.close(self.write)


@pytest.fixture
def tap() -> Iterator[FakeTap]:
    made = FakeTap()
    yield made
    made.close()


def listening(tap: FakeTap, **more: Any) -> Listening:
    return Listening([cast("Tap", tap)], Ledger((), {}), reach="all", way_out=WayOut.OPEN, **more)


def test_what_passed_before_the_container_was_known_is_sorted_when_it_is(tap):
    watch = listening(tap)
    watch.start()
    tap.hear(frames.tcp(port=80))
    tap.hear(frames.tcp(port=81, source="172.17.0.9", mac=frames.OTHER_MAC))
    watch.found(0, OWN, "")
    tap.hear(frames.tcp(port=82))
    seen = watch.finish(0)
    assert [one.port for one in seen.attempts] == [80, 82]
    assert (seen.observed, seen.reach, seen.dropped) == (True, "all", 0)
    assert not tap.is_open


def test_other_addresses_of_the_container_are_known_by_its_device(tap):
    watch = listening(tap)
    watch.start()
    watch.found(0, OWN, "02:42:ac:11:00:02")
    tap.hear(frames.tcp("2001:db8::9", source="fe80::1"))
    tap.hear(frames.tcp("2001:db8::9", source="fe80::2", mac=frames.OTHER_MAC))
    assert [one.times for one in watch.finish(0).attempts] == [1]


def test_a_container_that_was_gone_before_it_was_known_was_not_observed(tap):
    watch = listening(tap)
    watch.start()
    tap.hear(frames.tcp())
    seen = watch.finish(0)
    assert not seen.observed
    assert seen.attempts == ()
    assert "before its address was known" in seen.reach


def test_where_nobody_sent_anything_it_did_not_either_whoever_it_was(tap):
    watch = listening(tap)
    watch.start()
    tap.hear(frames.tcp(frames.OWN, 8080, source="172.17.0.1"), sent_here=True)
    seen = watch.finish(0)
    assert (seen.observed, seen.attempts) == (True, ())


def test_where_it_is_alone_on_the_device_whatever_comes_in_is_its_own(tap):
    watch = listening(tap, alone=True)
    watch.start()
    tap.hear(frames.tcp(port=80))
    tap.hear(frames.tcp(frames.OWN, 8080, source="172.17.0.1"), sent_here=True)
    seen = watch.finish(0)
    assert [one.port for one in seen.attempts] == [80]
    assert seen.observed


def test_answers_to_it_give_names(tap):
    watch = listening(tap, alone=True)
    watch.start()
    answer = frames.answer("pip.test", frames.SERVER)
    tap.hear(frames.udp(frames.OWN, 9, answer, source_port=53), sent_here=True)
    tap.hear(frames.tcp())
    assert [one.destination for one in watch.finish(0).attempts] == ["pip.test:443"]


def test_the_owner_is_looked_for_before_the_answer_goes_out(tap):
    order = []
    ledger = Ledger((), {}, owner=lambda *_: order.append("owner"))
    watch = Listening(
        [cast("Tap", tap)],
        ledger,
        reach="all",
        way_out=WayOut.REFUSED,
        own=[OWN],
        answer=lambda *_: order.append("answer"),
    )
    watch.start()
    tap.hear(frames.tcp())
    watch.finish(0)
    assert order == ["owner", "answer"]


def test_what_the_kernel_had_no_room_for_is_counted():
    tap = FakeTap(lost=7)
    watch = listening(tap, own=[OWN])
    watch.start()
    assert watch.finish(0).dropped == 7


def test_a_tap_that_fails_leaves_nothing_observed():
    tap = FakeTap(fails=True)
    watch = listening(tap, own=[OWN])
    watch.start()
    tap.hear(frames.tcp())
    seen = watch.finish(0)
    assert not seen.observed
    assert "Network is down" in seen.reach
    assert not tap.is_open


@pytest.mark.parametrize(
    ("facts", "mode", "why"),
    [
        (LOCAL, "host", HOST_MODE),
        (dataclasses.replace(FACTS, bridge="lo"), "bridge", "under another kernel"),
        (dataclasses.replace(LOCAL, security=("name=rootless",)), "bridge", "runs without root"),
        (local(), "bridge", "does not say which bridge"),
        (dataclasses.replace(LOCAL, bridge="gone0"), "bridge", "gone0 is not in this host's"),
        (LOCAL, "bridge", ""),
    ],
)
def test_why_a_container_cannot_be_watched(monkeypatch, facts, mode, why):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = why_not_open(facts, mode)
    assert why in found
    assert bool(found) is bool(why)


def test_without_root_nothing_can_be_watched(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    watch = watch_open(LOCAL, "bridge", Ledger((), {}), alone=True)
    seen = watch.finish(0)
    assert (seen.observed, seen.attempts) == (False, ())
    assert "needs root" in seen.reach


def test_a_container_without_a_network_is_known_to_reach_nobody():
    watch = watch_open(LOCAL, "none", Ledger((), {}), alone=True)
    assert isinstance(watch, NoWatch)
    watch.start()
    watch.found(1, None, "")
    assert watch.finish(0).observed


def test_a_device_that_may_not_be_listened_to_is_no_watch(monkeypatch):
    def refuse(_: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("bench.egress.watch.Tap", refuse)
    seen = watch_open(LOCAL, "bridge", Ledger((), {}), alone=True).finish(0)
    assert not seen.observed
    assert "bridge lo cannot be listened to: Operation not permitted" in seen.reach
