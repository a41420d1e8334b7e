"""The self-test: an ordinary run of the known containers, compared with the truth."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.analysis.own_load import is_disturbed
from bench.core.domain import TrialStatus
from bench.core.errors import EngineError
from bench.judge.statistics.noise import HostNoise, host_noise
from bench.judge.statistics.stats import median
from bench.results.host_noise import load_noise, save_noise
from bench.results.run import load_run
from bench.runner.engine_choice import choose_engine
from bench.runner.request import RunRequest
from bench.runner.run import start_run
from bench.runtimes.select import open_session
from bench.scenario.host_bounds import HostBounds
from bench.selftest.beside import StatsBeside
from bench.selftest.evidence import gather
from bench.selftest.known import KNOWN, SAME, STATS_CASE, scenario
from bench.selftest.outcomes import outcomes
from bench.selftest.resources import resources
from bench.selftest.score import Met
from bench.selftest.times import times

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.results.run import Run
    from bench.selftest.evidence import SelfTestEvidence
    from bench.selftest.score import ScoreSection
    from bench.trial.progress import Progress


@dataclass(frozen=True)
class Floor:
    """The cost of a do-nothing container, and the part of a start that no stamp can show.

    Attributes:
        cpu_s: of a container that does nothing, the median; None where it was not measured.
        memory_peak_bytes: likewise.
        exec_to_main_s: from the call of exec to the first instruction that can stamp anything.
    """

    cpu_s: float | None
    memory_peak_bytes: float | None
    exec_to_main_s: float | None


@dataclass(frozen=True)
class SelfTest:
    """The results of a self-test.

    Attributes:
        run: the run that it was.
        quick: whether it made fewer trials.
        sections: the table.
        floor: what lies below it.
        noise: the A/A noise of this host.
        noise_file: where that is kept from now on; None where it is not kept.
        interrupted: the signal's exit code, 0 where it went to its end.
        disturbed: in how many trials others kept the host busy.
    """

    run: Run
    quick: bool
    sections: tuple[ScoreSection, ...]
    floor: Floor
    noise: HostNoise
    noise_file: Path | None
    interrupted: int = 0
    disturbed: int = 0

    @property
    def standings(self) -> list[Met]:
        """How each row stands."""
        return [row.met for section in self.sections for row in section.rows]

    @property
    def exit_code(self) -> int:
        """0 where every target is met, 1 where one is missed, 3 where one could not be judged."""
        if self.interrupted:
            return self.interrupted
        if Met.UNKNOWN in self.standings:
            return 3
        return 1 if Met.MISSED in self.standings else 0


def selftest(
    *, quick: bool, out: Path, engine: str | None, seed: int | None, progress: Progress
) -> SelfTest:
    """Run every known container and compare what bench says with what was so.

    Args:
        quick: fewer trials.
        out: folder for the run's folder.
        engine: as `--engine`.
        seed: of the order within the rounds; drawn where None.
        progress: told what happens.

    Raises:
        EngineUnavailableError: there is no engine.
        EngineError: it runs elsewhere, where neither clock nor files are shared.
    """
    with tempfile.TemporaryDirectory(prefix="container-bench-") as name:
        stamps = Path(name)
        for case in KNOWN:
            folder = stamps / case
            folder.mkdir()
            folder.chmod(0o777)  # root in a container need not be root here
        loaded = scenario(stamps, quick=quick)
        choice = choose_engine(loaded.scenario, engine)
        with open_session(choice, "bench selftest", _waiting(progress)) as session:
            facts = session.measuring.info
            if not facts.is_local:
                raise EngineError(
                    facts.address,
                    "runs under another kernel: its containers stamp with another clock",
                    "run the self-test on the machine of the engine",
                )
            beside = StatsBeside(progress, session.measuring, STATS_CASE)
            request = RunRequest(loaded, out, seed, quiet=HostBounds(), keep_going=True)
            result = start_run(request, session, beside)
        run = load_run(result.folder)
        evidence = gather(run, stamps, beside.peaks)
    noise = _noise(run)
    sections = (*times(evidence), *resources(evidence), outcomes(evidence))
    disturbed = [trial.trial_id for trial in evidence.trials if is_disturbed(trial)]
    return SelfTest(
        run=run,
        quick=quick,
        sections=tuple(section.disturbed_in(disturbed) for section in sections),
        disturbed=len(disturbed),
        floor=_floor(evidence),
        noise=noise,
        noise_file=_kept(noise, run, quick=quick),
        interrupted=result.interrupted,
    )


def _waiting(progress: Progress) -> Callable[[str], None]:
    return lambda holder: progress.say(f"waiting for the private engine, in use by {holder}")


def _kept(noise: HostNoise, run: Run, *, quick: bool) -> Path | None:
    """Keep the noise; that of a quick run does not replace what is known from more trials.

    What others made of it is none of this host's.
    """
    host = run.header.host
    if not noise.floors or (quick and load_noise(host) is not None):
        return None
    if any(trial.key.case in SAME and is_disturbed(trial) for trial in run.results):
        return None
    return save_noise(noise, host)


def _noise(run: Run) -> HostNoise:
    """From all trials of the two cases that are the same, in the order of time."""
    same = [
        trial.metrics
        for trial in run.results
        if trial.key.case in SAME and trial.status is TrialStatus.OK
    ]
    return host_noise(same, run.header.at)


def _floor(evidence: SelfTestEvidence) -> Floor:
    gaps = [
        main_ns - exec_ns
        for observed in evidence.everything()
        if (exec_ns := observed.stamps.at_ns("exec")) is not None
        and (main_ns := observed.stamps.at_ns("main")) is not None
    ]
    return Floor(
        cpu_s=evidence.floor("cpu_s"),
        memory_peak_bytes=evidence.floor("memory_peak_bytes"),
        exec_to_main_s=median(gaps) / 1e9 if gaps else None,
    )
