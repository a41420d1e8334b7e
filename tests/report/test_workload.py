"""Figures that workloads print are metrics like any other in every report of a run."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import bench.results
from bench.cli.compare import command as compare
from bench.journal.facts.comparison import Difference
from bench.journal.facts.matches import Matches
from bench.judge.model import Outcome
from bench.report.caveats import warnings
from bench.report.html.page import html_text
from bench.report.plots.catalogue import make_plots
from bench.report.text.comparison import compare_runs, comparisons_text
from bench.report.text.console import end_block
from bench.report.text.markdown import markdown_text
from bench.results.comparable import differences
from bench.results.export import run_document, trials_csv
from bench.results.run import Run, load_run
from tests.journals import Build, events, write_events

METRICS = {
    "rows_per_s": {"json_key": "rows_per_s", "unit": "rows/s", "better": "higher"},
    "loss": {"pattern": "loss=(\\S+)", "unit": "count", "better": "lower"},
    "batch_ms": {"json_key": "batch_ms", "unit": "ms", "better": "lower"},
}
PRINTED = {
    "bad": {"rows_per_s": 100.0, "loss": -1.5, "batch_ms": 400.0},
    "good": {"rows_per_s": 300.0, "loss": -1.5, "batch_ms": 20.0},
}


def one_match(value: float) -> dict[str, Any]:
    return dataclasses.asdict(Matches("last").with_number(value))


def written(folder: Path, change: Any = None, metrics: dict[str, Any] | None = None) -> Run:
    """A run whose cases define METRICS and printed PRINTED.

    `change(case, figures)` may alter what a good trial has on record.
    """
    tree = events(Build())[0]["scenario"]
    cases = {name: {**case, "metrics": metrics or METRICS} for name, case in tree["cases"].items()}
    thresholds = {"rows_per_s": "min >= 200 rows/s", "batch_ms": "<= 1.5s"}
    build = Build(scenario={"cases": cases, "thresholds": thresholds}, troubles={})
    case = ""
    made: list[dict[str, Any]] = []
    for event in events(build):
        if event["event"] == "trial_started":
            case = event["key"]["case"]
        if event["event"] == "trial_ended" and case in PRINTED:
            spread = 1 + len(made) % 7 / 1000
            figures = {name: one_match(value * spread) for name, value in PRINTED[case].items()}
            changed = change(case, figures) if change else figures
            event["facts"] |= {} if changed is None else {"figures": changed}
        made.append(event)
    write_events(folder, made)
    return load_run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return written(tmp_path_factory.mktemp("figures") / "first")


def test_they_are_columns_after_the_metrics_of_the_table(run):
    assert list(run.trials.columns)[-4:] == ["rows_per_s", "loss", "batch_ms", "replicas"]
    header, *rows = trials_csv(run).splitlines()
    assert header.endswith(",stop_killed,rows_per_s,loss,batch_ms,replicas")
    assert any(",20.0," in row for row in rows)
    values = run.trials.query("case == 'calibration'")["rows_per_s"]
    assert values.isna().all()


def test_they_are_judged_in_their_unit(run):
    found = {(one.case, one.id): one for one in run.verdicts}
    bad, good = found["bad", "rows_per_s"], found["good", "rows_per_s"]
    assert (bad.verdict, good.verdict) == (Outcome.FAIL, Outcome.PASS)
    assert bad.unit == "rows/s"
    assert bad.limit == ">= 200 rows/s"
    assert found["bad", "batch_ms"].verdict is Outcome.PASS
    assert found["bad", "batch_ms"].limit == "<= 1.50 s"


def test_they_are_compared_and_more_may_be_better(run):
    found = {one.metric: one for one in run.comparisons}
    assert found["rows_per_s"].difference is Difference.BETTER
    assert found["rows_per_s"].ratio == pytest.approx(3, rel=0.02)
    assert found["batch_ms"].difference is Difference.BETTER
    assert found["loss"].difference is Difference.INCONCLUSIVE
    assert found["loss"].reason == "has values below zero, which have no ratio"
    assert (found["rows_per_s"].title, found["rows_per_s"].unit) == ("rows per s", "rows/s")


def test_every_report_shows_them_with_their_unit(run):
    for text in (end_block(run), markdown_text(run).replace("\\", ""), html_text(run, [])):
        assert "rows per s" in text
        assert "rows/s" in text
    assert "300 rows/s" in end_block(run)
    assert "20.1 ms" in end_block(run)


def test_the_page_says_where_they_come_from(run):
    assert "bench has not measured it" in html_text(run, [])


@pytest.mark.slow
def test_only_what_an_axis_from_zero_can_show_is_drawn(run):
    (spread,) = [one for one in make_plots(run) if one.name == "distributions-cold"]
    assert "rows per s: " in spread.alt
    assert "loss" not in spread.alt


def test_run_json_fits_its_schema(run):
    path = Path(bench.results.__file__).with_name("run.v2.schema.json")
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(run_document(run))) == []


def test_what_never_appeared_is_absent_and_said(tmp_path):
    silent = written(tmp_path / "silent", lambda case, figures: {} if case == "bad" else figures)
    assert silent.trials.query("case == 'bad'")["loss"].isna().all()
    found = {(one.case, one.id): one for one in silent.verdicts}
    assert found["bad", "rows_per_s"].verdict is Outcome.NOT_MEASURED
    assert silent.exit_code == 3
    assert any(
        one.startswith("rows_per_s did not appear in the output of bad in ")
        and one.endswith("so the scenario's pattern may be wrong")
        for one in warnings(silent)
    )


def test_a_match_that_was_no_number_is_said(tmp_path):
    def diverged(case: str, figures: dict[str, Any]) -> dict[str, Any]:
        odd = dataclasses.asdict(Matches("last").with_number(1.0).with_oddity("nan"))
        return figures | ({"loss": odd} if case == "good" else {})

    found = written(tmp_path / "diverged", diverged)
    assert found.trials.query("case == 'good'")["loss"].isna().all()
    assert any("loss of good was not a number" in one and "'nan'" in one for one in warnings(found))


def test_an_output_that_was_not_read_to_its_end_is_said(tmp_path):
    found = written(tmp_path / "unread", lambda case, figures: None if case == "bad" else figures)
    assert any("the output of bad was not read to its end" in one for one in warnings(found))


def test_a_margin_may_be_put_on_one(tmp_path):
    written(tmp_path / "first")
    slower = written(
        tmp_path / "second",
        lambda _, figures: figures | {"rows_per_s": one_match(figures["rows_per_s"]["last"] / 2)},
    )
    assert slower.metrics["rows_per_s"].unit == "rows/s"
    arguments = ["first:good", "second:good", "--out", str(tmp_path)]
    assert CliRunner().invoke(compare, [*arguments, "--fail-on", "rows_per_s:10%"]).exit_code == 1
    assert CliRunner().invoke(compare, [*arguments, "--fail-on", "rows_per_s:60%"]).exit_code == 0


def test_one_name_for_two_things_is_not_compared(run, tmp_path):
    metrics = METRICS | {"loss": {**METRICS["loss"], "better": "higher"}}
    other = written(tmp_path / "other", metrics=metrics)
    assert "loss has another unit or direction" in differences(run, other, ("good", "good"))
    found = compare_runs(run, other, [("good", "good")])
    assert "loss" not in {one.metric for one in found}
    assert "rows per s" in comparisons_text(found, everything=True)
