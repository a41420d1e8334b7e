import pytest

from bench.core.errors import ScenarioError
from bench.scenario.loading.load import LoadedScenario, parse_scenario_text

TEXT = """\
version: 1
name: t
checklist: cloud-native
defaults: {repeat: 6, ready: {tcp: {port: 80}}}
cases:
  good: {image: a}
  good.v2: {image: b, repeat: 9}
thresholds: {startup_s: "<= 30s"}
"""


def load(*overrides: str) -> LoadedScenario:
    return parse_scenario_text(TEXT, "s.yaml", overrides=overrides, environ={"N": "4"})


def test_an_override_reaches_one_case():
    cases = load("cases.good.repeat=3").scenario.cases
    assert (cases["good"].repeat, cases["good.v2"].repeat) == (3, 9)


def test_an_override_of_the_defaults_reaches_the_cases_without_a_value_of_their_own():
    cases = load("defaults.repeat=3").scenario.cases
    assert (cases["good"].repeat, cases["good.v2"].repeat) == (3, 9)


def test_names_and_ids_with_dots_are_found():
    loaded = load("cases.good.v2.repeat=2", "checks.RS-3.1=off", "checks.CI-5.severity=warn")
    assert loaded.scenario.cases["good.v2"].repeat == 2
    assert loaded.tree["checks"] == {"RS-3.1": "off", "CI-5": {"severity": "warn"}}


def test_what_lies_on_the_way_is_made():
    loaded = load(
        "defaults.limits.memory=1g",
        "checks.RS-3.1.waive.reason=x",
        "checks.RS-3.1.waive.until=2027-01-01",
    )
    limits = loaded.scenario.cases["good"].limits
    assert limits
    assert limits.memory == 2**30
    assert loaded.tree["checks"] == {"RS-3.1": {"waive": {"reason": "x", "until": "2027-01-01"}}}


def test_a_value_is_yaml_and_may_hold_equals_signs_and_variables():
    loaded = load(
        "cases.good.cache=[cold, warm]",
        "cases.good.command=a=b",
        "name='x'",
        "cases.good.warmup=${N}",
        "thresholds.startup_s=p95 <= 2s",
    )
    good = loaded.scenario.cases["good"]
    assert [str(one) for one in good.cache] == ["cold", "warm"]
    assert (good.command, good.warmup, loaded.scenario.name) == ("a=b", 4, "x")
    assert loaded.tree["thresholds"]["startup_s"] == "p95 <= 2s"


def test_the_last_override_of_a_path_counts():
    assert load("defaults.repeat=3", "defaults.repeat=4").scenario.cases["good"].repeat == 4


@pytest.mark.parametrize(
    ("override", "column", "message", "suggestion"),
    [
        ("repeat", 1, "this is not path=value", "--set cases.good.repeat=3"),
        ("=3", 1, "this is not path=value", "--set"),
        ("cases..repeat=3", 1, "this is not path=value", "--set"),
        ("case.good.repeat=3", 1, "there is no key 'case' in a scenario", "`cases`?"),
        ("cases.god.repeat=3", 7, "there is no case 'god' in this scenario", "`good`?"),
        ("services.db.image=x", 10, "there is no service 'db' in this scenario", ""),
        ("cases.good.repaet=3", 12, "unknown key `repaet`", "`repeat`?"),
        ("cases.good.repeat=many", 19, "`repeat`: 'many' is not a whole number", ""),
        ("cases.good.observe=", 12, "`observe` has no value", "write one"),
        ("defaults.repeat=0", 17, "`repeat`: 0 is too small", "the least is 1"),
        ("defaults.observe=3", 18, "`observe`: 3 has no unit", "write 3s"),
        ("name.first=x", 6, "name is no mapping here", "set it whole: --set 'name=…'"),
        ("thresholds.startup_s.over=max", 22, "thresholds.startup_s is no mapping", "set it whole"),
        ("defaults.observe=[", 19, "a value is missing here", ""),
        ("cases.good.environment={a: 1, a: 2}", 31, "the key 'a' stands here twice", ""),
        ("defaults.observe=!!python/x 1", 18, "a YAML tag", ""),
    ],
)
def test_a_fault_is_shown_at_its_column_in_the_option(override, column, message, suggestion):
    with pytest.raises(ScenarioError) as caught:
        load(override)
    fault = caught.value.diagnostics[0]
    assert (fault.file, fault.line, fault.col) == ("--set", 1, column)
    assert fault.source_line == override
    assert message in fault.message
    assert suggestion in fault.suggestion


def test_faults_of_the_file_come_before_those_of_options():
    with pytest.raises(ScenarioError) as caught:
        parse_scenario_text(
            TEXT.replace("repeat: 9", "repeat: 0"), "s.yaml", overrides=["defaults.warmup=x"]
        )
    assert [one.file for one in caught.value.diagnostics] == ["s.yaml", "--set"]
