"""Measuring from Python: what `bench run` does, without the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.report.formats import write_reports
from bench.results.run import load_run
from bench.runner.engine_choice import choose_engine
from bench.runner.request import RunRequest
from bench.runner.run import start_run
from bench.runtimes.select import open_session
from bench.scenario.loading.load import LoadedScenario, load_scenario
from bench.trial.progress import Progress, Silent

if TYPE_CHECKING:
    from bench.results.run import Run


def run(
    scenario: LoadedScenario | Path | str,
    *,
    out: Path | str = "reports",
    engine: str | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Measure a scenario, write its reports, and return the run.

    Args:
        scenario: a loaded one, or the path of its file.
        out: folder in which the run's folder is made.
        engine: as `--engine`: private, docker, podman, host, or an address.
        seed: of the order within the rounds; drawn where None.
        progress: told what happens; nobody where None.

    Returns:
        The run; an interrupted one says so in `outcome`.

    Raises:
        ScenarioError: the file cannot be used.
        EngineUnavailableError: there is no engine.
    """
    loaded = scenario if isinstance(scenario, LoadedScenario) else load_scenario(Path(scenario))
    watcher = progress or Silent()
    choice = choose_engine(loaded.scenario, engine)
    with open_session(choice, f"bench.run {loaded.path}", watcher.say) as session:
        result = start_run(RunRequest(loaded, Path(out), seed), session, watcher)
    finished = load_run(result.folder)
    write_reports(finished)
    return finished
