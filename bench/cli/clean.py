"""`bench clean`: what an interrupted run left behind, and nothing else."""

from __future__ import annotations

import os

import click

from bench.cgroup.mounts import find_mounts
from bench.cli.output import tell_waiting
from bench.core.errors import EngineUnavailableError
from bench.core.text import clean
from bench.runner.leftovers import remove_cgroups, remove_from, remove_processes
from bench.runtimes.known import connect
from bench.runtimes.managed.alive import is_alive
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.select import choose


@click.command(name="clean")
@click.option("--engine", help="private, docker, podman, or an address.")
def command(engine: str | None) -> None:
    """Remove what an interrupted run left; touches nothing that bench did not make."""
    choice = choose(engine)
    removed = _sweep_processes()
    if choice.is_private:
        removed += _sweep_private(PrivateEngine())
    elif choice.runs_images:
        removed += _sweep_at(choice.address)
    click.echo(f"removed {removed} thing{'' if removed == 1 else 's'}")


def _sweep_processes() -> int:
    removed = remove_processes(find_mounts())
    for thing in removed:
        click.echo(clean(f"removed {thing}"), err=True)
    return len(removed)


def _sweep_private(private: PrivateEngine) -> int:
    if private.settings() is None:
        click.echo("the private engine was never started here", err=True)
        return 0
    if os.geteuid() != 0:
        raise EngineUnavailableError(
            "private engine", "it belongs to root", "run bench clean as root"
        )
    removed = 0
    with private.reserved("bench clean", tell_waiting):
        if private.is_up():
            for role in ("measuring", "building"):
                removed += _sweep_at(private.address(role))
        else:
            click.echo(
                "the private engine is not running; to remove what is left in its stores, run "
                "`bench engine up` and `bench clean`",
                err=True,
            )
        return removed + private.remove_link() + len(remove_cgroups(find_mounts(), _is_left))


def _sweep_at(address: str) -> int:
    engine = connect(address)
    try:
        removed = remove_from(engine, _is_left)
    finally:
        engine.close()
    for thing in removed:
        click.echo(clean(f"removed {thing}"), err=True)
    return len(removed)


def _is_left(run_id: str) -> bool:
    return not is_alive(run_id)
