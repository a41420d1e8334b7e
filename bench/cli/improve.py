"""`bench improve`: mend what can be mended in a Dockerfile by rule, and measure what it brings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.options import out_option, progress_option
from bench.cli.progress import make_progress
from bench.cli.quiet import quiet_options
from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.improve.cases import Basis


@click.command(name="improve")
@click.argument("dockerfile", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--context",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder sent to the builder; that of the Dockerfile by default.",
)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Run it as a case of this scenario, with its services, limits and link.",
)
@click.option("--case", default="", metavar="ID", help="With --scenario: the case.")
@click.option("--http", help="Ready when PORT[/PATH] answers with 2xx.")
@click.option("--tcp", type=int, help="Ready when this port accepts connections.")
@click.option("--log", help="Ready when a line of output matches.")
@click.option("--exec", "exec_", help="Ready when this command succeeds in the container.")
@click.option("--exit", "exit_", is_flag=True, help="Ready when it ends with 0.")
@click.option("--timeout", help="How long to wait for it, such as 60s.")
@click.option("--repeat", type=click.IntRange(1, 10_000), help="Trials of each step.")
@click.option("--write", is_flag=True, help="Apply the diff to the files.")
@out_option
@click.option("--engine", help="private, docker, podman, or an address.")
@quiet_options
@progress_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    dockerfile: Path,
    context: Path | None,
    scenario: Path | None,
    case: str,
    repeat: int | None,
    write: bool,
    out: Path,
    engine: str | None,
    wait_quiet: float,
    max_other_load: str | None,
    progress: str,
    **ready: Any,
) -> None:
    """Mend what can be mended in DOCKERFILE by rule, and measure what each mend brings.

    Each mend is built and started; those that break the image or bring nothing are left out. A
    table of the gains goes to stderr, the diff to stdout. The files are changed only with --write.

    Exit code 0: improved, or there is nothing to mend; 1: the original image never gets ready, or
    the improved one misses a threshold; 3: something could not be measured.
    """
    from bench.cli import improving, measuring

    settings = measuring.RunOptions(
        out=out,
        engine=engine,
        progress=make_progress(progress),
        wait_quiet_s=wait_quiet,
        keep_going=True,
    )
    basis = _basis(dockerfile, context, scenario, case, repeat, ready, max_other_load)
    ctx.exit(improving.improve(dockerfile, basis, settings, write=write))


def _basis(
    dockerfile: Path,
    context: Path | None,
    scenario: Path | None,
    case: str,
    repeat: int | None,
    ready: dict[str, Any],
    max_other_load: str | None,
) -> Basis:
    """The case that the image is run as.

    Raises:
        UsageError: the options contradict each other, or the case is built from another file.
    """
    from bench.cli.quiet import with_bound
    from bench.improve.cases import basis_of
    from bench.scenario.loading.load import load_scenario

    if scenario is None:
        if case:
            raise UsageError("--case", "needs --scenario", "name the scenario that has it")
        ready |= {"max_other_load": max_other_load}
        return _own_basis(dockerfile, context or dockerfile.parent, repeat, ready)
    given = [f"--{name.strip('_')}" for name, value in ready.items() if value]
    if given or context:
        raise UsageError(
            given[0] if given else "--context", "cannot be used with --scenario, which says it"
        )
    loaded = load_scenario(scenario, overrides=list(with_bound((), max_other_load)))
    basis = basis_of(loaded, case, repeat)
    own = basis.context / str(basis.build.get("dockerfile") or "Dockerfile")
    if own.resolve() != dockerfile.resolve():
        raise UsageError(
            str(dockerfile),
            f"is not what {basis.case_id} of {scenario} is built from",
            f"that is {own}; name another case with --case",
        )
    return basis


def _own_basis(
    dockerfile: Path, context: Path, repeat: int | None, options: dict[str, Any]
) -> Basis:
    """A case for a Dockerfile alone."""
    from bench.cli.ad_hoc import name_of, ready_of
    from bench.improve.cases import Basis
    from bench.scenario.loading.load import scenario_from_tree

    ready = ready_of(options)
    if options["timeout"]:
        ready["timeout"] = options["timeout"]
    place = dockerfile.resolve()
    build = {"context": str(context.resolve()), "dockerfile": str(place)}
    if place.is_relative_to(context.resolve()):
        build["dockerfile"] = place.relative_to(context.resolve()).as_posix()
    case: dict[str, Any] = {"build": build} | ({"ready": ready} if ready else {})
    name = name_of(dockerfile.absolute().parent.name) or "image"
    tree: dict[str, Any] = {"version": 1, "name": name, "cases": {"image": case}}
    if options["max_other_load"]:
        tree["max_other_load"] = options["max_other_load"]
    return Basis(scenario_from_tree(tree, str(dockerfile)), "image", repeat)
