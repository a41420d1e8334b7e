"""Which folder a RUN on the command line means: a path, a run's id, or `latest`."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import UsageError
from bench.core.paths import is_there
from bench.journal.writer import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

LATEST = "latest"
"""The name of the link that points to the newest run."""


def find_run(text: str, out: Path) -> Path:
    """The folder of the run that `text` means.

    Args:
        text: a run's folder, its journal, `latest`, or the id of a run under `out` or enough
            of its beginning to tell it from the others.
        out: the folder that runs go to.

    Raises:
        UsageError: there is no such run, or more than one.
    """
    if text:
        path = Path(text)
        for folder in (path, path.parent) if path.name == FILE_NAME else (path, out / text):
            if _has_journal(folder):
                return folder.resolve()
    ids = sorted(folder.name for folder in run_folders(out))
    if text == LATEST:
        hint = f"name one of {', '.join(ids[-3:])}" if ids else "start one with `bench run`"
        raise UsageError(LATEST, f"there is no newest run under {out}", hint)
    begun = [run_id for run_id in ids if text and run_id.startswith(text)]
    if len(begun) == 1:
        return (out / begun[0]).resolve()
    if begun:
        raise UsageError(text, f"is the beginning of {len(begun)} runs", f"such as {begun[-1]}")
    near = difflib.get_close_matches(text, ids, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`bench list` shows the runs there are"
    raise UsageError(
        text or "RUN", f"is neither a run's folder nor the id of one under {out}", hint
    )


def find_case(text: str, out: Path) -> tuple[Path, str]:
    """The folder and the case in a `RUN[:CASE]`; the case is empty where none is named.

    Raises:
        UsageError: there is no such run.
    """
    run, colon, case = text.rpartition(":")
    if not colon or not run:
        return find_run(text, out), ""
    try:
        return find_run(text, out), ""  # a folder whose own name has a colon
    except UsageError:
        return find_run(run, out), case


def run_folders(out: Path) -> Iterator[Path]:
    """The run folders right under `out`, links apart, in no order."""
    if not is_there(out, Path.is_dir):
        return
    for folder in out.iterdir():
        if not folder.is_symlink() and _has_journal(folder):
            yield folder


def _has_journal(folder: Path) -> bool:
    """Whether a journal lies in it; where it is a link, reading it says so."""
    return os.path.lexists(folder / FILE_NAME)
