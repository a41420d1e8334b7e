"""Which program the words of a command run, where that can be told."""

from __future__ import annotations

import shlex

import pytest

from bench.trial.cause.commands import of_starter


@pytest.mark.parametrize(
    ("words", "program"),
    [
        ("A=1 exec serve --now", ["serve", "--now"]),
        ("-S python3 -u app.py", ["python3", "-u", "app.py"]),
        ("-e 143 -- /app --x", ["/app", "--x"]),
        ("-n 10 app", []),
        ("-u HOME app", []),
        ("--ignore-environment=x app", ["app"]),
        ("app", ["app"]),
    ],
)
def test_what_may_be_the_value_of_an_option_is_no_program(words, program):
    assert of_starter(shlex.split(words)) == program
