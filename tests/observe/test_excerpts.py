"""Taking parts out of an output, line by line."""

from __future__ import annotations

from bench.journal.facts.excerpt import LONGEST_LINE, MOST_LINES, ExcerptFound
from bench.observe.excerpts import ExcerptSearch
from bench.scenario.excerpts import Excerpt

PROFILE = {"profile": Excerpt(begin="^begin", end="^end")}


def found(*lines: str) -> ExcerptFound | None:
    search = ExcerptSearch(PROFILE)
    for line in lines:
        search.take(line)
    facts = search.facts()
    return facts["profile"] if facts else None


def test_it_goes_from_the_first_match_to_the_last_with_both_of_them():
    one = found("before", "begin here", "  12 calls  ", "", "the end is near", "end", "after")
    assert one == ExcerptFound(
        ("begin here", "  12 calls", "", "the end is near", "end"), left_out=0, ended=True
    )


def test_the_first_of_several_counts():
    one = found("begin 1", "end", "begin 2", "end")
    assert one is not None
    assert one.lines == ("begin 1", "end")


def test_a_line_that_both_match_does_not_end_it():
    search = ExcerptSearch({"all": Excerpt(begin="mark", end="mark")})
    for line in ("mark", "between", "mark", "after"):
        search.take(line)
    assert search.facts()["all"].lines == ("mark", "between", "mark")


def test_what_never_began_is_not_in_it():
    assert found("end", "something else") is None
    assert not ExcerptSearch({})


def test_what_never_ended_goes_to_the_end_and_says_so():
    assert found("begin", "a") == ExcerptFound(("begin", "a"), left_out=0, ended=False)


def test_a_journal_is_no_place_for_a_whole_log():
    one = found("begin", *("x" * 1000 for _ in range(100)), "end")
    assert one is not None
    assert len(one.lines) == MOST_LINES
    assert {len(line) for line in one.lines[1:]} == {LONGEST_LINE}
    assert one.left_out == 102 - MOST_LINES
    assert one.ended


def test_secrets_are_hidden_before_a_line_is_cut():
    secret = "s3cret-" * 10
    search = ExcerptSearch(PROFILE, lambda text: text.replace(secret, "***"))
    search.take("begin " + "x" * (LONGEST_LINE - 30) + secret)
    (line,) = search.facts()["profile"].lines
    assert line.endswith("x***")
