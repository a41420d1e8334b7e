"""One scenario of `bench run`: the engine, the trials, the verdict and the reports."""

from __future__ import annotations

import dataclasses
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.capability import Capability
from bench.core.errors import UsageError
from bench.core.exit_code import gravest
from bench.core.interrupts import interruptible
from bench.core.text import clean
from bench.runner.engine_choice import choose_engine
from bench.runner.history import read_history
from bench.runner.plan import check_trials, make_plan
from bench.runner.quiet import WAIT_QUIET_S
from bench.runner.request import RunRequest, RunResult
from bench.runner.run import resume_run, start_run
from bench.runtimes.managed.alive import is_alive
from bench.runtimes.select import open_session
from bench.scenario.loading.load import LoadedScenario, load_scenario
from bench.standard.checklist import load_checklist

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.results.run import Run
    from bench.runner.request import Afterwards
    from bench.scenario.model import Case
    from bench.trial.progress import Progress


@dataclass(frozen=True)
class RunOptions:
    """The options of the command line that do not change what is measured."""

    out: Path
    engine: str | None
    progress: Progress
    seed: int | None = None
    keep: bool = False
    formats: tuple[str, ...] = ()
    baseline: str | None = None
    wait_quiet_s: float = WAIT_QUIET_S
    keep_going: bool = False
    overrides: tuple[str, ...] = ()
    exit_zero: bool = False

    def resuming(self, folder: Path) -> str:
        """The command line that goes on with the run in `folder`, with the same options."""
        words = ["bench", "run", "--resume", os.path.relpath(folder)]
        named = {"--engine": self.engine, "--baseline": self.baseline}
        words += [word for name, value in named.items() if value for word in (name, value)]
        words += [word for override in self.overrides for word in ("--set", override)]
        words += [word for form in self.formats for word in ("--format", form)]
        words += ["--keep"] if self.keep else []
        if self.wait_quiet_s != WAIT_QUIET_S:
            words += ["--wait-quiet", f"{self.wait_quiet_s:g}s"]
        words += ["--keep-going"] if self.keep_going else []
        words += ["--exit-zero"] if self.exit_zero else []
        return shlex.join(words)


def measure(
    loaded: LoadedScenario, settings: RunOptions, afterwards: Afterwards | None = None
) -> int:
    """Run one scenario from its start, and more `afterwards`; returns its exit code."""
    with interruptible():
        return _measure(loaded, settings, afterwards)


def check(loaded: LoadedScenario, settings: RunOptions) -> str | None:
    """Refuse, before anything is measured, options that cannot be; the folder of the baseline."""
    _check_formats(settings)
    if not settings.baseline:
        return None
    return str(_checked_baseline(settings.baseline, loaded, settings.out))


def _measure(loaded: LoadedScenario, settings: RunOptions, afterwards: Afterwards | None) -> int:
    return _conclude(start(loaded, settings, afterwards), settings)


def start(
    loaded: LoadedScenario, settings: RunOptions, afterwards: Afterwards | None = None
) -> RunResult:
    """Run one scenario from its start, and more `afterwards`, without judging or printing it."""
    earlier = check(loaded, settings)
    for warning in loaded.warnings:
        settings.progress.say(str(warning))
    request = RunRequest(
        loaded,
        settings.out,
        settings.seed,
        settings.keep,
        afterwards,
        wait_quiet_s=settings.wait_quiet_s,
        keep_going=settings.keep_going,
        baseline=earlier,
    )
    holder = f"bench run {loaded.path}"
    choice = choose_engine(loaded.scenario, settings.engine)
    with open_session(choice, holder, _waiting(settings.progress)) as session:
        return start_run(request, session, settings.progress)


def resume(text: str, settings: RunOptions, overrides: Sequence[str] = ()) -> int:
    """Finish a run that was cut off and return its exit code.

    Args:
        text: which run.
        settings: the options that change nothing of what is measured.
        overrides: what `--set` said when it began.
    """
    with interruptible():
        return _resume(text, settings, overrides)


def _resume(text: str, settings: RunOptions, overrides: Sequence[str]) -> int:
    from bench.results.find import find_run
    from bench.scenario.redact import redacted

    _check_formats(settings)
    folder = find_run(text, settings.out)
    if is_alive(folder.name):
        raise UsageError(folder.name, "is being run by another process", "wait for its end")
    history = read_history(folder)
    loaded = _reloaded(history.scenario_file, history.scenario, overrides)
    if redacted(loaded.tree) != history.scenario:
        raise UsageError(
            str(loaded.path),
            "has changed since the run began",
            "put the file back as it was, repeat each --set that it began with, or start a new run",
        )
    if history.is_complete and not (settings.keep_going and history.stopped):
        settings.progress.say("nothing left to do; writing the reports again")
        return _conclude(RunResult(folder), settings)
    request = RunRequest(
        loaded,
        folder.parent,
        settings.seed,
        settings.keep,
        wait_quiet_s=settings.wait_quiet_s,
        keep_going=settings.keep_going,
    )
    holder = f"bench run --resume {folder.name}"
    choice = choose_engine(loaded.scenario, settings.engine)
    with open_session(choice, holder, _waiting(settings.progress)) as session:
        result = resume_run(request, history, session, settings.progress)
    return _conclude(result, settings)


def _reloaded(file: str, tree: dict[str, object], overrides: Sequence[str]) -> LoadedScenario:
    """The scenario of an earlier run, narrowed to the cases that it ran."""
    from bench.scenario.loading.load import scenario_from_tree
    from bench.scenario.model import Scenario

    if file in ("--image", "--compose"):
        if overrides:
            raise UsageError(
                f"--set {overrides[0]}", "cannot be used for a run without a file", "leave it out"
            )
        return scenario_from_tree(tree, file)
    loaded = load_scenario(Path(file), overrides=overrides)
    loaded = loaded.of_ladder() if "ladder" in tree else loaded
    cases = tree["cases"]
    assert isinstance(cases, dict)
    kept = dict(loaded.tree)
    kept["cases"] = {
        name: case | ({"repeat": cases[name]["repeat"]} if "repeat" in cases[name] else {})
        for name, case in kept["cases"].items()
        if name in cases
    }
    if "compare" not in tree:
        kept.pop("compare", None)
    return dataclasses.replace(loaded, tree=kept, scenario=Scenario.model_validate(kept))


def show_plan(loaded: LoadedScenario, seed: int | None) -> None:
    """Print what would be run, in which order; no engine is asked."""
    scenario = loaded.scenario
    checklist = load_checklist(scenario.checklist, loaded.folder) if scenario.checklist else None
    checks = check_trials(scenario, checklist)
    plan = make_plan(scenario.cases, seed or 0, checks=checks, calibrate=scenario.has_images)
    click.echo(f"{scenario.name}: {len(plan)} trials, order for seed {seed or 0}")
    for name, service in scenario.services.items():
        click.echo(clean(f"  service {name}: {_image(service.image, service.build)}"))
    for name, case in scenario.cases.items():
        click.echo(clean(f"  case {name}: {_what(loaded, name, case)}"))
    for number, key in enumerate(plan, 1):
        arm = "" if key.arm == "fit" else f" ({key.arm} arm)"
        warmup = " (warm-up)" if key.warmup else ""
        network = "" if key.network == "open" else " (network cut off)"
        state = f"{key.cache}{arm}{network}{warmup}"
        click.echo(f"  {number:>3}. round {key.round + 1}: {key.case} {state}")


def _what(loaded: LoadedScenario, name: str, case: Case) -> str:
    if case.lacks(Capability.SINGLE):
        services = ", ".join(member.name for member in loaded.stacks[name].members)
        return f"{case.source}: {services}"
    return str(case.source)


def _image(image: str | None, build: object) -> str:
    return f"pull {image}" if image else f"build {getattr(build, 'dockerfile', '')}"


def _waiting(progress: Progress):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a callback
    return lambda holder: progress.say(f"waiting for the private engine, in use by {holder}")


def _check_formats(settings: RunOptions) -> None:
    from bench.report.formats import check_formats

    check_formats(settings.formats)


def _conclude(result: RunResult, settings: RunOptions) -> int:
    """Judge, write the reports, print the verdict, and say the exit code."""
    from bench.report.formats import DEFAULT, write_reports
    from bench.report.text.console import print_results
    from bench.results.run import load_run

    settings.progress.say("writing the reports")
    run = load_run(result.folder)
    if run.lacks_baseline and not settings.baseline:
        settings = dataclasses.replace(settings, baseline=run.header.baseline)
    if settings.baseline and run.outcome == "complete":
        run = _compared(run, settings)
    write_reports(run, [*DEFAULT, *(name for name in settings.formats if name not in DEFAULT)])
    if "json" in settings.formats:
        import json

        from bench.results.export import run_document

        click.echo(json.dumps(run_document(run), indent=2))
        if run.baseline is not None:
            from bench.report.baseline import baseline_words

            click.echo(baseline_words(run), err=True)
    else:
        print_results(run)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            from bench.report.text.github import annotations

            click.echo("\n".join(annotations(run)))
    if run.outcome in _UNFINISHED:
        overrides = () if run.header.scenario_file.startswith("--") else settings.overrides
        command = dataclasses.replace(settings, overrides=overrides).resuming(run.folder)
        click.echo(f"{_UNFINISHED[run.outcome]}:\n  {command}", err=True)
    return gravest((result.interrupted, run.exit_code))


_UNFINISHED = {
    "interrupted": "interrupted; to finish this run",
    "stopped": "a case has no image; fix that, then continue with",
}


def _checked_baseline(text: str, loaded: LoadedScenario, out: Path) -> Path:
    """The folder of a baseline; one that has none of the scenario's cases is refused."""
    from bench.results.find import find_run
    from bench.results.run import load_run

    folder = find_run(text, out).resolve()
    earlier = load_run(folder)
    if not set(earlier.scenario.cases) & set(loaded.scenario.cases):
        raise UsageError(
            f"--baseline {text}",
            f"has no case of {loaded.path}",
            f"its cases are {', '.join(earlier.scenario.cases)}",
        )
    return folder


def _compared(run: Run, settings: RunOptions) -> Run:
    """The run with its comparison with the earlier one, which goes into its journal."""
    from bench.journal.facts.baseline import EVENT, Baseline
    from bench.journal.writer import FILE_NAME, Journal
    from bench.report.text.comparison import compare_runs
    from bench.results.comparable import all_differences, all_notes
    from bench.results.find import find_run
    from bench.results.run import load_run

    assert settings.baseline is not None
    earlier = load_run(find_run(settings.baseline, settings.out))
    pairs = [(case, case) for case in run.scenario.cases if case in earlier.scenario.cases]
    unlike = all_differences(earlier, run, pairs)
    baseline = Baseline(
        run_id=earlier.run_id,
        folder=str(earlier.folder),
        unlike=tuple(unlike),
        notes=tuple(all_notes(earlier, run)),
        comparisons=() if unlike else tuple(compare_runs(earlier, run, pairs)),
    )
    journal = Journal(run.folder / FILE_NAME)
    try:
        journal.append(EVENT, **baseline.fields())
    finally:
        journal.close()
    return dataclasses.replace(run, baseline=baseline)
