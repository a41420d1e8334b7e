"""docs/scenario.md is true to the code."""

import re
from pathlib import Path

from pydantic import BaseModel

from bench.scenario import model as models
from bench.scenario.loading.foreign_keys import UNBUILT
from bench.scenario.loading.load import parse_scenario_text
from bench.yamldoc.parse import DEEPEST, MOST_NODES
from bench.yamldoc.source import MOST_LINES

PAGE = (Path(__file__).parents[2] / "docs" / "scenario.md").read_text(encoding="utf-8")

EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_worked_example_is_a_good_scenario():
    example, *_ = EXAMPLES
    scenario = parse_scenario_text(example, "docs/scenario.md", environ={}).scenario
    assert scenario.cases["bad"].environment == {"LOG_LEVEL": "info"}
    assert scenario.cases["good"].environment == {}


def test_the_examples_of_metrics_excerpts_matrix_processes_and_load_are_good(tmp_path):
    _, metrics, excerpts, matrix, process, load, ready = EXAMPLES
    head = "version: 1\nname: t\ndefaults: {image: x, ready: {exit: true}}\ncases:\n"
    measured = parse_scenario_text(f"{head}  a:\n{metrics}", "docs/scenario.md").scenario
    assert list(measured.own_metrics) == ["epoch_s", "rows_per_s"]
    shown = parse_scenario_text(f"{head}  a:\n{excerpts}", "docs/scenario.md").scenario
    assert list(shown.cases["a"].excerpts) == ["profile"]
    asked = parse_scenario_text(
        f"version: 1\nname: t\ncases: {{a: {{}}}}\ndefaults:\n  image: x\n{ready}",
        "docs/scenario.md",
    ).scenario
    assert asked.cases["a"].ready.attempt_timeout == 2.0
    cases = parse_scenario_text(f"{head}{matrix}", "docs/scenario.md").scenario.cases
    assert len(cases) == 8
    assert {"disk.free", "disk.slow", "app.memory-64m.WORKERS-1"} <= set(cases)
    (tmp_path / "images" / "app").mkdir(parents=True)
    (tmp_path / "scenarios").mkdir()
    bare = parse_scenario_text(
        f"version: 1\nname: t\ndefaults: {{ready: {{exit: true}}}}\ncases:\n{process}",
        "docs/scenario.md",
        folder=tmp_path / "scenarios",
    )
    assert bare.scenario.cases["bare"].host is not None
    (tmp_path / "images" / "load").mkdir()
    (tmp_path / "images" / "load" / "Dockerfile").touch()
    shop = parse_scenario_text(
        f"version: 1\nname: t\ncases:\n{load}", "docs/scenario.md", folder=tmp_path / "scenarios"
    )
    assert list(shop.scenario.own_metrics) == ["latency_p95_ms"]


def test_every_key_is_named():
    keys = {
        field.alias or key
        for one in vars(models).values()
        if isinstance(one, type) and issubclass(one, BaseModel)
        for key, field in one.model_fields.items()
    }
    words = re.findall(r"`[^`]+`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    named = set(re.findall(r"\w+", " ".join(words)))
    assert len(keys) > 70
    assert keys - named == set()
    assert UNBUILT - named == set()


def test_bounds_are_the_code_s():
    bounds = f"{MOST_LINES:,} lines and {MOST_NODES:,} values, and at most {DEEPEST} levels"
    assert bounds in " ".join(PAGE.split())


def test_defaults_in_the_tables_are_the_code_s():
    defaults = dict(re.findall(r"^\| `(\w+)` \| .* \| `([^`]+)` \|$", PAGE, flags=re.MULTILINE))
    text = (
        "version: 1\nname: t\ncases: {{a: {{image: x, ready: {{exit: true{ready}}}{case}}}}}\n"
        "thresholds: {{startup_s: {{limit: '< 3s'{threshold}}}}}\n"
    )
    in_case = [key for key in models.Case.model_fields if key in defaults]
    in_ready = [key for key in ("timeout", "interval", "attempt_timeout") if key in defaults]
    in_threshold = [key for key in ("over", "arm", "severity", "required") if key in defaults]
    assert len(in_case) >= 8
    assert (len(in_ready), len(in_threshold)) == (3, 4)

    def written(keys: list[str]) -> str:
        return "".join(f", {key}: {defaults[key]}" for key in keys)

    bare = parse_scenario_text(text.format(ready="", case="", threshold=""), "bare")
    full = parse_scenario_text(
        text.format(
            ready=written(in_ready), case=written(in_case), threshold=written(in_threshold)
        ),
        "full",
    )
    assert full.scenario == bare.scenario
