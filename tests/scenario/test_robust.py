"""Whatever a file holds, reading it ends soon, and in a scenario or a ScenarioError."""

import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.core.errors import Diagnostic, ScenarioError
from bench.scenario.loading.load import load_scenario, parse_scenario_text
from bench.scenario.model import Scenario
from tests.scenario.examples import EVERYTHING, QUICKSTART, prepare
from tests.scenario.marked import CASE, faults_in, scenario

SOON_S = 5.0
MIB = 2**20

FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refused(path: Path) -> Diagnostic:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (fault,) = caught.value.diagnostics
    assert fault.file == str(path)
    return fault


def test_a_file_that_is_not_there_suggests_its_neighbour(tmp_path):
    (tmp_path / "quickstart.yaml").touch()
    fault = refused(tmp_path / "quickstrat.yaml")
    assert (fault.line, fault.col, fault.message) == (1, 1, "no such file")
    assert fault.suggestion == "did you mean `quickstart.yaml`?"
    assert "there is no folder" in refused(tmp_path / "none" / "x.yaml").suggestion


def test_a_file_that_is_like_none_beside_it_names_those(tmp_path):
    assert (
        refused(tmp_path / "somewhere-else.yaml").suggestion
        == f"there is no YAML file in {tmp_path}"
    )
    for name in ("second.yml", "first.yaml", "notes.txt"):
        (tmp_path / name).touch()
    assert (
        refused(tmp_path / "somewhere-else.yaml").suggestion
        == f"in {tmp_path} there are first.yaml, second.yml"
    )


def test_folders_and_odd_names_are_refused(tmp_path):
    assert refused(tmp_path).message == "a folder, not a file"
    assert "too long" in refused(tmp_path / ("x" * 300)).message
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(Path("a\0b"))


def test_a_pipe_that_nobody_writes_to_does_not_hold_it_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe").message == "the file is empty"


@pytest.mark.parametrize(
    ("data", "message", "line", "col"),
    [
        (b"", "the file is empty", 1, 1),
        (b"\xef\xbb\xbf", "the file is empty", 1, 1),
        (b"name: x\nfoo: \xff\n", "not UTF-8 text (byte 0xff)", 2, 6),
        (b"\xff\xfen\0a\0m\0e\0", "not UTF-8 text (byte 0xff)", 1, 1),
        (b"name: \xed\xa0\x80", "not UTF-8 text (byte 0xed)", 1, 7),
        (b"version: 1\nname: a\0b\n", "a NUL byte: this is not a text file", 2, 8),
        (b"\x7fELF\x02\x01\x01\0", "a NUL byte: this is not a text file", 1, 8),
        (b"name: " + b"x" * 30_000, "a line of more than 20000 characters", 1, 20_001),
    ],
)
def test_what_is_no_text_is_refused_where_it_begins(tmp_path, data, message, line, col):
    (tmp_path / "s.yaml").write_bytes(data)
    fault = refused(tmp_path / "s.yaml")
    assert (fault.message, fault.line, fault.col) == (message, line, col)


def test_only_files_up_to_8_mib_are_read(tmp_path):
    path = tmp_path / "s.yaml"
    text = scenario(rest="#" + "x" * 9_000 + "\n")
    line = "#" * 999 + "\n"
    path.write_text(text + line * ((8 * MIB - len(text)) // len(line)))
    assert load_scenario(path).scenario.name == "t"
    with path.open("a") as file:
        file.write(line)
    assert refused(path).message == "larger than 8 MiB"


LARGE = {
    "10 MiB of garbage": "\x85 {[&*" * (10 * MIB // 7),
    "10,000 brackets": "[" * 10_000,
    "10,000 braces": "{" * 10_000,
    "10,000 dashes": "- " * 9_999,
    "10,000 levels": "\n".join(" " * min(depth, 9_000) + "a:" for depth in range(140)),
    "questions": "? " * 9_999,
    "brackets in lines": "[\n" * 10_000,
    "aliases of aliases": "a0: &a0 [x, x]\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 100)),
    "billion laughs": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)),
    "merged laughs": "a0: &a0 {b: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}, c: *a{n - 1}}}\n" for n in range(1, 60)),
    "a chain of aliases": "a0: &a0 [x]\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
    "long tags": f"a: !{'x' * 19_000}\n" * 50,
    "an unclosed quote": 'a: "' + "x\n" * 19_000,
    "many lines": "x\n" * 500_000,
    "many keys": "".join(f"k{n}: [v, v]\n" for n in range(19_999)),
    "deep default": scenario(rest="description: '" + "${A:-" * 3_000 + "}" * 3_000 + "'"),
    "long pattern": scenario(f"cases: {{a: {{image: x, ready: {{log: '{'(' * 9_000}'}}}}}}"),
    "defaults for many": "version: 1\nname: t\ndefaults: {environment: {"
    + ",\n".join(f"v{n}: 1" for n in range(1000))
    + "}}\ncases:\n"
    + "".join(f"  c{n}: {CASE}\n" for n in range(100)),
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_no_file_takes_long(text):
    began = time.process_time()
    faults = faults_in(text)
    assert time.process_time() - began < SOON_S
    assert faults


@pytest.mark.parametrize("name", ["billion laughs", "defaults for many"])
def test_what_would_be_large_is_refused_before_it_is_made(name):
    tracemalloc.start()
    try:
        assert "more than 40000 values" in faults_in(LARGE[name])[0].message
        assert tracemalloc.get_traced_memory()[1] < 50 * MIB
    finally:
        tracemalloc.stop()


def test_some_hundred_cases_are_read():
    cases = "".join(f"  c{n}: {CASE}\n" for n in range(300))
    loaded = parse_scenario_text(scenario(f"cases:\n{cases}"), "s.yaml")
    assert len(loaded.scenario.cases) == 300


def read_or_refused(text: str, folder: Path = Path()) -> None:
    try:
        loaded = parse_scenario_text(text, "s.yaml", folder=folder, environ={"A": "1"})
    except ScenarioError as error:
        assert error.diagnostics  # noqa: PT017
        lines = text.count("\n") + text.count("\r") + 2
        for fault in error.diagnostics:
            assert fault.message
            assert fault.col >= 1
            assert 1 <= fault.line <= lines or fault.file != "s.yaml"
            assert "Input should" not in str(fault)
            assert str(fault).encode()
    else:
        assert Scenario.model_validate(loaded.tree) == loaded.scenario


@FEW
@given(st.text(max_size=300))
def test_any_text(text):
    read_or_refused(text)


@FEW
@given(st.text("[]{}&*!|>'\"%@`:-?,# \n\tab1$\\<~.", max_size=60))
def test_text_of_yaml_s_own_characters(text):
    read_or_refused(text)


@FEW
@given(st.data())
def test_good_scenarios_with_pieces_cut_out_and_put_in(tmp_path, data):
    folder = prepare(tmp_path)
    text = data.draw(st.sampled_from([QUICKSTART, EVERYTHING]))
    pieces = ["\n", "  ", ": ", "null", "${A}", "${B}", "[", "}", "-1", "'", "x-", "&a ", "*a", "0"]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 30)))
        text = text[:start] + data.draw(st.sampled_from(["", *pieces])) + text[end:]
    read_or_refused(text, folder)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.sampled_from(
            ["", "x", "8g", "3s", "-3s", "<= 3s", "cold", "off", "a=b", "[", "$", "${"]
        ),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["image", "build", "context", "ready", "http", "port", "limit", "x-a"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=5,
)
KEYS = [*Scenario.model_fields, "defaults", "cases.a", "services.a", "thresholds.startup_s"]
CASE_KEYS = list(Scenario.model_fields["cases"].annotation.__args__[1].model_fields)  # type: ignore[union-attr]


@FEW
@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
    st.dictionaries(st.sampled_from(CASE_KEYS), VALUES, max_size=4),
)
def test_any_value_under_any_key(tops, settings_of_case):
    import json

    tree = {"version": 1, "name": "t", "cases": {"a": {"image": "x", "ready": {"exit": True}}}}
    tree["cases"]["a"].update(settings_of_case)  # type: ignore[index]
    for key, value in tops.items():
        parent, _, child = key.partition(".")
        if child:
            tree.setdefault(parent, {})
            if isinstance(tree[parent], dict):
                tree[parent][child] = value  # type: ignore[index]
        else:
            tree[parent] = value
    text = json.dumps(tree).replace("NaN", ".nan").replace("Infinity", ".inf")
    read_or_refused(text)


@FEW
@given(st.text(max_size=40), VALUES)
def test_any_override(path, value):
    import json

    for override in (path, f"cases.one.{path}={json.dumps(value)}"):
        try:
            parse_scenario_text(scenario(), "s.yaml", overrides=[override], environ={})
        except ScenarioError as error:
            assert error.diagnostics  # noqa: PT017


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.3", "1.11", "2.0"])
def test_another_version_of_yaml_is_named(version):
    with pytest.raises(ScenarioError, match="another version of YAML"):
        parse_scenario_text(f"%YAML {version}\n---\nversion: 1\n", "one.yaml")


def test_an_odd_pattern_is_no_warning_of_python(recwarn):
    from bench.yamldoc.values import compiled

    compiled("[[a]")
    assert not recwarn.list
