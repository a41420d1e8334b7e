"""Waiting until a container is ready, on a clock that only goes on when somebody waits."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.observe.output import ExitWatch
from bench.probes.attempt import Attempt, NotReadyError, Probe
from bench.probes.readiness import Readiness
from tests.fakes import ClockedEvent, FakeClock, FakeRuntime

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.journal.facts.ready import ReadyFact

MS = 1_000_000


@dataclass
class AskedProbe:
    """Asks an application that is ready from a moment on; every answer takes a while."""

    clock: FakeClock
    ready_from_ns: float
    takes_s: float = 0.001
    name: str = "asked"
    least_interval_s: float = 0.0
    opens_ns: float | None = None
    asked_ns: list[int] = field(default_factory=list)
    outstanding: int = 0
    aborted: bool = False

    def attempt(self, within_s: float, at_most_s: float) -> Attempt:
        assert self.outstanding == 0
        self.outstanding += 1
        sent_ns = self.clock.now_ns
        self.asked_ns.append(sent_ns)
        ok = sent_ns >= self.ready_from_ns
        self.clock.advance(min(self.takes_s, at_most_s))
        self.outstanding -= 1
        opened = self.opens_ns is not None and sent_ns >= self.opens_ns
        connected_ns = sent_ns + MS // 4 if opened else None
        detail = "" if ok else "status 503"
        return Attempt(ok, sent_ns, self.clock.now_ns, detail, connected_ns=connected_ns)

    def hint(self) -> str:
        return ""

    def abort(self) -> None:
        self.aborted = True


@dataclass
class StampedProbe:
    """Knows when something happened without asking for it."""

    clock: FakeClock
    name: str = "stamped"
    least_interval_s: float = 0.0
    at_ns: int | None = None
    within_ns: int = 3 * MS

    def attempt(self, within_s: float, at_most_s: float) -> Attempt:
        if self.at_ns is None:
            now_ns = self.clock.now_ns
            return Attempt(False, now_ns, now_ns, "not yet")
        return Attempt(True, self.at_ns, self.at_ns, resolution_ns=self.within_ns)

    def hint(self) -> str:
        return ""

    def abort(self) -> None:
        pass


class Bench:
    """A clock, the end of a process, and what waits on them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.began_ns = self.clock.now_ns
        self.exit = ExitWatch(FakeRuntime().workload("c"), self.clock)
        self.wake = ClockedEvent(self.clock)

    def asked(self, after_s: float, **options: object) -> AskedProbe:
        return AskedProbe(self.clock, self.began_ns + round(after_s * 1e9), **options)  # type: ignore[arg-type]

    def readiness(
        self,
        *probes: Probe,
        any_of: bool = False,
        timeout_s: float = 60.0,
        interval_s: float = 0.005,
        attempt_timeout_s: float = 1.0,
        on_long_wait: Callable[[], None] = lambda: None,
    ) -> Readiness:
        readiness = Readiness(
            probes,
            any_of=any_of,
            interval_s=interval_s,
            timeout_s=timeout_s,
            attempt_timeout_s=attempt_timeout_s,
            clock=self.clock,
            exit_watch=self.exit,
            wake=self.wake,
            on_long_wait=on_long_wait,
        )
        self.exit.on_end(readiness.abort)
        return readiness

    def wait(self, *probes: Probe, **options: float | bool) -> ReadyFact:
        return self.readiness(*probes, **options).wait(self.began_ns)  # type: ignore[arg-type]

    def process_ends(self, after_s: float) -> None:
        self.clock.at(after_s, lambda: self.exit.start(0, self.clock.now_ns))

    @property
    def passed_s(self) -> float:
        return (self.clock.now_ns - self.began_ns) / 1e9


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_first_success_decides(bench):
    probe = bench.asked(0.1)
    fact = bench.wait(probe)
    assert fact.at_ns == bench.clock.now_ns
    assert fact.attempts == len(probe.asked_ns)
    assert fact.probe == "asked"
    assert sum(asked >= probe.ready_from_ns for asked in probe.asked_ns) == 1


def test_the_interval_lies_between_the_end_of_an_attempt_and_the_next(bench):
    probe = bench.asked(0.05, takes_s=0.002)
    bench.wait(probe, interval_s=0.008)
    assert [asked - bench.began_ns for asked in probe.asked_ns] == [
        index * 10 * MS for index in range(6)
    ]


def test_a_probe_that_need_not_be_asked_often_is_not(bench):
    probe = bench.asked(0.2, takes_s=0.0, least_interval_s=0.05)
    bench.wait(probe, interval_s=0.005)
    assert len(probe.asked_ns) == 5


def test_the_resolution_is_the_wait_since_the_last_refusal_and_the_round_trip(bench):
    fact = bench.wait(bench.asked(0.05, takes_s=0.002), interval_s=0.008)
    assert fact.resolution_ns == 8 * MS + 2 * MS


def test_a_first_attempt_that_succeeds_is_as_fine_as_the_time_since_asking_could_begin(bench):
    bench.clock.advance(0.25)  # between the start call's return and the first attempt
    fact = bench.wait(bench.asked(0.0, takes_s=0.002))
    assert fact.resolution_ns == 252 * MS
    assert fact.attempts == 1


@settings(max_examples=80)
@given(
    truth_s=st.floats(0, 2),
    interval_s=st.floats(0.001, 0.5),
    takes_s=st.floats(0.0001, 0.3),
)
def test_ready_is_never_before_the_truth_and_the_truth_lies_within_the_resolution(
    truth_s, interval_s, takes_s
):
    bench = Bench()
    probe = bench.asked(truth_s, takes_s=takes_s)
    fact = bench.wait(probe, interval_s=interval_s)
    assert fact.at_ns >= probe.ready_from_ns
    a_refusal_ns = round(takes_s * 1e9)
    assert fact.at_ns - fact.resolution_ns - a_refusal_ns <= probe.ready_from_ns


def test_time_runs_out_at_the_time_out_and_the_last_answer_is_told(bench):
    with pytest.raises(
        NotReadyError, match=r"^not ready within 2 s \(\d+ attempts; last asked: st"
    ):
        bench.wait(bench.asked(3.0), timeout_s=2.0)
    assert bench.passed_s == pytest.approx(2.0, abs=0.01)


def test_an_answer_that_comes_after_the_time_out_comes_too_late(bench):
    probe = bench.asked(0.0, takes_s=2.0)
    original = probe.attempt
    probe.attempt = lambda within_s, at_most_s: original(within_s, at_most_s + 1)
    with pytest.raises(NotReadyError, match="not ready within 1 s"):
        bench.wait(probe, timeout_s=1.0)


def test_an_attempt_is_given_what_is_left_of_the_time(bench):
    probe = bench.asked(9.0, takes_s=5.0)
    with pytest.raises(NotReadyError):
        bench.wait(probe, timeout_s=2.0)
    assert bench.passed_s == pytest.approx(2.0)


def test_the_time_out_counts_from_the_moment_that_was_given(bench):
    bench.clock.advance(1.5)
    with pytest.raises(NotReadyError):
        bench.wait(bench.asked(9.0), timeout_s=2.0)
    assert bench.passed_s == pytest.approx(2.0, abs=0.01)


# The process ends


def test_when_the_process_ends_waiting_ends(bench):
    bench.process_ends(0.3)
    with pytest.raises(NotReadyError, match="it exited before it was ready"):
        bench.wait(bench.asked(9.0, least_interval_s=5.0))
    assert bench.passed_s == pytest.approx(0.3, abs=0.01)


def test_what_was_stamped_before_the_process_ended_still_counts(bench):
    probe = StampedProbe(bench.clock)

    def matches() -> None:
        probe.at_ns = bench.clock.now_ns

    bench.clock.at(0.3, matches)
    bench.process_ends(0.3)
    fact = bench.wait(probe, interval_s=5.0)
    assert fact.at_ns == bench.began_ns + 300 * MS


def test_a_process_that_had_ended_before_the_waiting_began_is_told_at_once(bench):
    bench.exit.start(0, bench.began_ns)
    with pytest.raises(NotReadyError, match="it exited before"):
        bench.wait(bench.asked(9.0))
    assert bench.passed_s < 0.01


def test_an_abort_reaches_every_probe_and_wakes_whoever_waits(bench):
    probes = [bench.asked(9.0), bench.asked(9.0)]
    readiness = bench.readiness(*probes)
    readiness.abort()
    assert [probe.aborted for probe in probes] == [True, True]
    assert bench.wake.is_set()


# The port


def test_a_port_that_opens_before_the_answer_has_a_time_of_its_own(bench):
    probe = bench.asked(0.5, opens_ns=bench.began_ns + 200 * MS)
    readiness = bench.readiness(probe, interval_s=0.008)
    fact = readiness.wait(bench.began_ns)
    port = readiness.port_open
    assert port is not None
    assert 200 * MS <= port.at_ns - bench.began_ns <= 210 * MS
    assert port.at_ns - port.resolution_ns <= bench.began_ns + 200 * MS
    assert port.probe == "asked"
    assert fact.at_ns - port.at_ns >= 290 * MS


def test_a_port_that_opened_is_told_of_a_container_that_never_got_ready_too(bench):
    readiness = bench.readiness(bench.asked(9.0, opens_ns=bench.began_ns), timeout_s=1.0)
    with pytest.raises(NotReadyError):
        readiness.wait(bench.began_ns)
    assert readiness.port_open is not None


def test_without_a_connection_no_port_has_opened(bench):
    readiness = bench.readiness(bench.asked(0.1))
    readiness.wait(bench.began_ns)
    assert readiness.port_open is None


# The engine's own checks


def test_a_health_check_puts_its_interval_under_the_figure(bench):
    probe = bench.asked(2.0)
    attempt = probe.attempt
    probe.attempt = lambda *bounds: dataclasses.replace(
        attempt(*bounds), floor_ns=2000 * MS, resolution_ns=2050 * MS
    )
    fact = bench.wait(probe)
    assert (fact.floor_ns, fact.resolution_ns) == (2000 * MS, 2050 * MS)


def test_what_bench_asks_by_itself_has_no_floor(bench):
    assert bench.wait(bench.asked(0.1)).floor_ns is None


# Several probes


def test_all_of_several_are_ready_when_the_last_of_them_is(bench):
    fact = bench.wait(bench.asked(0.1), bench.asked(0.4, name="late"))
    assert fact.probe == "late"
    assert (fact.at_ns - bench.began_ns) / 1e9 == pytest.approx(0.4, abs=0.02)


def test_a_probe_that_has_succeeded_is_not_asked_again(bench):
    early = bench.asked(0.0)
    bench.wait(early, bench.asked(0.4))
    assert len(early.asked_ns) == 1


def test_all_of_several_fail_where_one_never_comes_and_only_that_one_is_named(bench):
    with pytest.raises(NotReadyError, match=r"last late: status 503\)$"):
        bench.wait(bench.asked(0.1), bench.asked(9.0, name="late"), timeout_s=1.0)


def test_any_of_several_is_ready_when_the_first_of_them_is(bench):
    fact = bench.wait(bench.asked(9.0), bench.asked(0.1, name="early"), any_of=True)
    assert fact.probe == "early"


def test_where_two_of_any_have_succeeded_the_earlier_one_decided(bench):
    stamped = StampedProbe(bench.clock)

    def matches() -> None:
        stamped.at_ns = bench.clock.now_ns

    bench.clock.at(0.001, matches)
    fact = bench.wait(bench.asked(0.0, takes_s=0.5), stamped, any_of=True)
    assert (fact.probe, fact.at_ns) == ("stamped", bench.began_ns + 1 * MS)


# What is stamped when it happens


def test_what_wakes_the_wait_is_looked_at_without_waiting_for_the_interval(bench):
    probe = StampedProbe(bench.clock)

    def matches() -> None:
        probe.at_ns = bench.clock.now_ns
        bench.wake.set()

    bench.clock.at(0.2, matches)
    fact = bench.wait(probe, interval_s=0.5)
    assert fact.at_ns == bench.began_ns + 200 * MS
    assert bench.passed_s == pytest.approx(0.2, abs=0.01)


def test_what_was_stamped_is_as_fine_as_its_stamp_and_not_as_the_interval(bench):
    probe = StampedProbe(bench.clock, at_ns=bench.began_ns + 7, within_ns=120 * MS)
    assert bench.wait(probe).resolution_ns == 120 * MS


def test_where_any_will_do_a_match_ends_an_attempt_that_hangs(bench):
    probes = [bench.asked(9.0), bench.asked(9.0)]
    bench.readiness(*probes, any_of=True).matched()
    assert bench.wake.is_set()
    assert [probe.aborted for probe in probes] == [True, True]


def test_where_all_are_needed_a_match_leaves_the_other_attempts_alone(bench):
    probes = [bench.asked(9.0), bench.asked(9.0)]
    bench.readiness(*probes).matched()
    assert bench.wake.is_set()
    assert [probe.aborted for probe in probes] == [False, False]


def test_real_waiting_is_woken_from_another_thread():
    clock, wake = FakeClock(), threading.Event()
    probe = AskedProbe(clock, clock.now_ns + 10**12, takes_s=0.0)
    watch = ExitWatch(FakeRuntime().workload("c"), clock)
    readiness = Readiness(
        [probe],
        any_of=False,
        interval_s=30.0,
        timeout_s=60.0,
        clock=clock,
        exit_watch=watch,
        wake=wake,
    )
    watch.on_end(readiness.abort)
    ending: Callable[[], None] = lambda: watch.start(0, clock.now_ns)  # noqa: E731 - a timer's
    timer = threading.Timer(0.02, ending)
    timer.start()
    with pytest.raises(NotReadyError, match="exited"):
        readiness.wait(clock.now_ns)
    timer.join()


@pytest.mark.parametrize(("ready_s", "looks"), [(4.9, 0), (5.5, 1), (50.0, 1)])
def test_a_long_wait_is_looked_at_once(ready_s, looks):
    bench = Bench()
    looked: list[float] = []

    def look() -> None:
        looked.append((bench.clock.now_ns - bench.began_ns) / 1e9)

    readiness = bench.readiness(bench.asked(ready_s), on_long_wait=look)
    readiness.wait(bench.began_ns)
    assert len(looked) == looks
    assert all(5.0 <= one < 5.02 for one in looked)


# Attempts that are given up


@dataclass
class HangingProbe:
    """Hangs each client that comes before a moment, and answers every other at once.

    Attributes:
        works: whether it can be seen that a client who hangs is being worked on.
    """

    clock: FakeClock
    hangs_until_ns: float
    works: bool = False
    takes_s: float = float("inf")
    name: str = "hanging"
    least_interval_s: float = 0.0
    within: list[float] = field(default_factory=list)

    def attempt(self, within_s: float, at_most_s: float) -> Attempt:
        self.within.append(within_s)
        sent_ns, bound_s = self.clock.now_ns, min(within_s, at_most_s)
        hangs = sent_ns < self.hangs_until_ns
        if hangs and self.takes_s > bound_s:
            self.clock.advance(bound_s)
            now_ns = self.clock.now_ns
            return Attempt(False, sent_ns, now_ns, "no answer", unanswered=True, working=self.works)
        self.clock.advance(self.takes_s if hangs else 0.001)
        return Attempt(True, sent_ns, self.clock.now_ns)

    def hint(self) -> str:
        return "raise `attempt_timeout`"

    def abort(self) -> None:
        pass


def hanging(bench: Bench, until_s: float, **options: object) -> HangingProbe:
    return HangingProbe(bench.clock, bench.began_ns + until_s * 1e9, **options)  # type: ignore[arg-type]


def test_a_server_that_hangs_its_first_client_is_asked_again_after_a_second(bench):
    probe = hanging(bench, 0.5)
    fact = bench.wait(probe)
    assert fact.attempts == 2
    assert bench.passed_s == pytest.approx(1.006)


def test_the_bound_of_an_attempt_stays_where_nobody_is_seen_to_work_on_it(bench):
    probe = hanging(bench, 10.0)
    bench.wait(probe)
    assert set(probe.within) == {1.0}


def test_the_bound_doubles_as_long_as_a_server_is_seen_to_work_on_the_request(bench):
    """A model that is loaded with the first request, which takes 3 s."""
    probe = hanging(bench, 1000.0, works=True, takes_s=3.0)
    fact = bench.wait(probe)
    assert probe.within == [1.0, 2.0, 4.0]
    assert fact.attempts == 3


def test_a_refusal_puts_the_bound_back(bench):
    probe = hanging(bench, 1000.0, works=True)
    attempts = iter([True, True, False, True])
    original = probe.attempt

    def attempt(within_s: float, at_most_s: float) -> Attempt:
        if next(attempts, True):
            return original(within_s, at_most_s)
        now_ns = bench.clock.now_ns
        return Attempt(False, now_ns, now_ns, "status 503")

    probe.attempt = attempt  # type: ignore[method-assign]
    with pytest.raises(NotReadyError):
        bench.wait(probe, timeout_s=5.0)
    assert probe.within[:3] == [1.0, 2.0, 1.0]


def test_an_attempt_that_was_given_up_says_nothing_of_the_time_after_it_was_sent(bench):
    """What answers only new clients may have been able to while the old one hung."""
    fact = bench.wait(hanging(bench, 0.5))
    assert fact.resolution_ns == pytest.approx(1006 * MS, abs=MS / 100)


def test_the_bound_is_the_scenario_s(bench):
    probe = hanging(bench, 0.5)
    bench.wait(probe, attempt_timeout_s=0.2)
    assert set(probe.within) == {0.2}


def test_what_would_help_stands_behind_the_last_answer(bench):
    with pytest.raises(NotReadyError) as error:
        bench.wait(hanging(bench, 1000.0), timeout_s=2.0)
    assert str(error.value).endswith("last hanging: no answer (raise `attempt_timeout`))")
    assert error.value.hint == "raise `attempt_timeout`"
