"""Preparation of a plain process, once a run: the counterpart of an image build."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bench.core.child_process import child_process
from bench.core.errors import BuildError
from bench.journal.facts.image import ImageFacts
from bench.trial.redactor import redactor
from bench.trial.spec import split_words
from bench.yamldoc.env_file import read_env_files

if TYPE_CHECKING:
    from pathlib import Path

    from bench.core.clock import Clock
    from bench.scenario.model import Case
    from bench.scenario.plain_process import PlainProcess

_SHOWN_LINES = 12


def set_up(name: str, case: Case, process: PlainProcess, folder: Path, clock: Clock) -> ImageFacts:
    """Run the setup of the case called `name`; returns its facts, in place of those of an image.

    Args:
        name: of the case.
        case: the case.
        process: the plain process.
        folder: base of relative paths.
        clock: times it.

    Raises:
        BuildError: one of its commands failed.
    """
    where = (folder / process.working_dir).resolve()
    environment = read_env_files([folder / file for file in case.env_file]) | case.environment
    start_ns = clock.monotonic_ns()
    for command in process.setup:
        code, output = _run(split_words(command), where, os.environ | environment)
        if code:
            shown = "\n    ".join(redactor(case, folder)(output).splitlines()[-_SHOWN_LINES:])
            raise BuildError(
                f"setup of {name}",
                f"{' '.join(split_words(command))} ended with code {code}\n    {shown}".rstrip(),
                f"run it by hand in {where}",
            )
    build_s = (clock.monotonic_ns() - start_ns) / 1e9 if process.setup else None
    return ImageFacts(
        case=name,
        reference="",
        digest="",
        source="host",
        build_s=build_s,
        size_bytes=None,
        transfer_bytes=None,
        waste_bytes=None,
        engine_size_bytes=None,
    )


def _run(command: tuple[str, ...], where: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and output of a command; an interruption kills it with its descendants."""
    try:
        with child_process(command, cwd=where, environment=environment) as process:
            output, _ = process.communicate()
    except OSError as error:
        raise BuildError(
            f"setup command {command[0]}", f"cannot be run: {error.strerror}", "check the name"
        ) from error
    return process.returncode, output
