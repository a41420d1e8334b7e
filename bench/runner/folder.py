"""The folder of a run: its name, and the link `latest` beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bench.core.errors import StoreError
from bench.results.find import LATEST

if TYPE_CHECKING:
    from pathlib import Path

    from bench.core.clock import Clock


def new_folder(out: Path, name: str, clock: Clock) -> Path:
    """Create the folder of a new run of the scenario called `name`; its name is the run's id.

    Raises:
        StoreError: it cannot be created.
    """
    begun = f"{clock.utc_now():%Y%m%dT%H%M%SZ}-{name}"
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        folder = out / f"{begun}{suffix}"
        try:
            folder.mkdir(parents=True)
            (folder / "logs").mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreError(
                str(folder), f"cannot be made: {error.strerror}", "choose another --out"
            ) from error
        return folder
    raise StoreError(str(out / begun), "a hundred runs began in the same second")


def point_latest(folder: Path) -> None:
    """Point the link `latest` beside a run's folder to it.

    An existing file or folder of that name, which is not a link, is kept.

    Raises:
        StoreError: the link cannot be created.
    """
    link = folder.parent / LATEST
    fresh = folder.parent / f".{LATEST}-{os.getpid()}"
    try:
        if link.exists() and not link.is_symlink():
            return
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(folder.name)
        fresh.replace(link)
    except OSError as error:
        raise StoreError(
            str(link), f"cannot be made: {error.strerror}", "choose another --out"
        ) from error
