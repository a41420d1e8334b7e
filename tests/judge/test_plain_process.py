"""What is judged of a plain process, and what cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.judge.model import Outcome
from bench.judge.verdicts import exit_code
from tests.judge.build import CLOUD_NATIVE, MIB, need, scenario, trial, verdicts

if TYPE_CHECKING:
    from bench.judge.model import Verdict
    from bench.scenario.model import Scenario

PROCESS = {"image": None, "host": {"command": ["serve"]}, "cache": "warm"}


def plain(**top: object) -> Scenario:
    return scenario(PROCESS, **top)


def judged(one: Scenario, **figures: float) -> dict[str, Verdict]:
    trials = [
        trial(number, cache="warm", figures={"ready_s": 0.5} | figures) for number in range(6)
    ]
    found = verdicts(one, [*trials, *need(100 * MIB, 50 * MIB, 1.0)], checklist=CLOUD_NATIVE)
    return {verdict.id: verdict for verdict in found}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("CI-3", "shares the host's network"),
        ("CI-4", "has no image"),
        ("CI-5", "nothing is pulled"),
        ("RS-3.1", "does not scale out"),
    ],
)
def test_what_only_a_container_has_is_not_measured_and_not_required(row, why):
    verdict = judged(plain())[row]
    assert verdict.verdict is Outcome.NOT_MEASURED
    assert not verdict.required
    assert why in verdict.reason


def test_what_it_needs_is_judged_as_of_a_container():
    found = judged(plain())
    assert found["CI-7"].verdict is Outcome.PASS
    assert found["CI-8"].verdict is Outcome.PASS
    assert exit_code(tuple(found.values())) == 0


def test_a_start_without_a_pull_is_judged_where_that_is_asked():
    limits = {"startup_s": {"limit": "<= 3s", "cache": "warm"}, "ready_s": "<= 1s"}
    found = judged(plain(thresholds=limits), startup_s=2.0)
    assert found["startup_s"].verdict is Outcome.PASS
    assert found["ready_s"].verdict is Outcome.PASS


@pytest.mark.parametrize(
    ("name", "limit"),
    [("image_size_bytes", "<= 1MiB"), ("pull_s", "<= 1s"), ("net_rx_bytes", "<= 1MiB")],
)
def test_thresholds_on_what_it_has_not_do_not_fail_it(name, limit):
    found = judged(plain(thresholds={name: limit}))
    row = "CI-4" if name == "image_size_bytes" else name
    assert found[row].verdict is Outcome.NOT_MEASURED
    assert exit_code(tuple(found.values())) == 0


def test_one_whose_setup_failed_is_an_error():
    found = verdicts(
        plain(thresholds={"ready_s": "<= 1s"}),
        [],
        checklist=None,
        failed_images={"app": "setup of app: make ended with code 2"},
    )
    assert [one.id for one in found] == ["ready_s", "READY"]
    for verdict in found:
        assert verdict.verdict is Outcome.ERROR
        assert "its setup failed: setup of app" in verdict.reason
