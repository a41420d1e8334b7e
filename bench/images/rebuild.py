"""The cost of a small change to a build: a context with changed files.

A change is a line of blanks at the end of a file, another one each time: no interpreter and no
parser minds it, and no builder has it in its cache from an earlier run.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def changed_context(context: Path, names: Sequence[str]) -> Iterator[Path]:
    """A copy of the folder `context` in which the files `names` have changed; gone afterwards.

    Raises:
        EngineError: it cannot be copied, or has no such file any more.
    """
    with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
        copy = Path(folder) / "context"
        try:
            shutil.copytree(context, copy, symlinks=True)
            for name in names:
                with (copy / name).open("ab") as file:
                    file.write(_blank_line())
        except OSError as error:  # of several files copytree makes one that has no strerror
            raise EngineError(
                str(context),
                f"cannot be copied for `rebuild_after`: {error.strerror or error}",
                "look at the free space for temporary files, or leave `rebuild_after` out",
            ) from error
        yield copy


def _blank_line() -> bytes:
    bits = f"{uuid.uuid4().int:b}"
    return b"\n" + bits.replace("0", " ").replace("1", "\t").encode() + b"\n"
