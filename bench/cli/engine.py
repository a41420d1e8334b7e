"""`bench engine`: the private engine and its registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from bench.core.errors import EngineUnavailableError, HostError
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.programs import SUITE, fetch_programs, wants_newer
from bench.runtimes.managed.requirements import PACKAGES, missing_programs, why_impossible


@click.group(name="engine")
def command() -> None:
    """Start, stop and inspect the private engine."""


@command.command()
@click.option("--install", is_flag=True, help="Install missing packages (root on Debian/Ubuntu).")
def up(install: bool) -> None:
    """Start the private engine and its registry, and leave them running."""
    private = PrivateEngine()
    if install:
        install_missing(private)
    private.up()
    _show(private)


def install_missing(private: PrivateEngine) -> None:
    """Install what the private engine needs, and a newer engine than the host's.

    Raises:
        EngineUnavailableError: that cannot be done here.
    """
    if missing_programs():
        _install()
    if wants_newer(private.paths):
        _fetch_newer(private)


@command.command()
def down() -> None:
    """Stop the private engine and undo its changes on the host; images are kept."""
    PrivateEngine().down()
    click.echo("private engine: down", err=True)


@command.command()
def status() -> None:
    """Show what is running, and what the private engine changed on this host."""
    private = PrivateEngine()
    _show(private)
    for line in private.changes():
        click.echo(f"{'changed':<12}{line}")
    impossible = why_impossible()
    if impossible and not private.is_up():
        raise impossible


def _show(private: PrivateEngine) -> None:
    for daemon in private.status():
        click.echo(f"{daemon.name:<12}{f'pid {daemon.pid}' if daemon.pid else 'not running'}")
    if private.is_up():
        click.echo(f"{'measuring':<12}{private.address('measuring')}")
        click.echo(f"{'building':<12}{private.address('building')}")
        click.echo(f"{'registry':<12}{private.registry_address()}")


def _fetch_newer(private: PrivateEngine) -> None:
    """Have a newer engine than the host's, where that can be done; else the host's is used."""
    from bench.images.bases.rootfs import debian_sources

    try:
        with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
            sources = debian_sources(Path("/etc/apt"), SUITE, Path(folder))
            private.down()  # what runs is the older one; it refuses where a run holds the engine
            private.paths.make()
            fetch_programs(private.paths, sources, lambda text: click.echo(text, err=True))
    except HostError as error:
        click.echo(
            f"using the host's own engine, as a newer one is not available: {error}", err=True
        )
        return


def _install() -> None:
    """Install the packages of the private engine, where that can be done here."""
    wanted = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise EngineUnavailableError(
            "private engine",
            f"not installed here: {', '.join(missing_programs())}",
            f"as root on Debian or Ubuntu: {wanted}",
        )
    click.echo(f"installing {' '.join(PACKAGES)}", err=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    steps = (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
    )
    for step in steps:
        done = subprocess.run(step, check=False, env=environment, stdout=sys.stderr)
        if done.returncode != 0:
            raise HostError(" ".join(step), "failed", f"run it yourself: {wanted}")
