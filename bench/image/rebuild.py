"""What a small change costs a build: a context with changed files, and the steps done again.

A change is a line of blanks at the end of a file, another one each time: no interpreter and no
parser minds it, and no builder has it in its cache from an earlier run.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.engine.protocol import LABEL
from bench.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_STEP = re.compile(r"Step (\d+)/\d+ : (.+)")
_FROM_CACHE = " ---> Using cache"
_OWN_STEP = f"LABEL {LABEL}="
"""The builder adds bench's label as a last step."""


@contextmanager
def changed_context(context: Path, names: Sequence[str]) -> Iterator[Path]:
    """A copy of the folder `context` in which the files `names` have changed; gone afterwards.

    Raises:
        BuildError: it cannot be copied, or has no such file any more.
    """
    with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
        copy = Path(folder) / "context"
        try:
            shutil.copytree(context, copy, symlinks=True)
            for name in names:
                with (copy / name).open("ab") as file:
                    file.write(_blank_line())
        except OSError as error:  # of several files copytree makes one that has no strerror
            raise BuildError(
                str(context),
                f"cannot be copied for `rebuild_after`: {error.strerror or error}",
                "look at the free space for temporary files, or leave `rebuild_after` out",
            ) from error
        yield copy


def _blank_line() -> bytes:
    bits = f"{uuid.uuid4().int:b}"
    return b"\n" + bits.replace("0", " ").replace("1", "\t").encode() + b"\n"


def steps_done(output: Iterable[str]) -> tuple[str, ...] | None:
    """The steps of a build that were done, and not taken from the builder's cache.

    FROM, which does nothing, and the label that bench has added are not among them. What a step
    prints itself does not count: steps are numbered.

    Args:
        output: what the classic builder said, piece by piece.

    Returns:
        Their instructions, in their order; None where no step can be told from it, as with other
        builders.
    """
    done: list[str] = []
    number, just_named = 0, False
    for text in output:
        step = _STEP.match(text)
        if step and int(step[1]) == number + 1:
            number, just_named = number + 1, True
            done.append(step[2].strip())
            continue
        if just_named and text.startswith(_FROM_CACHE):
            done.pop()
        just_named = False
    if not number:
        return None
    return tuple(
        one for one in done if one.split()[0].upper() != "FROM" and not one.startswith(_OWN_STEP)
    )
