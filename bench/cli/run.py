"""`bench run`: measure, judge, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.options import out_option, progress_option
from bench.cli.progress import make_progress
from bench.cli.quiet import quiet_options, with_bound
from bench.core.errors import UsageError
from bench.core.exit_code import MET, NOT_MET, gravest

if TYPE_CHECKING:
    from bench.scenario.loading.load import LoadedScenario


@click.command(name="run")
@click.argument("scenarios", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--image",
    "images",
    multiple=True,
    help="Measure this image against the checklist, without a file (repeatable: several are "
    "compared with the first).",
)
@click.option(
    "--dockerfile",
    "dockerfiles",
    multiple=True,
    help="The same for the image of this Dockerfile, whose folder is the context (repeatable, also "
    "beside --image).",
)
@click.option(
    "--compose",
    multiple=True,
    help="Measure the services of this Compose file, without a scenario (repeatable: later files "
    "override earlier ones).",
)
@click.option(
    "--service", "services", multiple=True, help="With --compose: only this service (repeatable)."
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    help="With --compose: activate this profile (repeatable).",
)
@click.option("--http", help="With an image: ready when PORT[/PATH] answers with 2xx.")
@click.option("--tcp", type=int, help="With an image: ready when this port accepts connections.")
@click.option("--log", help="With an image: ready when a line of output matches.")
@click.option(
    "--exec", "exec_", help="With an image: ready when this command succeeds in the container."
)
@click.option("--exit", "exit_", is_flag=True, help="With an image: ready when it ends with 0.")
@click.option("--limit-memory", help="With an image: memory limit, such as 8g.")
@click.option("--limit-cpus", help="With an image: limit in cores.")
@click.option("--limit-pids", type=int, help="With an image: limit of processes and threads.")
@click.option("--timeout", help="With an image or --compose: how long to wait, such as 60s.")
@click.option("--case", "cases", multiple=True, help="Only this case (repeatable).")
@click.option(
    "--repeat", type=click.IntRange(1, 10_000), help="Trials of each case and cache state."
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a value, as in defaults.repeat=3 (repeatable).",
)
@click.option("--seed", type=int, help="Seed of the random order within the rounds.")
@out_option
@click.option("--engine", help="private, docker, podman, host, or an address.")
@click.option("--dry-run", is_flag=True, help="Print the plan and run nothing.")
@click.option("--resume", metavar="RUN", help="Finish an interrupted run.")
@click.option(
    "--keep-going",
    is_flag=True,
    help="Continue if a case has no image, and do not skip trials of a case that failed twice in "
    "the same way.",
)
@click.option("--keep", is_flag=True, help="Keep the images on your own engine.")
@quiet_options
@progress_option
@click.option(
    "--format",
    "formats",
    multiple=True,
    help="Also write `github`, `sarif`, `trace` or `parquet`, or print `json` on stdout "
    "(repeatable).",
)
@click.option("--baseline", metavar="RUN", help="Compare with an earlier run of the scenario.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 instead of 1.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    scenarios: tuple[Path, ...],
    cases: tuple[str, ...],
    repeat: int | None,
    overrides: tuple[str, ...],
    seed: int | None,
    out: Path,
    engine: str | None,
    dry_run: bool,
    resume: str | None,
    keep_going: bool,
    keep: bool,
    wait_quiet: float,
    max_other_load: str | None,
    progress: str,
    formats: tuple[str, ...],
    baseline: str | None,
    exit_zero: bool,
    **ad_hoc: Any,
) -> None:
    """Measure the cases of one or more scenarios, judge them, and write the reports."""
    from bench.cli import measuring

    overrides = with_bound(overrides, max_other_load)
    settings = measuring.RunOptions(
        out=out,
        seed=seed,
        engine=engine,
        keep=keep,
        formats=formats,
        baseline=baseline,
        progress=make_progress(progress),
        wait_quiet_s=wait_quiet,
        keep_going=keep_going,
        overrides=overrides,
        exit_zero=exit_zero,
    )
    if resume:
        if scenarios or ad_hoc["images"] or ad_hoc["dockerfiles"] or ad_hoc["compose"]:
            raise UsageError(
                "--resume", "takes the run only; leave out scenarios, images and --compose"
            )
        said = {"cases": cases, "repeat": repeat, "seed": seed, "dry_run": dry_run, **ad_hoc}
        if given := _given(said):
            raise UsageError(_option(given[0]), "cannot be used with --resume", "leave it out")
        codes = [measuring.resume(resume, settings, overrides)]
    else:
        loaded = _load(scenarios, cases, repeat, overrides, ad_hoc)
        if dry_run:
            for scenario in loaded:
                measuring.check(scenario, settings)
            for scenario in loaded:
                for warning in scenario.warnings:
                    settings.progress.say(str(warning))
                measuring.show_plan(scenario, seed)
            return
        codes = []
        for scenario in loaded:
            codes.append(measuring.measure(scenario, settings))
            if codes[-1] >= 128:
                break
    ctx.exit(worst(codes, exit_zero=exit_zero))


def worst(codes: list[int], *, exit_zero: bool) -> int:
    """One exit code of several, the gravest; `exit_zero` masks 1 alone."""
    code = gravest(codes)
    return MET if exit_zero and code == NOT_MET else code


_OF_COMPOSE = ("services", "profiles")
_SEVERAL = (*_OF_COMPOSE, "cases", "images", "dockerfiles")
_WITHOUT_A_FILE = ("images", "dockerfiles", "compose")


def _given(ad_hoc: dict[str, Any]) -> list[str]:
    return [
        name
        for name, value in ad_hoc.items()
        if not (value is None or value is False or value == ())
    ]


def _option(name: str) -> str:
    name = name.removesuffix("s") if name in _SEVERAL else name
    return f"--{name.strip('_').replace('_', '-')}"


def _load(
    scenarios: tuple[Path, ...],
    cases: tuple[str, ...],
    repeat: int | None,
    overrides: tuple[str, ...],
    ad_hoc: dict[str, Any],
) -> list[LoadedScenario]:
    from bench.scenario.loading.load import load_scenarios

    changes = list(overrides)
    named = next((name for name in _WITHOUT_A_FILE if ad_hoc[name]), "")
    if named:
        if scenarios:
            raise UsageError(
                _option(named), "cannot be used with a scenario file", "use one or the other"
            )
        from bench.cli import ad_hoc as options

        made = options.stack_for if named == "compose" else options.scenario_for
        return [narrowed(made(ad_hoc, changes), cases, repeat)]
    if not scenarios:
        raise UsageError(
            "bench run", "no scenario given", "bench run scenarios/quickstart.yaml, or --image NAME"
        )
    if given := _given(ad_hoc):
        whose = "--compose" if given[0] in _OF_COMPOSE else "--image"
        raise UsageError(_option(given[0]), f"works only with {whose}")
    return [
        narrowed(loaded, cases, repeat) for loaded in load_scenarios(scenarios, overrides=changes)
    ]


def narrowed(loaded: LoadedScenario, names: tuple[str, ...], repeat: int | None) -> LoadedScenario:
    """Only the cases asked for, each with the number of trials asked for.

    The name of a case that a matrix expanded stands for all that it became.
    """
    import dataclasses

    from bench.scenario.model import Scenario

    known = loaded.scenario.cases
    meant = {
        name: [case for case in known if case == name]
        or [case for case in known if case.startswith(f"{name}.")]
        for name in names
    }
    unknown = [name for name, found in meant.items() if not found]
    wanted = {case for found in meant.values() for case in found}
    if unknown:
        raise UsageError(
            f"--case {unknown[0]}",
            f"{loaded.path} has no such case",
            f"its cases are {', '.join(loaded.scenario.cases)}",
        )
    tree = dict(loaded.tree)
    tree["cases"] = {
        name: case | ({"repeat": repeat} if repeat is not None else {})
        for name, case in tree["cases"].items()
        if not names or name in wanted
    }
    compare = loaded.scenario.compare
    if compare and not {compare.baseline, *compare.candidates} <= set(tree["cases"]):
        tree.pop("compare", None)
    return dataclasses.replace(loaded, tree=tree, scenario=Scenario.model_validate(tree))
