import inspect

import pytest

import bench.core.errors
from bench.core.errors import (
    BenchError,
    Diagnostic,
    EngineRefusedError,
    ScenarioError,
    UsageError,
)


def test_a_diagnostic_points_its_caret_at_its_column():
    shown = str(Diagnostic("a.yaml", 12, 9, "is wrong", "write it right", "  name: x"))
    assert shown.split("\n") == [
        "a.yaml:12:9: is wrong",
        "   12 |   name: x",
        "                ^",
        "      = write it right",
    ]
    head, line, caret, _ = shown.split("\n")
    assert line[caret.index("^")] == "x"
    assert head.startswith("a.yaml:12:9:")


def test_a_diagnostic_without_line_or_advice_is_one_line():
    assert str(Diagnostic("a.yaml", 1, 1, "is empty")) == "a.yaml:1:1: is empty"


def test_the_caret_stands_right_in_a_line_with_tabs():
    _, line, caret = str(Diagnostic("a", 1, 3, "m", source_line="\t\tx: 1")).split("\n")
    assert "\t" not in line
    assert line[caret.index("^")] == "x"


@pytest.mark.parametrize("column", [1, 80, 400, 5000, 10_000])
def test_a_long_line_is_cut_around_the_caret(column):
    source = "".join(chr(0x4E00 + index) for index in range(10_000))
    _, line, caret = str(Diagnostic("a", 1, column, "m", source_line=source)).split("\n")
    assert len(line) < 180
    assert line[caret.index("^")] == source[column - 1]


def test_a_file_cannot_speak_to_the_terminal():
    shown = str(Diagnostic("a", 1, 1, "m", source_line="\x1b]0;owned\x07"))
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_scenario_error_shows_every_fault_and_counts_them():
    one, two = Diagnostic("a", 1, 1, "first"), Diagnostic("b", 2, 2, "second")
    error = ScenarioError([one, two])
    assert str(error) == "a:1:1: first\n\nb:2:2: second"
    assert (error.subject, error.cause) == ("a", "2 errors")
    assert ScenarioError([one]).cause == "1 error"


def test_an_error_says_what_why_and_what_to_do():
    assert str(BenchError("disk", "is full", "empty it")) == "disk: is full\n  what to do: empty it"
    assert str(BenchError("disk", "is full")) == "disk: is full"


def test_an_engine_s_refusal_keeps_its_status():
    assert EngineRefusedError("create", "no such image", status=404).status == 404


def test_only_usage_errors_end_in_2_and_everything_else_in_3():
    classes = [
        one
        for _, one in inspect.getmembers(bench.core.errors, inspect.isclass)
        if issubclass(one, BenchError)
    ]
    assert len(classes) > 10
    for one in classes:
        assert one.exit_code == (2 if issubclass(one, UsageError) else 3)
