"""Defaults merged into cases."""

import json
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scenario.loading.load import parse_scenario_text
from tests.scenario.marked import one_fault


def case_of(text: str, **environ: str) -> dict[str, Any]:
    """The case `a` of the resolved tree of this scenario."""
    head = "version: 1\nname: t\n"
    loaded = parse_scenario_text(head + textwrap.dedent(text), "s.yaml", environ=environ)
    case: dict[str, Any] = loaded.tree["cases"]["a"]
    return case


def test_a_case_has_what_the_defaults_give_and_its_own_wins():
    case = case_of("""\
        defaults: {repeat: 3, warmup: 1, ready: {exit: true}, limits: {cpus: 4, memory: 8g}}
        cases: {a: {image: x, warmup: 2, limits: {memory: 1g, pids: 9}}}
        """)
    assert case == {
        "image": "x",
        "warmup": 2,
        "limits": {"memory": "1g", "pids": 9, "cpus": 4},
        "repeat": 3,
        "ready": {"exit": True},
    }


@pytest.mark.parametrize(
    ("key", "default", "own"),
    [
        ("warmup", "5", 0),
        ("read_only", "true", False),
        ("init", "true", False),
        ("command", "[a]", ""),
        ("command", "[a]", []),
        ("entrypoint", "a", []),
        ("volumes", "[a]", []),
        ("stop_grace_period", "3s", "0s"),
    ],
)
def test_a_case_s_falsy_value_wins_over_the_default(key, default, own):
    case = case_of(
        f"defaults: {{ready: {{exit: true}}, {key}: {default}}}\n"
        f"cases: {{a: {{image: x, {key}: {json.dumps(own)}}}}}\n"
    )
    assert case[key] == own
    assert type(case[key]) is type(own)


@pytest.mark.parametrize(
    ("key", "value"), [("warmup", 0), ("read_only", False), ("command", ""), ("volumes", [])]
)
def test_a_default_s_falsy_value_reaches_the_case(key, value):
    case = case_of(
        f"defaults: {{ready: {{exit: true}}, {key}: {json.dumps(value)}}}\n"
        "cases: {a: {image: x}}\n"
    )
    assert case[key] == value


def test_an_empty_variable_wins_over_the_default():
    case = case_of("""\
        defaults: {ready: {exit: true}, environment: {A: x, B: y}}
        cases: {a: {image: x, environment: {A: ""}}}
        """)
    assert case["environment"] == {"A": "", "B": "y"}


def test_null_takes_a_default_away():
    case = case_of("""\
        defaults: {ready: {exit: true, timeout: 3s}, command: x, environment: {A: x, B: y}}
        cases: {a: {image: x, command: null, ready: {timeout: ~}, environment: {A: }}}
        """)
    assert "command" not in case
    assert case["ready"] == {"exit": True}
    assert case["environment"] == {"B": "y"}


def test_null_without_a_default_is_a_fault():
    marked = (
        "version: 1\nname: t\ndefaults: {ready: {exit: true}}\n"
        "cases: {a: {image: x, «command: null}}\n"
    )
    assert one_fault(marked).message == "`command` has no value"


def test_an_image_leaves_the_default_build_behind_and_the_other_way_round(tmp_path):
    (tmp_path / "Dockerfile").touch()
    case = case_of("""\
        defaults: {build: ./nowhere, ready: {exit: true}}
        cases: {a: {image: x}}
        """)
    assert "build" not in case

    text = (
        "version: 1\nname: t\ndefaults: {image: x, ready: {exit: true}}\ncases: {a: {build: .}}\n"
    )
    tree = parse_scenario_text(text, "s.yaml", folder=tmp_path).tree
    assert "image" not in tree["cases"]["a"]


def test_a_build_written_short_merges_with_one_written_long(tmp_path):
    (tmp_path / "good").touch()
    text = (
        "version: 1\nname: t\ndefaults: {build: ., ready: {exit: true}}\n"
        "cases: {a: {build: {dockerfile: good}}}\n"
    )
    tree = parse_scenario_text(text, "s.yaml", folder=tmp_path).tree
    assert tree["cases"]["a"]["build"] == {"dockerfile": "good", "context": "."}


@pytest.mark.parametrize("probe", ["log: done", "all: [{exit: true}]", "exit: true"])
def test_a_case_s_probe_replaces_the_default_probe_and_keeps_its_timeout(probe):
    case = case_of(f"""\
        defaults: {{ready: {{http: {{port: 80}}, timeout: 9s}}}}
        cases: {{a: {{image: x, ready: {{{probe}}}}}}}
        """)
    assert set(case["ready"]) == {probe.partition(":")[0], "timeout"}
    assert case["ready"]["timeout"] == "9s"


def test_the_same_probe_merges_key_by_key():
    case = case_of("""\
        defaults: {ready: {http: {port: 80, path: /x}}}
        cases: {a: {image: x, ready: {http: {port: 81}}}}
        """)
    assert case["ready"] == {"http": {"port": 81, "path": "/x"}}


@pytest.mark.parametrize("probe", ["http", "tcp", "grpc"])
def test_a_socket_leaves_the_default_port_behind_and_the_other_way_round(probe):
    text = (
        f"version: 1\nname: t\ndefaults: {{image: x, ready: {{{probe}: {{port: 80}}}}}}\n"
        f"cases: {{a: {{ready: {{{probe}: {{socket: /run/x}}}}}}}}\n"
    )
    for one in (text, text.replace("port: 80", "socket: /y").replace("socket: /run/x", "port: 8")):
        endpoint = parse_scenario_text(one, "s.yaml").scenario.cases["a"].ready.endpoint
        assert endpoint is not None
        assert (endpoint.port, endpoint.socket) in [(None, "/run/x"), (8, None)]


def test_lists_are_replaced_and_environments_merge_in_either_form():
    case = case_of("""\
        defaults: {ready: {exit: true}, volumes: [/a, /b], environment: [A=1, B=2]}
        cases: {a: {image: x, volumes: [/c], environment: {B: 3}}}
        """)
    assert case["volumes"] == ["/c"]
    assert case["environment"] == {"B": "3", "A": "1"}


def test_yaml_s_own_merge_key_works_and_x_keys_are_dropped_everywhere():
    case = case_of("""\
        x-base: &base {image: x, command: [a], ready: &ready {exit: true, x-why: batch}}
        cases:
          x-not-a-case: 3
          a: {<<: *base, command: [b], x-note: '${NOPE}'}
        """)
    assert case == {"command": ["b"], "image": "x", "ready": {"exit": True}}


def test_variables_of_the_environment_may_begin_with_x():
    case = case_of("cases: {a: {image: x, ready: {exit: true}, environment: {x-a: 1}}}")
    assert case["environment"] == {"x-a": "1"}


@pytest.mark.parametrize("written", ["1.10", "012", "1e3", "no", "True", "0x1F", "1:30", "1_000"])
def test_a_variable_reaches_the_container_as_it_is_written(written):
    case = case_of(
        f"cases: {{a: {{image: x, ready: {{exit: true}}, environment: {{V: {written}}}}}}}"
    )
    assert case["environment"] == {"V": written}


@pytest.mark.parametrize(
    ("written", "value"),
    [("012", 12), ("0o14", 12), ("0x0c", 12), ("+12", 12)],
)
def test_numbers_are_yaml_1_2(written, value):
    case = case_of(f"cases: {{a: {{image: x, ready: {{exit: true}}, repeat: {written}}}}}")
    assert case["repeat"] == value


def test_words_are_yaml_1_2():
    head = "version: 1\nname: no\ndescription: on\n"
    text = f"{head}cases: {{off: {{image: 1:30, ready: {{exit: true}}}}}}"
    scenario = parse_scenario_text(text, "s.yaml").scenario
    assert (scenario.name, scenario.description) == ("no", "on")
    assert scenario.cases["off"].image == "1:30"


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "repeat": st.integers(1, 100),
        "warmup": st.integers(0, 9),
        "init": st.booleans(),
        "command": st.one_of(st.just(""), st.lists(st.sampled_from(["a", "b"]), max_size=2)),
        "limits": st.fixed_dictionaries(
            {}, optional={"pids": st.integers(1, 9), "memory": st.sampled_from(["1g", "2g"])}
        ),
        "sample": st.just({"interval": "30ms"}),
    },
)


@given(SETTINGS, SETTINGS)
def test_merging_takes_the_case_s_value_at_every_key_and_else_the_default_s(defaults, own):
    tree = {
        "version": 1,
        "name": "t",
        "defaults": {"ready": {"exit": True}, **defaults},
        "cases": {"a": {"image": "x", **own}},
    }
    merged = parse_scenario_text(json.dumps(tree), "s.yaml").tree["cases"]["a"]
    limits = {**defaults.get("limits", {}), **own.get("limits", {})}
    expected = {"image": "x", "ready": {"exit": True}, **defaults, **own}
    if "limits" in expected:
        expected["limits"] = limits
    assert merged == expected
