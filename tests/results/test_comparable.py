"""Which cases of two runs were measured alike, as far as the scenario decides it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.results.comparable import differences
from bench.scenario.model import Case

STACK = {"compose": {"file": "c.yaml", "ready": {"web": {"tcp": {"port": 80}}}}}
TOOL = {
    "image": "hey",
    "metrics": {"p99_ms": {"pattern": r"(\d+)", "unit": "ms", "better": "lower"}},
}
LOADED = {"image": "web", "ready": {"tcp": {"port": 80}}, "load": TOOL | {"command": "-q 40"}}


def run_of(folder: str, case: dict[str, Any]) -> Any:
    cases = {"a": Case.model_validate(case)}
    return SimpleNamespace(
        folder=Path(folder),
        header={"host": {}, "engine": {}},
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


def test_so_is_another_registry():
    origin = {key: value for key, value in LOADED.items() if key != "load"}
    assert between(origin, origin | {"registry": "origin"}) == [
        "one is pulled from bench's own registry, the other from its origin"
    ]
