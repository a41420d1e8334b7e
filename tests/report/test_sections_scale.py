"""What the report says of containers that were started at once, and of how they stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.report.html.page import html_text
from bench.report.plots.catalogue import make_plots
from bench.report.plots.replicas import sweeps
from bench.report.sections.scale_out import scale_out
from bench.report.sections.stopping import stopping
from bench.results.run import load_run
from tests.journals import Build, write_journal

if TYPE_CHECKING:
    from bench.report.sections.section import Section


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    return load_run(write_journal(folder, Build(rounds=1, replicas=(4, 1, 2), need=False)))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    return load_run(write_journal(folder, Build(rounds=1, replicas=(), need=False)))


def shown(section: Section | None) -> Section:
    assert section is not None
    return section


def test_each_start_of_several_has_a_row_the_smallest_first(sweep):
    section = shown(scale_out(sweep))
    assert [row[:3] for row in section.rows] == [
        (case, str(count), str(count)) for case in ("bad", "good") for count in (1, 2, 4)
    ]
    first, middle, last, rate = section.columns[3:7]
    assert (first, middle, last, rate) == ("first", "median", "last", "per second")
    assert all("–" not in row for row in section.rows)  # noqa: RUF001


def test_what_was_written_and_what_ran_can_be_unfolded(sweep):
    details = dict(shown(scale_out(sweep)).details)
    written = details["bad: 812 paths written outside of volumes by one replica"]
    assert written.splitlines()[0].split() == ["added", "/usr/local/bin/uvicorn"]
    assert "and 811 more; by folder: /usr/local/lib/python3.11/site-packages (806)" in written
    assert not [title for title in details if title.startswith("good:") and "written" in title]
    ran = details["bad: processes of one replica"].splitlines()
    assert [line.split()[-1] for line in ran] == ["name", "uvicorn", "bash"]


def test_how_each_case_stops_is_told_with_what_stood_there(sweep):
    rows = {row[0]: row[1:] for row in shown(stopping(sweep)).rows}
    assert rows["bad"][:2] == ("bash → uvicorn", "SIGTERM: no handler, so no effect")
    assert rows["good"][:2] == ("uvicorn", "SIGTERM: handled")
    assert rows["bad"][3] == "137"
    killed, asked = rows["bad"][4].split(" of ")
    assert killed == asked
    assert rows["good"][4].startswith("0 of ")
    notes = " ".join(shown(stopping(sweep)).notes)
    assert "bad: still running when process 1 ended, and then killed: uvicorn." in notes


def test_without_several_at_once_there_is_no_such_table(alone):
    assert scale_out(alone) is None
    assert stopping(alone) is not None


@pytest.mark.slow
def test_a_sweep_has_a_picture_and_a_single_number_none(sweep, run):
    assert list(sweeps(sweep)) == ["bad", "good"]
    (plot,) = [one for one in make_plots(sweep, most_curves=0) if one.kind == "replicas"]
    assert "good: 1 at once ready in" in plot.alt
    assert "4 at once ready in" in plot.alt
    assert sweeps(run) == {}


@pytest.mark.slow
def test_the_page_shows_table_and_picture(sweep):
    text = html_text(sweep)
    assert '<h2 id="scale-out">' in text
    assert "812 paths written outside of volumes by one replica" in text
    assert "4 at once ready in" in text
