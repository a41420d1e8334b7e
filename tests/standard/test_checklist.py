"""Reading a standard: the built-in one, one of the user's own, and files that cannot be used."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from subprocess import run

import pytest

from bench.core.domain import Arm, CacheState, Severity
from bench.core.errors import ScenarioError, UsageError
from bench.judge.effective_rules import needs_arm
from bench.standard.checklist import Checklist, Judgement, built_in_names, load_checklist
from bench.standard.thresholds import Aggregate, parse_limit
from tests.judge.build import CLOUD_NATIVE, GIB, MIB, scenario

DOCS = Path(__file__).parents[2] / "docs"

OWN = """\
version: 1
name: ours
title: Our own
rows:
  OPS-1:
    title: quick when warm
    kind: threshold
    metric: ready_s
    over: median
    limit: "<= 2s"
    cache: warm
    severity: warn
    required: false
    rule: Ready in 2 s.
    why: Because.
    remedy: Do less.
  OPS-2:
    title: small
    kind: check
    check: memory-need
    limit: "< 512MiB"
    rule: Takes less than 512 MiB.
    why: Because.
    remedy: Load less.
"""


def written(folder: Path, text: str) -> Checklist:
    (folder / "own.yaml").write_text(textwrap.dedent(text))
    return load_checklist("own.yaml", folder)


def faults(folder: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(ScenarioError) as caught:
        written(folder, text)
    return [(one.line, one.message) for one in caught.value.diagnostics]


def test_importing_it_is_cheap():
    code = "import sys, bench.standard.checklist; print(*sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "pandas", "ruamel.yaml"} & set(done.stdout.split())


def test_the_built_in_standard_has_the_rows_that_the_contract_names():
    assert built_in_names() == ["cloud-native"]
    assert [row.id for row in CLOUD_NATIVE.rules] == [
        "CI-3", "CI-4", "CI-5", "CI-7", "CI-8", "RS-3.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row_id", "metric", "limit", "arm"),
    [
        ("CI-4", "image_size_bytes", 1024 * MIB, Arm.FIT),
        ("CI-5", "startup_s", 30.0, Arm.FIT),
        ("CI-7", "memory_peak_bytes", 8 * GIB, Arm.NEED),
        ("CI-8", "cpu_demand_cores_peak", 4.0, Arm.NEED),
    ],
)
def test_the_built_in_limits_are_those_of_the_contract(row_id, metric, limit, arm):
    (row,) = [one for one in CLOUD_NATIVE.rules if one.id == row_id]
    assert (row.metric, row.bound.value, row.arm) == (metric, limit, arm)
    assert row.over is Aggregate.MAX
    assert row.severity is Severity.BLOCK
    assert row.required


def test_the_start_is_judged_cold():
    (row,) = [one for one in CLOUD_NATIVE.rules if one.id == "CI-5"]
    assert row.cache is CacheState.COLD


@pytest.mark.parametrize("row_id", ["CI-3", "RS-3.1"])
def test_a_check_without_a_limit_is_required_like_any_other(row_id):
    (row,) = [one for one in CLOUD_NATIVE.rules if one.id == row_id]
    assert row.required
    assert (row.metric, row.limit_text) == ("", "")


def test_the_data_comes_back_from_the_journal_as_the_same_checklist():
    assert Checklist.from_data(json.loads(json.dumps(CLOUD_NATIVE.data))) == CLOUD_NATIVE


def test_data_that_is_no_checklist_is_refused():
    with pytest.raises(UsageError, match="mapping"):
        Checklist.from_data(None)
    data = json.loads(json.dumps(CLOUD_NATIVE.data))
    data["rows"]["CI-5"]["limit"] = "<= 30"
    with pytest.raises(UsageError, match=r"rows\.CI-5\.limit: .*30"):
        Checklist.from_data(data)


def test_a_file_of_the_users_own_is_read_relative_to_the_scenario(tmp_path):
    first, second = written(tmp_path, OWN).rules
    assert (first.id, first.metric, first.over) == ("OPS-1", "ready_s", Aggregate.MEDIAN)
    assert (first.cache, first.severity, first.required) == (CacheState.WARM, "warn", False)
    assert (second.check, second.arm) == (Judgement.MEMORY_NEED, Arm.NEED)
    assert second.bound.value == 512 * MIB


def test_a_name_that_is_neither_built_in_nor_a_file_is_refused_with_what_there_is(tmp_path):
    with pytest.raises(UsageError, match="cloud-nativ") as caught:
        load_checklist("cloud-nativ", tmp_path)
    assert "cloud-native" in caught.value.remedy


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        load_checklist("own.yaml", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("metric: ready_s", "metric: redy_s", 8, "ready_s"),
        ('limit: "<= 2s"', 'limit: "<= 2"', 10, "2"),
        ('limit: "<= 2s"', 'limit: "max <= 2s"', 10, "max"),
        ("over: median", "over: middle", 9, "'middle' is not one of"),
        ("cache: warm", "cache: hot", 11, "'hot' is not one of"),
        ("severity: warn", "severity: fatal", 12, "'fatal' is not one of"),
        ("required: false", "required: 0", 13, "true or false"),
        ("    why: Because.\n", "", 5, "needs `why`"),
        ("rule: Ready in 2 s.", "rule: 12", 14, "needs `rule`, a text"),
        ("    metric: ready_s\n", "", 5, "needs `metric`"),
        ("    over: median\n", "    aggregate: median\n", 9, "unknown key `aggregate`"),
        ("kind: check", "kind: code", 19, "either threshold or check"),
        ("check: memory-need", "check: memory-greed", 20, "'memory-greed' is not one of"),
        ("check: memory-need", "severity: block", 17, "needs `check`"),
        ("< 512MiB", "> 512MiB", 21, "upper limit"),
        ("check: memory-need", "check: egress", 21, "has no limit"),
        ("OPS-2:", "startup_s:", 17, "cannot be an id"),
        ("OPS-2:", "OPS 2:", 17, "is not an id"),
        ("version: 1", "version: 2", 1, "needs `version: 1`"),
        ("title: Our own", "titel: Our own", 3, "unknown key `titel`"),
        ("metric: ready_s", "metric: layer_count", 5, "belongs to the image"),
        ("OPS-2:", "OPS-1:", 17, "not YAML"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, old, new, line, message):
    assert old in OWN
    found = faults(tmp_path, OWN.replace(old, new, 1))
    assert any(at == line and message in text for at, text in found), found


def test_every_fault_is_named_at_once(tmp_path):
    text = OWN.replace("metric: ready_s", "metric: x").replace("memory-need", "y")
    assert len(faults(tmp_path, text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        "version: 1\nname: a\ntitle: b\nrows: []\n",
        "version: 1\nname: a\ntitle: b\nrows: {}\n",
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text):
    assert faults(tmp_path, text)


def test_keys_for_the_users_own_use_are_free(tmp_path):
    assert written(tmp_path, OWN + "x-owner: us\n").name == "ours"


def test_which_arms_a_scenario_needs_follows_from_its_rows():
    assert needs_arm(scenario(), CLOUD_NATIVE, Arm.NEED)
    off = scenario(checks={"CI-7": "off", "CI-8": "off"})
    assert not needs_arm(off, CLOUD_NATIVE, Arm.NEED)
    own = scenario(thresholds={"cpu_s": {"limit": "<= 2s", "arm": "need"}})
    assert needs_arm(own, None, Arm.NEED)


@pytest.mark.parametrize("row", CLOUD_NATIVE.rules, ids=lambda row: row.id)
def test_the_documentation_has_every_row_with_its_rule_and_limit(row):
    text = re.sub(r"\s+", " ", (DOCS / "checklist.md").read_text())
    start = text.index(f"## {row.id}: {row.title}")
    section = text[start : text.find("## ", start + 3)]
    assert row.rule in section
    if row.metric:
        written = re.findall(r"([<>]=?) ([\d.]+ ?[A-Za-z]*)", section)
        unit = row.measured.unit
        assert row.limit in [parse_limit(" ".join(parts), unit) for parts in written]
        assert f"`{row.metric}`" in section
    for part in ("Judged on", "When it misleads", "Remedy"):
        assert f"**{part}.**" in section
