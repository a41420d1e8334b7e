"""Which cases of two runs were measured alike, as far as the scenario decides it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.results.comparable import all_notes, differences
from bench.scenario.model import Case

STACK = {"compose": {"file": "c.yaml", "ready": {"web": {"tcp": {"port": 80}}}}}
TOOL = {
    "image": "hey",
    "metrics": {"p99_ms": {"pattern": r"(\d+)", "unit": "ms", "better": "lower"}},
}
LOADED = {"image": "web", "ready": {"tcp": {"port": 80}}, "load": TOOL | {"command": "-q 40"}}


def run_of(folder: str, case: dict[str, Any], host: dict[str, Any] | None = None) -> Any:
    cases = {"a": Case.model_validate(case)}
    return SimpleNamespace(
        folder=Path(folder),
        header=SimpleNamespace(place={"host": host or {}, "engine": {}}),
        link="none",
        bases={},
        scenario=SimpleNamespace(cases=cases, own_metrics={}),
    )


def between(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return differences(cast("Any", run_of("one", one)), run_of("other", other), ("a", "a"))


def test_what_was_asked_for_alike_can_be_compared():
    assert between(STACK, STACK) == []
    assert between(LOADED, LOADED) == []


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"volumes": "filled"}, "the volumes at the start of the stack differ"),
        ({"ready": {}}, "the probes of the stack differ"),
        ({"services": ["web"]}, "the chosen services of the stack differ"),
        ({"profiles": ["gpu"]}, "the profiles of the stack differ"),
    ],
)
def test_stacks_that_start_otherwise_cannot(changed, what):
    assert between(STACK, {"compose": STACK["compose"] | changed}) == [what]


def test_another_load_is_another_question():
    harder = LOADED | {"load": TOOL | {"command": "-q 400"}}
    assert between(LOADED, harder) == ["they are put under another load"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"observe": "20s"}, "observe: 1.00 s against 20.0 s"),
        ({"observe": "exit"}, "observe: 1.00 s against exit"),
        ({"sample": {"interval": "500ms"}}, "sample.interval: 20.0 ms against 500 ms"),
    ],
)
def test_what_peaks_and_sums_depend_on_must_be_alike(changed, said):
    assert between(LOADED, LOADED | changed) == [said]


def test_so_is_another_registry():
    origin = {key: value for key, value in LOADED.items() if key != "load"}
    assert between(origin, origin | {"registry": "origin"}) == [
        "one is pulled from bench's own registry, the other from its origin"
    ]


def of_hosts(one: dict[str, Any], other: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What forbids comparing runs of two hosts, and what is only noted."""
    runs = run_of("one", STACK, one), run_of("other", STACK, other)
    return differences(*runs, ("a", "a")), all_notes(*runs)


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("memory_bytes", 25_000_000_000, 25_249_000_000),
        ("kernel", "6.1.0-25-amd64", "6.1.0-28-amd64"),
        ("kernel", "6.1.94", "6.1.112-generic"),
    ],
)
def test_what_hardly_changes_a_figure_is_a_note(key, before, after):
    refused, noted = of_hosts({key: before}, {key: after})
    assert refused == []
    (note,) = noted
    assert str(before) in note
    assert str(after) in note


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("memory_bytes", 25_000_000_000, 25_300_000_000),
        ("memory_bytes", None, 25_000_000_000),
        ("kernel", "6.1.0-25-amd64", "6.12.0-1-amd64"),
        ("kernel", "5.1.3", "6.1.3"),
        ("kernel", "custom", "another"),
        ("cores", 8, 9),
    ],
)
def test_what_changes_figures_is_refused(key, before, after):
    refused, noted = of_hosts({key: before}, {key: after})
    assert len(refused) == 1
    assert noted == []
