"""The ladder in reports: its table, its picture, its file, and what the terminal shows first."""

from __future__ import annotations

import json
import math

import pytest

from bench.core.domain import CALIBRATION_CASE
from bench.judge.ladder import LADDER_METRICS
from bench.report.formats import write_reports
from bench.report.plots.catalogue import make_plots
from bench.report.sections.ladder import HEADLINE, ladder, more_of_ladder, signed
from bench.report.text.console import end_block
from bench.report.text.markdown import markdown_text
from bench.results.run import Run, load_run
from tests.journals import BAD, GOOD, NOTHING, Build, Trouble, write_journal

RUNGS = ("bad", "slim", "good")
SPEC = {"from": "bad", "rungs": {"slim": {"patch": "ladder/1-slim.diff"}, "good": {"case": "good"}}}


def run_of(folder, *, rounds: int = 6, fails: bool = False, rungs: tuple[str, ...] = RUNGS) -> Run:
    """A run of `bench ladder`; with `fails` no trial of `slim` gets ready."""
    trouble = Trouble("failed", "exited with code 1 before it was ready", ())
    case = {"ready": {"http": {"port": 8080}}, "repeat": rounds, "build": "web"}
    build = Build(
        rounds=rounds,
        cases=rungs,
        need=False,
        cut=False,
        replicas=(),
        troubles={("slim", number, 0): trouble for number in range(rounds)} if fails else {},
        shapes={"bad": BAD, "slim": GOOD, "good": GOOD, CALIBRATION_CASE: NOTHING},
        scenario={
            "ladder": SPEC,
            "checklist": None,
            "thresholds": {},
            "compare": None,
            "cases": dict.fromkeys(rungs, case),
        },
        header={"checklist": None},
    )
    return load_run(write_journal(folder, build))


@pytest.fixture(scope="module")
def climbed(tmp_path_factory) -> Run:
    return run_of(tmp_path_factory.mktemp("ladder"))


def test_the_table_has_a_row_for_each_rung_and_one_for_the_whole_way(climbed):
    section = ladder(climbed)
    assert section is not None
    size = list(section.rows[:4])
    assert [row[1] for row in size] == ["bad", "slim", "good", "whole way"]
    assert size[0][0] == "image unpacked"
    assert size[0][3:] == ("", "", "")
    assert size[1][3].startswith("−")  # noqa: RUF001 - a minus
    assert size[1][4:] == ("exact", "better")
    assert size[2][3:] == ("0", "exact", "no difference")
    assert size[3][3:] == size[1][3:]


def test_the_changes_stand_below_the_table(climbed):
    section = ladder(climbed)
    assert section is not None
    assert "slim: 1-slim.diff; good: case good" in section.notes[0]


def test_every_metric_is_in_one_of_the_two_tables(climbed):
    sections = [ladder(climbed), more_of_ladder(climbed)]
    titles = {row[0] for section in sections if section for row in section.rows} - {""}
    present = {figure.title for figure in climbed.ladder_figures if figure.steps}
    assert titles == present
    assert {"image unpacked", "start incl. pull", "pull", "stop"} <= titles


def test_a_rung_that_never_got_ready_says_why_and_that_the_next_step_goes_over_it(tmp_path):
    section = ladder(run_of(tmp_path, fails=True))
    assert section is not None
    assert any("slim has no value: 6 of 6 trials failed" in note for note in section.notes)
    start = next(number for number, row in enumerate(section.rows) if row[0] == "start incl. pull")
    assert section.rows[start + 1][1:] == ("slim", "–", "", "", "")  # noqa: RUF001 - a dash
    assert section.rows[start + 2][3].startswith("−")  # noqa: RUF001 - a minus


def test_the_picture_has_a_panel_for_each_headline_metric_and_names_every_rung(climbed):
    (plot,) = [plot for plot in make_plots(climbed) if plot.kind == "ladder"]
    for metric in HEADLINE:
        assert climbed.metrics[metric].title in plot.svg
    assert all(rung in plot.svg for rung in RUNGS)
    assert "slim" in plot.alt


@pytest.mark.parametrize("fails", [True, False])
def test_the_picture_is_drawn_with_few_trials_and_with_gaps(tmp_path, fails):
    made = make_plots(run_of(tmp_path, rounds=2, fails=fails))
    assert next(plot.kind for plot in made) == "ladder"


def test_too_few_trials_to_tell_anything_are_said_once(tmp_path, climbed):
    few, enough = ladder(run_of(tmp_path, rounds=4)), ladder(climbed)
    assert few is not None
    assert enough is not None
    (note,) = [note for note in few.notes if "cannot be told from noise here" in note]
    assert note.endswith("it takes 6 trials on either side, and there are 4.")
    assert not any("cannot be told from noise here" in note for note in enough.notes)


def test_a_run_without_a_ladder_has_nothing_of_it(run, tmp_path):
    assert run.ladder_figures == ()
    assert (ladder(run), more_of_ladder(run)) == (None, None)
    assert run.ladder.empty


def test_the_terminal_shows_the_ladder_before_anything_else_and_no_medians(climbed):
    text = end_block(climbed)
    assert "LADDER" in text
    assert "MEDIANS" not in text
    assert text.index("LADDER") < text.index("FLOOR OF THE ENGINE")


def test_markdown_has_the_tables(climbed):
    text = markdown_text(climbed)
    assert "## Ladder\n" in text
    assert "## Ladder, further metrics\n" in text


def test_run_json_and_csv_have_every_step(tmp_path):
    run = run_of(tmp_path)
    write_reports(run, ["json", "csv"])
    document = json.loads((run.folder / "run.json").read_text())
    assert [figure["metric"] for figure in document["ladder"]] == list(LADDER_METRICS)
    lines = (run.folder / "ladder.csv").read_text().splitlines()
    assert lines[0].startswith("metric,unit,cache,arm,part,rung,before,n,value,change,low,high")
    assert len(lines) == 1 + len(run.ladder)


def test_the_frame_is_typed_and_its_steps_add_up(climbed):
    frame = climbed.ladder
    assert frame["n"].dtype == "int64"
    assert frame["change"].dtype == "float64"
    for _, rows in frame.groupby("metric"):
        steps = rows[rows["part"] == "rung"]["change"].sum()
        (whole,) = rows[rows["part"] == "whole"]["change"]
        assert math.isclose(steps, whole, rel_tol=1e-9, abs_tol=1e-9)


def test_a_run_of_some_rungs_alone_follows_those(tmp_path):
    run = run_of(tmp_path, rungs=("bad", "good"))
    (size,) = [figure for figure in run.ladder_figures if figure.metric == "image_size_bytes"]
    assert [step.rung for step in size.steps] == ["bad", "good"]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(0.0, "s", "0"), (-1.5, "s", "−1.50 s"), (2**20, "bytes", "+1.00 MiB")],  # noqa: RUF001
)
def test_a_difference_has_its_sign(value, unit, words):
    assert signed(value, unit) == words
