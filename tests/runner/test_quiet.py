"""Waiting for a quiet host before a trial: how long, for whom, and what is written of it."""

from __future__ import annotations

import dataclasses
import signal
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialKey, TrialStatus
from bench.host.present import Present
from bench.journal.facts.host import Busy
from bench.results.run import load_run
from bench.runner.history import read_history
from bench.runner.quiet import QuietHost
from bench.runner.request import RunRequest
from bench.runner.run import resume_run
from bench.scenario.host_bounds import HostBounds
from tests.fakes import FACTS, FakeClock, FakeRuntime, local
from tests.trial.lab import UP
from tests.trial.runs import SCENARIO, events, loaded, trials

if TYPE_CHECKING:
    from tests.trial.lab import Bench

QUIET = Present(0.02, 0.0)
LOOP = Busy("sh", 4711, 1.0)
BUSY = Present(0.51, 0.0, (LOOP,))


class Host:
    """A host that is busy for so many seconds from now on."""

    def __init__(self, bench: Bench, busy_s: float, **options: Any) -> None:
        self.clock = FakeClock()
        self.busy_s = busy_s
        self.busy = BUSY
        self.looks: list[float] = []
        bench.journal.append("note", text="the journal begins")
        self.watcher, self.events = bench.watcher, bench.events
        self.lab = dataclasses.replace(bench.laboratory(), clock=self.clock)
        self.quiet = QuietHost(
            **{"patience_s": 60.0, "bounds": HostBounds(), "look": self.look, **options}
        )

    def look(self, _: object, seconds: float, *, names: int, own: object) -> Present:
        assert list(own) == []  # type: ignore[call-overload]
        is_busy = (self.clock.now_ns - 5_000_000_000) / 1e9 < self.busy_s
        self.clock.advance(seconds)
        self.looks.append(seconds)
        now = self.busy if is_busy else QUIET
        return now if names else dataclasses.replace(now, busy=())

    def wait(self) -> None:
        self.quiet.wait(self.lab)

    @property
    def waits(self) -> list[dict[str, Any]]:
        return self.events("host_wait")


@pytest.fixture
def host(bench):
    return lambda busy_s, **options: Host(bench, busy_s, **options)


def test_a_quiet_host_is_glanced_at_and_nothing_is_said(host):
    quiet = host(0)
    quiet.wait()
    assert quiet.looks == [0.25]
    assert (quiet.watcher.said(), quiet.waits) == ([], [])


def test_a_moment_of_work_is_let_pass_without_a_word(host):
    moment = host(0.2)
    moment.wait()
    assert (moment.watcher.said(), moment.waits) == ([], [])


def test_a_busy_host_is_waited_for_and_the_busy_program_named(host):
    busy = host(10)
    busy.wait()
    assert busy.watcher.said() == [
        (
            "waiting up to 60.0 s for a quiet host: other programs take 51% of the core time: "
            "sh (pid 4711, 1.0 cores)"
        ),
        "waited 11.0 s for a quiet host",
    ]
    (event,) = busy.waits
    assert event["waited_s"] == pytest.approx(11)
    assert (event["in_vain"], event["other_share"], event["steal_share"]) == (False, 0.51, 0.0)
    assert event["busy"] == [{"name": "sh", "pid": 4711, "cores": 1.0}]


def test_after_the_time_is_up_it_goes_on_and_says_so(host):
    busy = host(1000)
    busy.wait()
    (event,) = busy.waits
    assert event["in_vain"]
    assert event["waited_s"] == pytest.approx(60)
    last = busy.watcher.said()[-1]
    assert last.startswith("the host is still busy after 60.0 s: other programs take 51%")
    assert last.endswith("invalid where they take more than 50% (--max-other-load)")


def test_a_host_that_never_gets_quiet_is_waited_for_once(host):
    busy = host(10_000)
    for _ in range(60):
        busy.wait()
    assert len(busy.waits) == 1
    assert busy.clock.now_ns / 1e9 < 5 + 60 + 60


def test_a_host_that_was_quiet_again_is_waited_for_anew(host):
    busy = host(60.1)
    busy.wait()
    busy.wait()
    busy.busy_s = 1000
    busy.wait()
    assert [one["in_vain"] for one in busy.waits] == [True, True]


@pytest.mark.parametrize(
    "options",
    [
        {"patience_s": 0.0},
        {"bounds": HostBounds(other_share=1.0)},
    ],
    ids=["--wait-quiet 0", "max_other_load: any"],
)
def test_whoever_does_not_want_to_wait_does_not(host, options):
    busy = host(1000, **options)
    busy.wait()
    assert (busy.watcher.said(), busy.waits) == ([], [])


def test_other_tenants_are_waited_for_like_other_programs(host):
    stolen = host(3)
    stolen.busy = Present(0.01, 0.4)
    stolen.wait()
    assert "other tenants of the machine take 40%" in stolen.watcher.said()[0]
    assert stolen.waits[0]["steal_share"] == 0.4


def test_what_has_no_bound_is_not_waited_for(host):
    stolen = host(3, bounds=HostBounds(steal_share=1.0))
    stolen.busy = Present(0.01, 0.4)
    stolen.wait()
    assert stolen.waits == []


def test_a_bound_below_what_is_called_busy_is_what_is_waited_for(host):
    strict = host(3, bounds=HostBounds(other_share=0.05))
    strict.busy = Present(0.1, 0.0)
    strict.wait()
    assert len(strict.waits) == 1


def test_the_load_of_this_host_says_nothing_of_an_engine_elsewhere(host):
    busy = host(1000)
    busy.lab = dataclasses.replace(busy.lab, runtime=FakeRuntime(facts=FACTS))
    busy.wait()
    assert busy.looks == []


# In a run


def see(monkeypatch: pytest.MonkeyPatch, *seen: Present) -> list[Present]:
    """Let each look see what comes next, and a quiet host in the end."""
    left = list(seen)
    monkeypatch.setattr(
        "bench.runner.execution.QuietHost",
        lambda patience_s, bounds: QuietHost(
            patience_s, bounds, look=lambda *_, **__: left.pop(0) if left else QUIET
        ),
    )
    return left


@pytest.fixture
def local_runs(runs, monkeypatch):
    """Runs on an engine of this host; with that of the others, its load says nothing."""
    runs.measuring = FakeRuntime(UP, facts=local())
    runs.__post_init__()
    yield runs
    runs.measuring.end_all()


def kinds(folder: Any) -> list[str]:
    wanted = ("host_wait", "trial_started", "trial_ended")
    return [one["event"] for one in events(folder, *wanted)]


def test_a_wait_lies_before_its_trial_and_in_no_figure(local_runs, monkeypatch):
    see(monkeypatch, BUSY, BUSY)
    folder = local_runs.start().folder
    assert kinds(folder)[:3] == ["host_wait", "trial_started", "trial_ended"]
    assert kinds(folder).count("host_wait") == 1
    (wait,) = load_run(folder).waits
    assert wait.busy == (LOOP,)


def test_an_invalid_trial_is_repeated_when_the_host_is_quiet(local_runs, monkeypatch):
    outcomes = iter([(TrialStatus.INVALID, "busy")])
    monkeypatch.setattr(
        "bench.trial.procedure.judge_host", lambda *_: next(outcomes, (TrialStatus.OK, ""))
    )
    see(monkeypatch, QUIET, BUSY, BUSY)
    folder = local_runs.start().folder
    ended = [one["event"] for one in events(folder, "host_wait", "trial_ended")]
    assert ended[:3] == ["trial_ended", "host_wait", "trial_ended"]
    assert trials(folder)[0] == ("t0000", "invalid")


def test_a_resumed_run_waits_too(local_runs, monkeypatch):
    local_runs.measuring.trouble("start", lambda: signal.raise_signal(signal.SIGINT), at=3)
    folder = local_runs.start().folder
    see(monkeypatch, BUSY, BUSY)
    request = RunRequest(loaded(), local_runs.out)
    resume_run(
        request, read_history(folder), local_runs.session, local_runs.watcher, local_runs.clock
    )
    assert kinds(folder).count("host_wait") == 1


def test_what_is_measured_after_the_plan_is_waited_for_too(local_runs, monkeypatch):
    """As `bench right-size` does."""
    left = see(monkeypatch)

    def more(_: object, subjects: Any, measure: Any) -> None:
        left.extend([BUSY, BUSY])
        measure(subjects["bad"], TrialKey("bad", 9, "warm"))

    folder = local_runs.start(afterwards=more).folder
    assert kinds(folder)[-3:] == ["host_wait", "trial_started", "trial_ended"]


def test_the_bounds_are_those_of_the_scenario(local_runs, monkeypatch):
    found = []

    def judge(_: object, bounds: HostBounds) -> tuple[TrialStatus, str]:
        found.append(bounds)
        return TrialStatus.OK, ""

    monkeypatch.setattr("bench.trial.procedure.judge_host", judge)
    local_runs.start(SCENARIO.replace("name:", "max_other_load: 80%\nmax_steal: any\nname:"))
    assert set(found) == {HostBounds(0.8, 1.0)}
