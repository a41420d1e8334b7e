"""`bench clean`: what an interrupted run left behind, and nothing else."""

from __future__ import annotations

import click

from bench.engine.docker import DockerEngine
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
    private = PrivateEngine()
    removed = 0
    if choice.is_private:
        addresses = [private.address("measuring"), private.address("building")]
        if not private.is_up():
            click.echo("the private engine does not run: nothing of it is left", err=True)
            addresses = []
        else:
            with private.reserved("bench clean", _waiting):
                for address in addresses:
                    removed += _sweep(DockerEngine(address))
                removed += _sweep_cgroups()
    else:
        removed += _sweep(DockerEngine(choice.address))
    click.echo(f"removed {removed} thing{'' if removed == 1 else 's'}")


def _waiting(holder: str) -> None:
    click.echo(f"waiting for {holder}", err=True)


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
        raise EngineUnavailableError("cgroups", "none are mounted here")
    base = mounts.path("memory", PARENT_NAME)
    left = [one.name for one in base.iterdir() if one.is_dir()] if base.exists() else []
    for name in left:
        remove_parent(mounts, f"/{PARENT_NAME}/{name}")
    return len(left)
