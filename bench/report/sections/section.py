"""A part of a report that is a table and a few words, and reads the same in every form of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIGURE = re.compile(r"[-\u2212+≥≤<>~]?\s?\d.{0,16}")


@dataclass(frozen=True)
class Section:
    """A table with what must be said beside it.

    Attributes:
        title: a few words.
        beside: what the table is about, in a short sentence.
        columns: heads of the columns.
        rows: as many cells as there are columns; line breaks are not kept.
        notes: sentences below the table.
        plots: kind of the pictures that belong to it; empty for none.
        in_terminal: whether it is shown at the end of a run, too.
        leads: whether it is what the run was made for, so that it stands first in the page,
            and in the terminal in the place of the medians of each case.
        details: titles and texts of several lines, which only the page shows, folded away.
        texts: the same, which page and Markdown show.
    """

    title: str
    beside: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    plots: str = ""
    in_terminal: bool = True
    leads: bool = False
    details: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def heading(self) -> str:
        """The title with a capital at its beginning; what is written in capitals stays so."""
        return self.title[:1].upper() + self.title[1:]

    @property
    def columns_of_figures(self) -> tuple[bool, ...]:
        """Of each column, whether all that stands in it is short and begins with a digit."""
        return tuple(
            any(cells) and all(_FIGURE.fullmatch(cell) for cell in cells if cell)
            for cells in ([row[index] for row in self.rows] for index in range(len(self.columns)))
        )

    @property
    def anchor(self) -> str:
        """The anchor of the section within the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
