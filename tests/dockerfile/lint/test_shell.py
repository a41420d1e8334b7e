"""Simple commands of a script, as rules see them."""

from __future__ import annotations

import pytest

from bench.dockerfile.lint.shell import is_shell_script, shell_commands


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a b && c || d; e | f & g", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("a 'b && c' \"d ; e\"", [["a", "b && c", "d ; e"]]),
        ("a # b\nc#d", [["a"], ["c#d"]]),
        ("a > b 2>&1 c <d", [["a", "c"]]),
        ("if a; then b; else c; fi", [["a"], ["b"], ["c"], ["fi"]]),
        ("(a; { b; })", [["a"], ["b"], ["}"]]),
        ("cat > f <<E\ninside\nE\nb", [["cat"], ["b"]]),
        ("cat <<-'E' && b\n\tE\nc", [["cat"], ["b"], ["c"]]),
        ("cat <<E\nno end", [["cat"]]),
        ("a $(b; c) d", [["a", "$(b; c)", "d"]]),
        ('a "$(b)" \\$ x\\ y', [["a", "$(b)", "$", "x y"]]),
        ("a \\\n b", [["a", "b"]]),
        ("a 'open", [["a", "open"]]),
        ("a \\", [["a", ""]]),
        ("", []),
    ],
)
def test_a_script_is_split_into_commands(script, words):
    assert [list(command.words) for command in shell_commands(script)] == words


def test_what_stands_before_a_program_is_told_apart():
    (one,) = shell_commands("X=1 exec env -i Y=2 /usr/bin/prog -a b")
    assert (one.program, one.execs, one.assignments) == ("prog", True, ("X=1", "Y=2"))
    assert one.arguments == ("b",)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("#!/bin/sh -e\n", True), ("#!/usr/bin/env bash", True), ("x", True), ("#!/bin/awk", False)],
)
def test_the_first_line_says_whether_a_script_is_for_a_shell(text, is_one):
    assert is_shell_script(text) is is_one
