"""A real engine with one small server image, and the timing of interleaved variants on it."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cgroup.mounts import find_mounts
from bench.core.clock import SystemClock
from bench.core.domain import TrialKey, TrialStatus
from bench.journal.writer import Journal
from bench.judge.statistics.ratio import ratio_interval
from bench.runner.images import ImageMaker
from bench.runtimes.select import Session, choose, open_session
from bench.scenario.model import Case
from bench.trial.cache_state import CacheKeeper
from bench.trial.context import PreparedCase, TrialContext
from bench.trial.progress import Silent
from bench.trial.trial import Trial
from benchmarks.bare import COMMAND, PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_IMAGE = "python:3.11-slim-bookworm"
_UNSAMPLED = "3600s"
_STARTING = """
import threading, time
for _ in range(15):
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
time.sleep({seconds})
print("up", flush=True)
time.sleep(3600)
"""


@dataclass(frozen=True)
class Ratio:
    """A ratio of medians with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.value:.2f} ({self.low:.2f}-{self.high:.2f})"


def ratio_of_medians(ours: list[float], theirs: list[float]) -> Ratio:
    """How many times as long ours takes."""
    interval = ratio_interval(theirs, ours)
    assert interval is not None
    return Ratio(statistics.median(ours) / statistics.median(theirs), interval.low, interval.high)


def interleave(variants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each variant, all of them in a random order in every round."""
    order, names = random.Random(1), list(variants)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        variants[name]()  # a first time that does not count
    for _ in range(rounds):
        order.shuffle(names)
        for name in names:
            seconds[name].append(variants[name]())
    return seconds


class Lab:
    """Trials of the one image, and pieces of them."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session = session
        self._journal = Journal(folder / "events.jsonl")
        self.socket = session.measuring.info.address.removeprefix("unix://")
        maker = ImageMaker(session, "benchmark", "benchmark", lambda _: None)
        image = maker.make("server", self._case("20ms"), folder)
        self.reference = image.reference
        self._manifest = image.manifest
        self._layers = image.facts.layers
        self._laboratory = TrialContext(
            run_id="benchmark",
            runtime=session.measuring,
            keeper=CacheKeeper(session.measuring),
            journal=self._journal,
            clock=SystemClock(),
            progress=Silent(),
            mounts=find_mounts(),
            daemons=session.private.own_pids(),
            log_folder=folder,
        )
        self._number = 0

    def _starting(self, interval: str, seconds: int) -> Case:
        """A case of sixteen threads that is ready after so long."""
        return Case.model_validate(
            {
                "image": _IMAGE,
                "command": ["python3", "-c", _STARTING.format(seconds=seconds)],
                "cache": "warm",
                "observe": "0s",
                "stop_grace_period": "1s",
                "sample": {"interval": interval},
                "ready": {"log": "up", "timeout": "60s"},
            }
        )

    def _case(self, interval: str, observe: str = "0s") -> Case:
        return Case.model_validate(
            {
                "image": _IMAGE,
                "command": COMMAND,
                "cache": "warm",
                "observe": observe,
                "stop_grace_period": "2s",
                "sample": {"interval": interval},
                "ready": {"http": {"port": PORT, "path": "/"}, "timeout": "30s"},
            }
        )

    def _run(self, case: Case) -> Trial:
        subject = PreparedCase(
            "server",
            case,
            self.reference,
            self._manifest,
            self._layers,
            Path(),
        )
        self._number += 1
        trial = Trial(self._laboratory, subject, TrialKey("server", 0, "warm"), self._number, 0)
        status = trial.run()
        if status is not TrialStatus.OK:
            raise RuntimeError(f"the trial ended {status}")
        return trial

    def trial(self) -> float:
        """Seconds of a whole warm trial, everything around it included."""
        begun = time.perf_counter()
        self._run(self._case("20ms"))
        return time.perf_counter() - begun

    def _start(self, interval: str) -> float:
        ready_s = self._run(self._case(interval)).seconds_to_ready
        assert ready_s is not None
        return ready_s

    def sampled_start(self) -> float:
        """Seconds from create to ready with sampling every 20 ms."""
        return self._start("20ms")

    def unsampled_start(self) -> float:
        """The same with one sample at the beginning and one at the end."""
        return self._start(_UNSAMPLED)

    def sampler_share(self, seconds: int, *, starting: bool) -> float:
        """Share of one core that this process uses beyond an unsampled trial of that length.

        `starting` measures it while the container is not ready, when its threads are read too.
        """
        used = []
        for interval in ("20ms", _UNSAMPLED):
            case = self._case(interval, observe=f"{seconds}s")
            begun = time.process_time()
            self._run(self._starting(interval, seconds) if starting else case)
            used.append(time.process_time() - begun)
        return max(0.0, used[0] - used[1]) / seconds


@contextmanager
def open_lab() -> Iterator[Lab]:
    """The private engine, held for as long as it takes."""
    with (
        open_session(choose("private"), "benchmarks", print) as session,
        tempfile.TemporaryDirectory(prefix="container-bench-") as folder,
    ):
        yield Lab(session, Path(folder))
