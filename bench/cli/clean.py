"""`bench clean`: what an interrupted run left behind, and nothing else."""

from __future__ import annotations

import os

import click

from bench.engine.docker import DockerEngine
from bench.engine.host_cgroup import abandoned
from bench.engine.private import PrivateEngine
from bench.engine.protocol import LABEL, Engine
from bench.engine.select import choose
from bench.errors import EngineUnavailableError
from bench.sampling.cgroup import PARENT_NAME, find_mounts, remove_parent


@click.command(name="clean")
@click.option("--engine", help="private, docker, podman, or an address.")
def command(engine: str | None) -> None:
    """Remove what an interrupted run left; touches nothing that bench did not make."""
    choice = choose(engine)
    removed = _sweep_processes()
    if choice.is_private:
        removed += _sweep_private(PrivateEngine())
    elif not choice.is_host:
        removed += _sweep_at(choice.address)
    click.echo(f"removed {removed} thing{'' if removed == 1 else 's'}")


def _sweep_processes() -> int:
    """The plain processes of a bench that runs no more; only root can have started any."""
    mounts = find_mounts()
    if mounts is None or os.geteuid() != 0:
        return 0
    left = abandoned(mounts)
    for cgroup in left:
        count = len(cgroup.processes())
        cgroup.kill()
        cgroup.remove()
        remove_parent(mounts, cgroup.path.rpartition("/")[0])
        click.echo(f"ended {count} processes in {cgroup.path}", err=True)
    return len(left)


def _sweep_private(private: PrivateEngine) -> int:
    if private.settings() is None:
        click.echo("the private engine was never started here", err=True)
        return 0
    if os.geteuid() != 0:
        raise EngineUnavailableError(
            "private engine", "it belongs to root", "run bench clean as root"
        )
    removed = 0
    with private.reserved("bench clean", _waiting):
        if private.is_up():
            for role in ("measuring", "building"):
                removed += _sweep_at(private.address(role))
        else:
            click.echo(
                "the private engine does not run; what its stores may hold is removed by "
                "`bench engine up` and `bench clean`",
                err=True,
            )
        return removed + private.remove_link() + _sweep_cgroups()


def _waiting(holder: str) -> None:
    click.echo(f"waiting for {holder}", err=True)


def _sweep_at(address: str) -> int:
    engine = DockerEngine(address)
    try:
        return _sweep(engine)
    finally:
        engine.close()


def _sweep(engine: Engine) -> int:
    removed = 0
    for container_id, run in engine.containers(LABEL):
        engine.remove(container_id)
        click.echo(f"removed container {container_id[:12]} of {run}", err=True)
        removed += 1
    for name, run in engine.volumes(LABEL):
        engine.remove_volume(name)
        click.echo(f"removed volume {name} of {run}", err=True)
        removed += 1
    for reference, run in engine.image_references(LABEL):
        if run != "kept":  # the private builder's own cache
            engine.remove_image(reference)
            click.echo(f"removed image {reference} of {run}", err=True)
            removed += 1
    return removed


def _sweep_cgroups() -> int:
    """The cgroups of trials; nobody else makes any under bench's parent."""
    mounts = find_mounts()
    if mounts is None:
        return 0
    bases = {mounts.path(controller, PARENT_NAME) for controller in mounts.controllers}
    left = {one.name for base in bases if base.exists() for one in base.iterdir() if one.is_dir()}
    for name in left:
        remove_parent(mounts, f"/{PARENT_NAME}/{name}")
    return len(left)
