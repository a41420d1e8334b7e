"""Text for a terminal: tables and headings of rich, at most 100 columns, safe to write."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from rich.console import RenderableType


WIDTH = 100


def may_colour(stream: TextIO) -> bool:
    """Whether escape sequences are welcome there."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def write_safely(stream: TextIO, text: str) -> None:
    """Write `text` with a question mark for what the stream's encoding does not have."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, errors="replace").decode(encoding))


def rendered(blocks: Iterable[RenderableType], *, width: int = WIDTH, colour: bool = False) -> str:
    """Blocks one after the other, an empty line between, without spaces at the ends of lines."""
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        height=100,
        force_terminal=colour,
        force_interactive=False,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        _environ={},
    )
    for number, block in enumerate(blocks):
        if number:
            console.print()
        console.print(block)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def heading(text: str, beside: str = "") -> Text:
    """A section's title, with a remark beside it."""
    remark = f"  {one_line(beside)}" if beside else ""
    return Text.assemble((one_line(text), "bold"), remark)


def grid(*columns: tuple[str, int | None]) -> Table:
    """A table without lines; each column is (justify, width or None)."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for justify, width in columns:
        table.add_column(
            justify=justify,  # type: ignore[arg-type]
            width=width,
            no_wrap=width is not None,
            overflow="ellipsis" if width is not None else "fold",
        )
    return table


def visible_path(path: str) -> str:
    """A path relative to the current folder where it lies below it."""
    relative = os.path.relpath(path)
    return one_line(path if relative.startswith("..") else relative)
