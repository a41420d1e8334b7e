"""Which columns of a section's table are set as figures."""

from __future__ import annotations

from bench.report.sections.section import Section


def test_a_column_of_figures_is_one_of_short_cells_that_begin_with_a_digit():
    section = Section(
        title="link",
        beside="what a pull waits for",
        columns=("case", "took", "change", "what", "nothing"),
        rows=(
            ("bad", "3.1 s", "", "4 layers waited for their parent", ""),
            ("good", "210 ms", "\u22124 %", "none", ""),
        ),
    )
    assert section.columns_of_figures == (False, True, True, False, False)


def test_a_sentence_that_begins_with_a_number_is_no_figure():
    section = Section("x", "y", ("said",), (("3 of 4 did not start, for they had no memory",),))
    assert section.columns_of_figures == (False,)
