"""What no builder takes in a Dockerfile, and where the fault is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.core.errors import LocatedError
from bench.dockerfile.faults import dockerfile_faults
from bench.dockerfile.lint.lint import lint

CASES = [
    ("", (1, 1), "has no FROM"),
    ("# FROM a\nARG X\n", (1, 1), "has no FROM"),
    ("RUN x\nFROM a\n", (1, 1), "RUN stands before the first FROM"),
    ("FROM a\n  RUNN x\n", (2, 3), "there is no instruction RUNN"),
    ("Once upon a time\nthere was\n", (1, 1), "there is no instruction ONCE"),
    ("FROM a\n\n\tUSER\n", (3, 2), "USER has no arguments"),
    ("FROM a b\n", (1, 1), "FROM takes an image, and a name after AS"),
    ("FROM a\nFROM --platform b\n", (2, 1), "--platform of FROM has no value"),
    ("# escape=z\nFROM a\n", (1, 10), "z cannot be the escape character"),
    ("FROM a\nRUN <<END cat\nb\n", (2, 5), "no line END ends this heredoc"),
    ("FROM a\nRUN <<A cat && <<B cat\nx\nA\ny\n", (2, 5), "no line B ends this heredoc"),
    ("FROM a\nCOPY <<-E /x\n\tx\n E\n", (2, 6), "no line E ends this heredoc"),
]


@pytest.mark.parametrize(("text", "place", "said"), CASES)
def test_a_fault_is_said_with_its_place_and_a_remedy(text, place, said):
    (fault,) = dockerfile_faults(text, "app/Dockerfile")
    assert (fault.file, fault.line, fault.col) == ("app/Dockerfile", *place)
    assert said in fault.message
    assert fault.suggestion
    with pytest.raises(LocatedError, match=f":{place[0]}:{place[1]}: "):
        lint(text, Path("Dockerfile"))


def test_all_faults_are_said_at_once():
    found = dockerfile_faults("FROM a\nRUNN x\nUSER\nRUN <<E\n", "Dockerfile")
    assert [fault.line for fault in found] == [2, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN <<END cat\nb\nEND\n",
        "FROM a\nRUN <<END cat\nb\nEND",
        "FROM a\nRUN cat <<-E\n\tx\n\tE\n",
        "FROM a\nRUN echo '<<END'\n",
        "ARG A=1\nFROM --platform=linux/amd64 a AS b\n",
        "# escape=`\nFROM a\n",
        "FROM a\n# escape=z\n",
        "FROM a\nONBUILD RUN <<E\nx\nE\n",
        "# syntax=example.org/own:1\nanything\n",
        "#!/usr/bin/env x\n# syntax=example.org/own:1\nanything\n",
        "// syntax=example.org/own:1\nanything\n",
    ],
)
def test_what_builders_take_has_none(text):
    assert dockerfile_faults(text, "Dockerfile") == []


def test_what_may_be_meant_for_the_first_stage_is_the_one_fault():
    (fault,) = dockerfile_faults("FORM a\nRUN x\nFROM b\n", "Dockerfile")
    assert fault.suggestion == "did you mean FROM?"


def test_the_mark_stands_under_the_fault():
    (fault,) = dockerfile_faults("\ufeffFROM a\r\n \tRUNN \u202e x\r\n", "Dockerfile")
    head, source, caret, remedy = str(fault).splitlines()
    assert head == "Dockerfile:2:3: there is no instruction RUNN"
    assert source[len("    2 | ") :] == "  RUNN · x"
    assert caret.index("^") == source.index("RUNN")
    assert remedy.strip() == "= did you mean RUN?"
