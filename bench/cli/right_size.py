"""`bench right-size`: the smallest limits under which a case still meets its thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.options import out_option, progress_option
from bench.cli.progress import make_progress
from bench.cli.quiet import quiet_options, with_bound
from bench.core.capability import Capability
from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.scenario.loading.load import LoadedScenario


@click.command(name="right-size")
@click.argument("scenario", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this case (repeatable).")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change a value.")
@out_option
@click.option("--engine", help="private, docker, podman, or an address.")
@quiet_options
@progress_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    scenario: Path,
    cases: tuple[str, ...],
    overrides: tuple[str, ...],
    out: Path,
    engine: str | None,
    wait_quiet: float,
    max_other_load: str | None,
    progress: str,
) -> None:
    """Find the smallest memory and CPU limits at which the cases of SCENARIO still pass.

    Each case is run once from cold and twice without limits; then limits are found by bisection,
    each tried in three trials. Exit code 0: a size was found for every case; 1: a case does not
    meet its thresholds under its own limits; 3: something could not be measured.
    """
    from bench.cli import measuring
    from bench.cli.run import narrowed
    from bench.scenario.loading.load import load_scenarios
    from bench.sizing.right_sizer import RightSizer

    shown = make_progress(progress)
    (loaded,) = load_scenarios([scenario], overrides=list(with_bound(overrides, max_other_load)))
    settings = measuring.RunOptions(
        out=out,
        engine=engine,
        progress=shown,
        wait_quiet_s=wait_quiet,
    )
    for name, case in loaded.scenario.cases.items():
        if why_not := case.source.capabilities.why_not(Capability.SINGLE):
            raise UsageError(
                f"{scenario}: {name}",
                f"{why_not}, which have their own limits",
                "search one service at a time, as a case with `image`",
            )
    sized = for_sizing(narrowed(loaded, cases, 1))
    sizer = RightSizer(shown.say)
    code = measuring.measure(sized, settings, sizer)
    ctx.exit(code or (3 if sizer.unsized else 0))


def for_sizing(loaded: LoadedScenario) -> LoadedScenario:
    """The scenario without the rows that limits of memory and cores cannot touch."""
    import dataclasses

    from bench.scenario.model import Scenario
    from bench.sizing.meets import is_about_size
    from bench.standard.checklist import load_checklist

    tree = dict(loaded.tree)
    tree["cases"] = {
        name: {key: value for key, value in case.items() if key != "expect"}
        for name, case in tree["cases"].items()
    }
    tree.pop("compare", None)
    if loaded.scenario.checklist:
        rules = load_checklist(loaded.scenario.checklist, loaded.folder).rules
        off = [rule.id for rule in rules if not is_about_size(rule)]
        tree["checks"] = (tree.get("checks") or {}) | dict.fromkeys(off, "off")
    return dataclasses.replace(loaded, tree=tree, scenario=Scenario.model_validate(tree))
