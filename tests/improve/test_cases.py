"""Scenarios of variants have all of the case that they come from."""

from __future__ import annotations

import pytest

from bench.core.errors import UsageError
from bench.improve.cases import as_yaml, basis_of, with_whole_paths
from bench.scenario.loading.load import load_scenario, parse_scenario_text

TEXT = """
version: 1
name: shop
checklist: cloud-native
link: 50mbit
services:
  index: {build: {context: index}, ready: {tcp: {port: 80}}}
defaults:
  repeat: 3
  limits: {memory: 1g}
  ready: {http: {port: 8080, path: /healthz}}
cases:
  web:
    build: {context: web, dockerfile: bad.Dockerfile, args: {A: "1"}}
    environment: {PRICE: "5$$"}
    expect: {fail: [CI-3]}
  other: {image: "x:1"}
compare: {baseline: web, candidates: [other]}
"""


@pytest.fixture
def loaded(tmp_path):
    for name in ("web", "index"):
        (tmp_path / name).mkdir()
        for file in ("Dockerfile", "bad.Dockerfile"):
            (tmp_path / name / file).write_text("FROM a:1\n")
    (tmp_path / "s.yaml").write_text(TEXT)
    return load_scenario(tmp_path / "s.yaml")


def test_each_variant_is_a_case_like_the_one_it_comes_from(loaded):
    builds = {"original": {"context": "web", "dockerfile_inline": "FROM b:1\n"}}
    scenario = basis_of(loaded, "web", None).scenario("improve", builds, judged=False).scenario
    case = scenario.cases["original"]
    assert case.build is not None
    assert (case.build.dockerfile_inline, dict(case.build.args)) == ("FROM b:1\n", {"A": "1"})
    assert (case.repeat, case.environment, case.expect) == (3, {"PRICE": "5$"}, None)
    assert (list(scenario.cases), list(scenario.services)) == (["original"], ["index"])
    assert scenario.link is not None
    assert scenario.checklist is None


def test_a_busy_host_is_no_reason_not_to_try_whether_an_image_works(loaded):
    basis, builds = basis_of(loaded, "web", None), {"original": {"context": "web"}}
    assert basis.scenario("s", builds, judged=False).tree["max_other_load"] == "any"
    assert "max_other_load" not in basis.scenario("s", builds, judged=True).tree


def test_only_the_rule_about_memory_is_judged_beside_the_scenarios_thresholds(loaded):
    builds = {"original": {"context": "web"}}
    tree = basis_of(loaded, "web", 2).scenario("improve", builds, judged=True).tree
    assert "CI-7" not in tree["checks"]
    assert set(tree["checks"].values()) == {"off"}
    assert tree["cases"]["original"]["repeat"] == 2


def test_the_scenario_of_the_result_is_read_from_anywhere(loaded, tmp_path):
    builds = {
        "original": {"context": str(tmp_path / "web"), "dockerfile_inline": "FROM b\nRUN $A\n"}
    }
    made = basis_of(loaded, "web", None).scenario("improve", builds, judged=True)
    text = as_yaml(with_whole_paths(made.tree, made.folder))
    again = parse_scenario_text(text, "improve.yaml", folder=tmp_path / "elsewhere").scenario
    index = again.services["index"].build
    assert index is not None
    assert index.context == str(tmp_path / "index")
    build = again.cases["original"].build
    assert build is not None
    assert build.dockerfile_inline == "FROM b\nRUN $A\n"
    assert again.cases["original"].environment == {"PRICE": "5$"}


@pytest.mark.parametrize(
    ("case", "words"), [("", "several cases"), ("x", "no such case"), ("other", "not built")]
)
def test_a_case_that_cannot_be_improved_is_refused(case, words, loaded):
    with pytest.raises(UsageError, match=words):
        basis_of(loaded, case, None)
