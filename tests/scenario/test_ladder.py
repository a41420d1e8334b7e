"""`ladder:` of a scenario: the cases that its rungs become, and what is refused of it."""

from __future__ import annotations

import pytest

from bench.core.errors import UsageError
from bench.scenario.loading.load import LoadedScenario, parse_scenario_text
from bench.scenario.model import Scenario
from tests.scenario.marked import faults_in, one_fault

HEAD = """
version: 1
name: s
checklist: cloud-native
thresholds: {startup_s: "<= 9s"}
services: {index: {image: x, ready: {exit: true}}}
cases:
  bad:
    build: {context: web, dockerfile: bad.Dockerfile, args: {A: "1"}}
    ready: {tcp: {port: 80}}
    expect: {fail: [CI-3]}
  good: {build: web, ready: {tcp: {port: 80}}}
  stack: {image: y, ready: {exit: true}}
compare: {baseline: bad, candidates: [good]}
"""
DOCKERFILE = "FROM a\nCMD b\n"
PATCH = "@@ -1,2 +1,2 @@\n FROM a\n-CMD b\n+CMD c\n"
NEXT = "@@ -2 +2 @@\n-CMD c\n+CMD d\n"


@pytest.fixture
def folder(tmp_path):
    web = tmp_path / "web"
    web.mkdir()
    for name in ("Dockerfile", "bad.Dockerfile", "slim.Dockerfile"):
        (web / name).write_text(DOCKERFILE)
    (tmp_path / "one.diff").write_text(PATCH)
    (tmp_path / "two.diff").write_text(NEXT)
    (tmp_path / "same.diff").write_text("@@ -1,2 +1,2 @@\n FROM a\n CMD b\n")
    return tmp_path


def loaded(folder, rungs: str, *overrides: str) -> LoadedScenario:
    text = f"{HEAD}ladder: {{from: bad, rungs: {{{rungs}}}}}\n"
    return parse_scenario_text(text, "s.yaml", folder=folder, overrides=overrides)


def builds(folder, rungs: str) -> dict[str, tuple[str, str | None, dict[str, str]]]:
    """Dockerfile, inline text and arguments of each case of the ladder."""
    cases = loaded(folder, rungs).of_ladder().scenario.cases
    return {
        name: (case.build.dockerfile, case.build.dockerfile_inline, case.build.args)
        for name, case in cases.items()
        if case.build
    }


def test_each_rung_is_the_case_before_it_with_one_change(folder):
    found = builds(
        folder,
        "a: {args: {B: '2'}}, b: {dockerfile: slim.Dockerfile}, c: {patch: one.diff}, "
        "d: {patch: two.diff}, e: {args: [A=3]}, f: {build: {context: web}}, good: {case: good}",
    )
    both = {"A": "1", "B": "2"}
    assert found == {
        "bad": ("bad.Dockerfile", None, {"A": "1"}),
        "a": ("bad.Dockerfile", None, both),
        "b": ("slim.Dockerfile", None, both),
        "c": ("Dockerfile", "FROM a\nCMD c\n", both),
        "d": ("Dockerfile", "FROM a\nCMD d\n", both),
        "e": ("Dockerfile", "FROM a\nCMD d\n", {"A": "3", "B": "2"}),
        "f": ("Dockerfile", None, {}),
        "good": ("Dockerfile", None, {}),
    }


def test_a_rung_has_everything_else_of_the_case_it_comes_from(folder):
    cases = loaded(folder, "a: {patch: one.diff}", "cases.bad.repeat=3").of_ladder().scenario.cases
    assert (cases["a"].repeat, cases["a"].ready) == (3, cases["bad"].ready)


def test_what_is_run_without_the_command_knows_nothing_of_the_ladder(folder):
    plain = loaded(folder, "a: {patch: one.diff}")
    without = parse_scenario_text(HEAD, "s.yaml", folder=folder)
    assert (plain.scenario, plain.tree) == (without.scenario, without.tree)


def test_a_ladder_is_judged_by_nothing_but_its_starts(folder):
    climbed = loaded(folder, "good: {case: good}").of_ladder()
    scenario = climbed.scenario
    assert (scenario.checklist, scenario.thresholds, scenario.compare) == (None, {}, None)
    assert all(case.expect is None for case in scenario.cases.values())
    assert list(scenario.services) == ["index"]
    assert Scenario.model_validate(climbed.tree) == scenario


def test_a_rung_may_be_shown_under_another_name_than_its_case(folder):
    scenario = loaded(folder, "end: {case: good}").of_ladder().scenario
    assert scenario.ladder is not None
    assert scenario.ladder.cases == {"bad": "bad", "end": "good"}
    assert list(scenario.cases) == ["bad", "good"]


def test_a_scenario_without_a_ladder_says_so(folder):
    with pytest.raises(UsageError, match="has no `ladder`"):
        parse_scenario_text(HEAD, "s.yaml", folder=folder).of_ladder()


@pytest.mark.parametrize(
    ("ladder", "message"),
    [
        ("{from: «bat, rungs: {a: {args: {A: '2'}}}}", "there is no case 'bat'"),
        ("{from: «stack, rungs: {a: {args: {A: '2'}}}}", "the case 'stack' is not built"),
        ("{from: bad, rungs: «{}}", "rungs"),
        ("{from: bad, rungs: {a: «{}}}", "needs one change"),
        ("{from: bad, rungs: {a: «{args: {A: '2'}, patch: one.diff}}}", "needs one change"),
        ("{from: bad, rungs: {«good: {args: {A: '2'}}}}", "there is a case 'good' already"),
        ("{from: bad, rungs: {«a: {args: {A: '1'}}}}", "'a' changes nothing"),
        ("{from: bad, rungs: {«a: {dockerfile: bad.Dockerfile}}}", "'a' changes nothing"),
        ("{from: bad, rungs: {a: {patch: «same.diff}}}", "the patch changes nothing"),
        ("{from: bad, rungs: {a: {case: «goof}}}", "there is no case 'goof'"),
        ("{from: bad, rungs: {«a: {case: bad}}}", "the ladder goes over 'bad' twice"),
        ("{from: bad, rungs: {a: {patch: «three.diff}}}", "there is no file 'three.diff'"),
        (
            "{from: bad, rungs: {a: {patch: «two.diff}}}",
            "two.diff:1: the patch does not apply: hunk",
        ),
        ("{from: bad, rungs: {a: {dockerfile: «x.Dockerfile}}}", "there is no file 'x.Dockerfile'"),
        ("{from: bad, rungs: {a: {build: {context: «wed}}}}", "there is no folder 'wed'"),
        (
            "{from: bad, rungs: {a: {case: stack}, b: {«patch: one.diff}}}",
            "changes the build of the rung before it, which has none",
        ),
    ],
)
def test_the_fault_is_where_it_stands(folder, ladder, message):
    assert message in one_fault(f"{HEAD}ladder: {ladder}\n", folder).message


def test_rungs_that_make_more_values_than_a_scenario_may_have_are_refused(folder):
    rungs = ", ".join(f"r{number}: {{args: {{A: '{number}x'}}}}" for number in range(1500))
    text = f"{HEAD}ladder: {{from: bad, rungs: {{{rungs}}}}}\n"
    wide = ", ".join(f"E{number}: x" for number in range(40))
    text = (
        text.replace("expect: {fail: [CI-3]}", f"environment: {{{wide}}}")
        .replace("rungs: {", "rungs: {\n  ")
        .replace("}, r", "},\n  r")
    )
    (fault,) = faults_in(text, folder)
    assert "values once the rungs are made" in fault.message


def test_a_patch_beside_an_ignore_file_of_that_dockerfile_alone_is_refused(folder):
    (folder / "web" / "bad.Dockerfile.dockerignore").write_text("*\n")
    text = f"{HEAD}ladder: {{from: bad, rungs: {{a: {{patch: «one.diff}}}}}}\n"
    assert "would not apply to the patched bad.Dockerfile" in one_fault(text, folder).message
