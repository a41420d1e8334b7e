import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scenario.loading.load import parse_scenario_text, scenario_from_tree
from bench.yamldoc.interpolate import LONGEST_RESULT, interpolate, interpolate_compose
from tests.scenario.marked import case, scenario

ENVIRON = {"A": "1", "EMPTY": "", "B": "b", "DOLLAR": "$A"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("${A}", "1"),
        ("x${A}y${B}z", "x1ybz"),
        ("${EMPTY}", ""),
        ("${A:-d}", "1"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NOPE:-d}", "d"),
        ("${NOPE-d}", "d"),
        ("${NOPE:-}", ""),
        ("${NOPE-}", ""),
        ("${NOPE:-${B}}", "b"),
        ("${NOPE:-x${EMPTY:-${B}}y}", "xby"),
        ("${NOPE:-a:-b}", "a:-b"),
        ("${A:+d}", "d"),
        ("${EMPTY:+d}", ""),
        ("${EMPTY+d}", "d"),
        ("${NOPE+d}", ""),
        ("${A:?no}", "1"),
        ("${EMPTY?no}", ""),
        ("$$", "$"),
        ("$$A", "$A"),
        ("$${A}", "${A}"),
        ("$$$$", "$$"),
        ("$$${A}", "$1"),
        ("${NOPE:-$$}", "$"),
        ("done$", "done$"),
        ("^a$|b", "^a$|b"),
        ("5 $ 6", "5 $ 6"),
        ("${DOLLAR}", "$A"),
    ],
)
def test_variables_are_replaced_as_compose_does(text, result):
    assert interpolate(text, ENVIRON) == (result, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NOPE}", "the variable NOPE is not set"),
        ("${NOPE?}", "the variable NOPE is not set"),
        ("${NOPE:?why}", "the variable NOPE is not set: why"),
        ("${EMPTY:?why}", "the variable EMPTY is empty: why"),
        ("$A", "`$A` without braces"),
        ("${A", "`${` without its `}`"),
        ("${}", "`${}` is not a variable"),
        ("${1}", "`${1}` is not a variable"),
        ("${A!}", "`${A!}` is not a variable"),
        ("${A:}", "`${A:}` is not a variable"),
        ("${NOPE:-${ALSO}}", "the variable ALSO is not set"),
    ],
)
def test_what_cannot_be_replaced_is_a_fault(text, message):
    _, faults = interpolate(text, ENVIRON)
    assert [one.message for one in faults] == [message]


def test_every_fault_of_a_text_is_found():
    _, faults = interpolate("${X} ${Y} $Z ${A}", ENVIRON)
    assert [one.written for one in faults] == ["${X}", "${Y}", "$Z"]


def test_deep_nesting_and_growth_end_in_faults():
    _, faults = interpolate("${N:-" * 10_000 + "}" * 10_000, {})
    assert [one.message for one in faults] == ["variables nested more than 8 deep"]
    _, faults = interpolate("${A}" * 1000, {"A": "x" * 1000})
    assert [one.message for one in faults] == [
        f"longer than {LONGEST_RESULT} characters once replaced"
    ]


@given(st.text(max_size=60))
def test_a_text_whose_dollars_are_doubled_comes_back(text):
    assert interpolate(text.replace("$", "$$"), {}) == (text, [])


@given(st.text("${}:-?+AB_ x", max_size=40))
def test_any_text_is_replaced_or_refused(text):
    result, faults = interpolate(text, ENVIRON)
    assert faults or isinstance(result, str)


def test_a_variable_becomes_a_number_where_one_is_wanted_quoted_or_not():
    text = case('repeat: "${N}", read_only: "${FLAG}", limits: {pids: "${N}"}')
    one = parse_scenario_text(text, "s.yaml", environ={"N": "12", "FLAG": "true"})
    assert one.scenario.cases["one"].repeat == 12
    assert one.scenario.cases["one"].read_only is True
    assert one.tree["cases"]["one"]["limits"] == {"pids": 12}


def test_a_variable_stays_text_where_text_is_wanted():
    text = case(
        'command: [sleep, "${N}"], user: "${N}", environment: {V: "${N}"}, stop_signal: "${N}"'
    )
    tree = parse_scenario_text(text, "s.yaml", environ={"N": "012"}).tree["cases"]["one"]
    assert tree["command"] == ["sleep", "012"]
    assert tree["user"] == tree["stop_signal"] == tree["environment"]["V"] == "012"


def test_variables_work_in_defaults_services_and_thresholds():
    text = scenario(
        cases="defaults: {repeat: '${N}'}\ncases: {one: {image: '${N}', ready: {log: '${N}'}}}",
        rest="services: {db: {image: x, ulimits: {nofile: '${N}'}, ready: {exit: true}}}\n"
        "thresholds: {startup_s: '<= ${N}s'}",
    )
    scen = parse_scenario_text(text, "s.yaml", environ={"N": "7"}).scenario
    assert scen.cases["one"].repeat == 7
    assert scen.cases["one"].image == "7"
    assert scen.cases["one"].ready.log
    assert scen.cases["one"].ready.log.pattern == "7"
    assert scen.services["db"].ulimits["nofile"].hard == 7
    assert scen.thresholds["startup_s"].limit == "<= 7s"


def test_a_resolved_tree_is_read_again_with_its_dollars_as_they_are():
    text = case("command: 'echo $${HOME} $$5'")
    loaded = parse_scenario_text(text, "s.yaml", environ={})
    assert loaded.tree["cases"]["one"]["command"] == "echo ${HOME} $5"
    again = scenario_from_tree(loaded.tree, "journal")
    assert again.scenario == loaded.scenario
    assert again.tree == loaded.tree


# In Compose files


@pytest.mark.parametrize(
    ("text", "result", "unset"),
    [
        ("$A${B}", "1b", []),
        ("$NOPE.", ".", ["NOPE"]),
        ("${NOPE}", "", ["NOPE"]),
        ("${NOPE:-$B}", "b", []),
        ("$$A", "$A", []),
        ("${A:?no}", "1", []),
    ],
)
def test_compose_replaces_without_braces_and_takes_what_is_not_set_for_empty(text, result, unset):
    assert interpolate_compose(text, ENVIRON) == (result, [], unset)


@pytest.mark.parametrize("text", ["${NOPE:?why}", "${A", "${1}"])
def test_what_compose_refuses(text):
    _, faults, _ = interpolate_compose(text, ENVIRON)
    assert len(faults) == 1


@pytest.mark.parametrize("text", ["cost: $5", "$(date)", "ends in $", "$-", "^a$|b"])
def test_a_dollar_sign_that_begins_no_variable_stays_in_a_compose_file(text):
    assert interpolate_compose(text, ENVIRON) == (text, [], [])
