"""The verdicts of a run as SARIF."""

from __future__ import annotations

import json

import pytest
from sarif_pydantic import Sarif

from bench.report.text.sarif import run_sarif
from bench.results.run import load_run
from tests.journals import CRASHED, Build, events, write_events


@pytest.fixture(scope="module", params=[{}, {"troubles": CRASHED}], ids=["plain", "crashed"])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return load_run(write_events(folder, events(Build(rounds=2, **request.param))))


def test_it_is_a_sarif_log(run):
    Sarif.model_validate_json(run_sarif(run))


def test_each_verdict_is_one_result_and_only_a_failure_has_a_level(run):
    (log,) = json.loads(run_sarif(run))["runs"]
    rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    kinds = {"pass": "pass", "fail": "fail", "inconclusive": "review", "error": "open"}
    kinds["not-measured"] = "notApplicable"
    assert len(log["results"]) == len(run.verdicts) > 5
    for result, verdict in zip(log["results"], run.verdicts, strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == verdict.id
        assert result["kind"] == kinds[verdict.verdict]
        failed = result["kind"] == "fail"
        assert (result["level"] != "none") is failed
        assert ("suppressions" in result) is (failed and verdict.expected)
        assert verdict.reason.rstrip(".") in result["message"]["text"]
    assert len({json.dumps(it["partialFingerprints"]) for it in log["results"]}) == len(
        log["results"]
    )


def test_nothing_that_failed_is_shown_as_a_pass(run):
    (log,) = json.loads(run_sarif(run))["runs"]
    passed = sum(it["kind"] == "pass" for it in log["results"])
    assert passed == sum(verdict.verdict == "pass" for verdict in run.verdicts)
