"""The pictures: their data, their bytes, their behaviour where data is missing."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bench.report import plots
from bench.report.curves import (
    POINTS,
    cpu_curve,
    median_trial,
    memory_curve,
    spread_out,
    started_s,
    trials_of,
)
from bench.report.plots.style import tick_words
from bench.report.plots.svg import inline_svg
from bench.report.plots.values import share_of_limit
from bench.results.run import load_run
from bench.standard.thresholds import parse_limit
from tests.journals import Build, write_journal


@pytest.fixture(scope="module")
def made(troubled):
    return plots.make_plots(troubled)


@pytest.mark.slow
def test_a_run_has_a_picture_of_each_kind_and_each_case(made):
    assert [one.name for one in made] == [
        "margins",
        "waterfall-cold",
        "resources-bad-cold-fit",
        "resources-bad-image-need",
        "resources-good-cold-fit",
        "resources-good-image-need",
        "distributions-cold",
        "pull-bad",
        "pull-good",
        "spent",
    ]


def test_every_picture_is_xml_with_text_as_text_and_without_dates_or_addresses(made):
    for one in made:
        root = ET.fromstring(one.svg)
        assert root.findall(".//{*}text")
        assert not root.findall(".//{*}metadata")
        body = one.svg.partition("<svg")[2].replace("http://www.w3.org/", "")
        assert "http" not in body


def test_numbers_in_words_are_not_touched_when_places_are_rounded(made):
    texts = "".join(ET.fromstring(made[0].svg).itertext())
    assert "1.54 GiB" in texts
    assert "3.44 cores" in texts


@pytest.mark.slow
def test_the_same_run_draws_the_same_bytes(troubled, made):
    assert plots.make_plots(load_run(troubled.folder)) == made


def test_each_picture_says_in_words_what_it_shows(made):
    alt = {one.name: one.alt for one in made}
    assert (
        "bad: 6 trials, 1 failed; nearest the median: start incl. pull 19.7 s (pull 10.7 s"
        in alt["waterfall-cold"]
    )
    assert "CI-4 image size: bad 1.54 GiB (fail), good 191 MiB (pass)" in alt["margins"]
    assert "RUN chown -R app /app: 61.2 MiB, download" in alt["pull-bad"]


@pytest.mark.slow
def test_write_plots_writes_a_file_for_each(made, tmp_path):
    paths = plots.write_plots(made, tmp_path / "plots")
    assert [one.name for one in paths] == [f"{one.name}.svg" for one in made]
    assert all(one.read_text().startswith("<?xml") for one in paths)


def test_no_trials_draw_nothing(empty):
    assert [one.name for one in plots.make_plots(empty)] == ["margins"]


def test_a_warm_run_has_no_pull_and_starts_at_the_create_call(warm):
    made = plots.make_plots(warm)
    assert [one.kind for one in made] == ["waterfall", "resources", "distributions", "spent"]
    assert "time from the create call" in "".join(ET.fromstring(made[0].svg).itertext())


def test_a_dollar_in_an_instruction_is_only_a_dollar(troubled, tmp_path):
    from dataclasses import replace

    from tests.journals import GOOD, SHAPES

    shape = replace(GOOD, layers=(("RUN echo $HOME and $PATH_{", 1.0),))
    build = Build(rounds=1, cases=("good",), troubles={}, shapes=SHAPES | {"good": shape})
    run = load_run(write_journal(tmp_path, build))
    text = next(one.svg for one in plots.make_plots(run) if one.kind == "pull")
    assert "RUN echo $HOME and $PATH_{" in "".join(ET.fromstring(text).itertext())


def test_the_functions_work_alone_as_in_a_notebook(run):
    from matplotlib.figure import Figure

    for figure in (
        plots.phase_waterfall(run),
        plots.resource_curves(run, "bad"),
        plots.resource_curves(run, "bad", "image", "need"),
        plots.distributions(run, ["startup_s"]),
        plots.threshold_margins(run),
        plots.pull_timeline(run, "good"),
    ):
        assert isinstance(figure, Figure)


def test_drawing_leaves_the_settings_of_matplotlib_as_they_were(run):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    plots.phase_waterfall(run)
    assert dict(mpl.rcParams) == before


def test_inline_pictures_have_ids_of_their_own_and_colours_of_the_page(made):
    one = inline_svg(made[0].svg, "first")
    assert one.startswith("<svg viewBox=")
    assert 'id="first-' in one
    assert "xlink:" not in one
    assert "var(--c1)" in one


def test_the_median_trial_is_the_one_nearest_the_median(run):
    trials = trials_of(run, "good", "cold")
    values = sorted(one.metrics["startup_s"] for one in trials)
    middle = median_trial(trials)
    assert middle is not None
    assert middle.metrics["startup_s"] in (values[2], values[3])
    assert median_trial([]) is None


def test_a_thinned_curve_keeps_its_peak_and_its_ends(tmp_path):
    build = Build(rounds=1, cases=("bad",), troubles={}, samples_each=5000, need=False)
    run = load_run(write_journal(tmp_path, build))
    (trial,) = trials_of(run, "bad", "cold")
    curve = memory_curve(run, trial, charged=True)
    raw = run.sample_columns[run.results.index(trial)]["memory_usage_bytes"]
    assert curve is not None
    assert len(curve.values) <= POINTS + 2
    assert curve.values.max() == raw.max()
    assert curve.values[-1] == raw[-1]


def test_the_cpu_curve_adds_up_to_the_cpu_seconds_used(run):
    (trial, *_) = trials_of(run, "bad", "cold")
    curve = cpu_curve(run, trial)
    assert curve is not None
    window = curve.t_s[1] - curve.t_s[0]
    assert np.sum(curve.values) * window == pytest.approx(trial.metrics["cpu_s"], rel=0.01)
    assert curve.t_s[0] < started_s(trial)


def test_trials_are_spread_out_evenly_when_there_are_too_many(run):
    trials = list(run.results) * 10
    kept = spread_out(trials, 7)
    assert len(kept) == 7
    assert kept[0] is trials[0]
    assert kept[-1] is trials[-1]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(0, "s", "0"), (2.5, "s", "2.5 s"), (0.5, "s", "500 ms"), (2**30, "bytes", "1 GiB"),
     (3 * 2**28, "bytes", "768 MiB"), (0.25, "cores", "0.25"), (180.0, "s", "3 min")],
)  # fmt: skip
def test_ticks_are_round_in_the_units_that_people_count_in(value, unit, words):
    assert tick_words(value, unit) == words


@pytest.mark.parametrize(
    ("limit", "actual", "share"),
    [("<= 10s", 5.0, 0.5), (">= 10s", 20.0, 0.5), ("<= 0s", 0.0, 0.0), ("<= 0s", 1.0, np.inf)],
)
def test_the_share_of_a_limit_is_above_one_exactly_where_it_is_broken(run, limit, actual, share):
    from dataclasses import replace

    verdict = replace(run.verdicts[2], actual=actual)
    assert share_of_limit(verdict, parse_limit(limit, "s")) == share


@pytest.mark.slow
def test_a_burst_is_told_beside_the_second_in_which_it_fell(run):
    words = [one.alt for one in plots.make_plots(run) if one.kind == "resources"]
    assert words
    for one in words:
        assert re.search(
            r"CPU peak [0-9.]+ cores at worst, CPU peak over 100 ms [0-9.]+ cores", one
        )
