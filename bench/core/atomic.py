"""Atomic file writes: a reader sees either the old file or the complete new one.

A run folder may come from an untrusted source: writing into it never follows a link out of it.
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
    """A temporary path beside `path`, which replaces it when the block ends without error.

    A link at `path` is replaced, not followed.

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

    Outside bytes that are not UTF-8, such as in the name of a folder, are written as escapes.
    """
    with replacing(path) as partial:
        _write(partial, text)
    return path


def write_named(path: Path, text: str) -> Path:
    """Write `text` to a path given by the user, following links.

    Special files such as /dev/null or a pipe are written to, not replaced.

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
    """Create a folder if it is missing.

    Raises:
        OSError: it cannot be created, or a link occupies its path.
    """
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, f"{folder.name} is a link: remove it")
    folder.mkdir(parents=True, exist_ok=True)
