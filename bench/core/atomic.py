"""Writing a file so that a reader sees either the old one or the whole new one.

A run folder may come from a stranger: what is written into it does not leave it by a link.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from bench.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, which takes its place when the block ends without error.

    A link in its place is replaced, and not followed.

    Raises:
        StoreError: the folder cannot be written to or is a link, or the disk is full.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _make_folder(path.parent)
        with suppress(FileNotFoundError):
            partial.unlink()  # whatever bears this name, it would be written through
        yield partial
        partial.replace(path)
    except OSError as error:
        raise StoreError(
            str(path),
            f"cannot be written: {error.strerror or error}",
            "check the folder's permissions and the free disk space",
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def write_text(path: Path, text: str) -> Path:
    """Write `text` to `path` as UTF-8, whole or not at all.

    What came from outside as something else than UTF-8, such as the name of a folder, stands in
    it as an escape.
    """
    with replacing(path) as partial:
        _write(partial, text)
    return path


def write_named(path: Path, text: str) -> Path:
    """Write `text` to a path that the user has named, links and all.

    What is no file, such as /dev/null or a pipe, is written to as it is, and not replaced.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        if not path.exists() or path.is_file() or path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path.resolve(), text)
        else:
            _write(path, text)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "is not a file name"
        raise StoreError(str(path), f"cannot be written: {why}") from error
    return path


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def _make_folder(folder: Path) -> None:
    """Make a folder where it is missing.

    Raises:
        OSError: it cannot be made, or a link stands in its place.
    """
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, f"{folder.name} is a link: remove it")
    folder.mkdir(parents=True, exist_ok=True)
