"""Output whose reader may have gone: what was found decides the exit code all the same."""

from __future__ import annotations

import os
import sys

import click


def tell(text: str, *, err: bool = False) -> None:
    """Print a line; nothing more is printed once the reader has gone, or its disk is full."""
    try:
        click.echo(text, err=err)
    except OSError:
        stream = sys.stderr if err else sys.stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def tell_waiting(holder: str) -> None:
    """Say who has the private engine, which is waited for."""
    click.echo(f"waiting for {holder}", err=True)
