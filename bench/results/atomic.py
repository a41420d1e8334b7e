"""Writing a file so that a reader sees either the old one or the whole new one."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from bench.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, which takes its place when the block ends without error.

    What is no file, such as /dev/null or a pipe, is written to as it is, and not replaced.

    Raises:
        StoreError: the folder cannot be written to, or the disk is full.
    """
    in_place = path.exists() and not (path.is_file() or path.is_dir())
    partial = path if in_place else path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        if not in_place:
            partial.replace(path)
    except OSError as error:
        raise StoreError(
            str(path),
            f"cannot be written: {error.strerror or error}",
            "check the folder's permissions and the space left on its disk",
        ) from error
    finally:
        if not in_place:
            with suppress(OSError):
                partial.unlink()


def write_text(path: Path, text: str) -> Path:
    """Write `text` to `path` as UTF-8, whole or not at all.

    What came from outside as something else than UTF-8, such as the name of a folder, stands in
    it as an escape.
    """
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    return path
