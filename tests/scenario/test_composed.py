"""Cases that are stacks: what a scenario says of a Compose file, and what of it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.scenario.compose_case import StackVolumes
from bench.scenario.loading.load import parse_scenario_text
from tests.scenario.marked import one_fault

if TYPE_CHECKING:
    from pathlib import Path

    from bench.scenario.loading.load import LoadedScenario

STACK = "services: {db: {image: postgres}, web: {image: nginx, depends_on: [db]}}\n"
HEAD = "version: 1\nname: t\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "compose.yaml").write_text(STACK)
    return tmp_path


def load(folder: Path, text: str) -> LoadedScenario:
    return parse_scenario_text(HEAD + text, "s.yaml", folder=folder, environ={})


def test_the_file_alone_stands_for_it(folder):
    loaded = load(folder, "cases: {shop: {compose: app/compose.yaml}}")
    use = loaded.scenario.cases["shop"].compose
    assert use is not None
    assert (use.file, use.services, use.volumes) == (["app/compose.yaml"], [], StackVolumes.EMPTY)
    assert [one.name for one in loaded.stacks["shop"].members] == ["db", "web"]


def test_the_tree_gives_an_equal_scenario_again(folder):
    loaded = load(folder, "cases: {shop: {compose: app/compose.yaml}}")
    again = type(loaded.scenario).model_validate(loaded.tree)
    assert again == loaded.scenario


def test_in_full(folder):
    text = """
cases:
  shop:
    cache: [cold, warm]
    compose:
      file: app/compose.yaml
      services: [db]
      ready: {db: {tcp: {port: 5432}}}
      volumes: filled
      timeout: 1m
"""
    loaded = load(folder, text)
    use = loaded.scenario.cases["shop"].compose
    assert use is not None
    assert use.ready["db"].uses("tcp")
    assert (use.volumes, use.timeout) == (StackVolumes.FILLED, 60.0)
    assert [one.name for one in loaded.stacks["shop"].members] == ["db"]


def test_of_the_defaults_a_stack_takes_what_is_not_said_of_one_container(folder):
    text = (
        "defaults: {image: x, repeat: 3, ready: {tcp: {port: 1}}, limits: {memory: 1g}}\n"
        "cases: {shop: {compose: app/compose.yaml}, one: {}}"
    )
    shop = load(folder, text).scenario.cases["shop"]
    assert (shop.repeat, shop.image, shop.limits) == (3, None, None)


def test_a_matrix_may_measure_it_in_two_ways(folder):
    text = (
        "cases: {shop: {compose: {file: app/compose.yaml}, "
        "matrix: {compose.volumes: [empty, filled]}}}"
    )
    assert list(load(folder, text).stacks) == ["shop.empty", "shop.filled"]


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        ("«image: x, compose: app/compose.yaml", "`image` has no meaning beside `compose`"),
        ("«limits: {cpus: 1}, compose: app/compose.yaml", "`limits` has no meaning beside"),
        ("«ready: {tcp: {port: 1}}, compose: app/compose.yaml", "`ready` has no meaning beside"),
        ("«replicas: 3, compose: app/compose.yaml", "`replicas` has no meaning beside"),
        ("cache: «base, compose: app/compose.yaml", "is for one image"),
        ("observe: «exit, compose: app/compose.yaml", "is observed for a time"),
        ("compose: {file: app/compose.yaml, ready: {«wbe: {tcp: {port: 1}}}}", "no service 'wbe'"),
        ("compose: {file: app/compose.yaml, ready: {web: «{}}}", "no probe named"),
        ("compose: {file: app/compose.yaml, volumes: «kept}", "'kept' is not known here"),
        ("compose: {«fiel: x, file: app/compose.yaml}", "unknown key `fiel`"),
    ],
)
def test_the_fault_is_where_it_stands(folder, marked, message):
    text = f"{HEAD}cases: {{shop: {{{marked}}}}}"
    if "web: «{}" in text:
        text = text.replace("web: «{}", "«web: {}")
    assert message in one_fault(text, folder).message


def test_faults_of_the_compose_file_have_its_name_and_line(folder):
    (folder / "app" / "compose.yaml").write_text("services:\n  web: {image: x, comand: y}\n")
    from bench.core.errors import ScenarioError

    with pytest.raises(ScenarioError) as raised:
        load(folder, "cases: {shop: {compose: app/compose.yaml}}")
    (fault,) = raised.value.diagnostics
    assert (fault.file, fault.line) == (str(folder / "app" / "compose.yaml"), 2)
