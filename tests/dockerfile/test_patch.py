"""A unified diff on a Dockerfile: it applies to the letter, or says which hunk does not."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.dockerfile.patch import PatchError, apply_patch

BEFORE = "FROM debian:12\nRUN a\nRUN b\nUSER 1\nCMD serve\n"
DIFF = """\
diff --git a/Dockerfile b/Dockerfile
--- a/Dockerfile
+++ b/Dockerfile
@@ -3,3 +3,3 @@ RUN a
 RUN b
 USER 1
-CMD serve
+CMD ["serve"]
"""
AFTER = BEFORE.replace("CMD serve", 'CMD ["serve"]')


def refusal(text: str, diff: str) -> PatchError:
    with pytest.raises(PatchError) as caught:
        apply_patch(text, diff)
    return caught.value


def hunk(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_the_lines_of_a_hunk_take_the_place_of_those_it_stands_on():
    assert apply_patch(BEFORE, DIFF) == AFTER


def test_several_hunks_each_count_from_the_text_before():
    diff = hunk(
        "@@ -1 +1,2 @@",
        "-FROM debian:12",
        "+FROM debian:12-slim",
        "+ARG X",
        "@@ -4 +4,0 @@",
        "-USER 1",
    )
    assert apply_patch(BEFORE, diff) == "FROM debian:12-slim\nARG X\nRUN a\nRUN b\nCMD serve\n"


def test_a_hunk_without_lines_before_puts_its_own_after_the_line_it_names():
    assert (
        apply_patch("FROM a\nCMD b\n", hunk("@@ -1,0 +2 @@", "+USER 1"))
        == "FROM a\nUSER 1\nCMD b\n"
    )


def test_a_text_with_crlf_keeps_it_whatever_the_diff_has():
    crlf = BEFORE.replace("\n", "\r\n")
    assert apply_patch(crlf, DIFF) == AFTER.replace("\n", "\r\n")
    assert apply_patch(crlf, DIFF.replace("\n", "\r\n")) == AFTER.replace("\n", "\r\n")
    assert apply_patch(BEFORE, DIFF.replace("\n", "\r\n")) == AFTER


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        ("CMD a", ("-CMD a", "\\ No newline at end of file", "+CMD b"), "CMD b\n"),
        ("CMD a\n", ("-CMD a", "+CMD b", "\\ No newline at end of file"), "CMD b"),
        (
            "CMD a",
            ("-CMD a", "\\ No newline at end of file", "+CMD b", "\\ No newline at end of file"),
            "CMD b",
        ),
    ],
)
def test_the_newline_at_the_end_is_as_the_diff_says(before, lines, after):
    assert apply_patch(before, hunk("@@ -1 +1 @@", *lines)) == after


def test_a_text_without_its_last_newline_keeps_that_where_no_hunk_reaches_its_end():
    assert (
        apply_patch("FROM a\nRUN b\nCMD c", hunk("@@ -1 +1 @@", "-FROM a", "+FROM d"))
        == "FROM d\nRUN b\nCMD c"
    )


def test_a_last_line_with_another_end_than_the_diff_says_is_refused():
    assert "no newline at its end" in str(refusal("CMD a", hunk("@@ -1 +1 @@", "-CMD a", "+CMD b")))


def test_other_context_is_refused_with_the_hunk_and_both_lines():
    error = refusal(BEFORE.replace("USER 1", "USER 2"), DIFF)
    assert error.line == 4
    assert str(error) == "hunk @@ -3,3 +3,3 @@ wants 'USER 1' at line 4, and the file has 'USER 2'"


def test_context_that_stands_elsewhere_is_refused_and_not_looked_for():
    assert "at line 3, and the file has 'RUN a'" in str(refusal(f"ARG X\n{BEFORE}", DIFF))


@pytest.mark.parametrize(
    ("diff", "why"),
    [
        ("", "has no hunk"),
        ("just words\n", "has no hunk"),
        (hunk("@@ -1,2 +1 @@", "-FROM debian:12"), "has not as many lines as it says"),
        (hunk("@@ what @@"), "no header of a hunk"),
        (hunk("@@ -1 +1 @@", "*FROM debian:12"), "begins with no sign"),
        (hunk("@@ -9 +9 @@", "-x", "+y"), "wants 'x' at line 9, and the file ends before it"),
        (hunk("@@ -9,0 +9 @@", "+y"), "begins after the end of the file"),
        (DIFF + DIFF, "changes more than one file"),
        (hunk("@@ -2 +2 @@", "-RUN a", "+X", "@@ -1 +1 @@", "-FROM debian:12", "+Y"), "overlaps"),
    ],
)
def test_what_is_no_diff_of_this_file_is_refused(diff, why):
    assert why in str(refusal(BEFORE, diff))


LINES = st.lists(st.sampled_from(["FROM a", "RUN b", "", "  c", "- d", "+ e"]), max_size=12)


@given(LINES, LINES)
def test_every_diff_that_is_made_of_two_texts_leads_from_one_to_the_other(first, second):
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (first, second))
    diff = "".join(
        difflib.unified_diff(before.splitlines(True), after.splitlines(True), "a", "b", n=2)
    )
    if diff:
        assert apply_patch(before, diff) == after
