"""A plain process of the host in the place of a container: the yardstick for what one costs."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from bench.core.domain import CacheState
from bench.yamldoc.values import Command, Model, Text

HOST_STATES = (CacheState.IMAGE, CacheState.WARM)
"""The cache states that a plain process knows: there is nothing to pull."""


class PlainProcess(Model):
    """A process to run on the bare host, with nothing around it but a cgroup."""

    command: Command
    """The program and its arguments."""
    working_dir: Text = "."
    """Folder that it runs in, relative to the scenario file."""
    setup: list[Command] = []
    """Commands that make ready what it needs, run there once a run, before the trials."""
