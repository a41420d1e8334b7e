"""Text from outside, cleaned."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.core.text import clean, clean_tree, decoded
from tests.hostile import SEQUENCES, hostile_texts, speaking, texts_in


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain text", "plain text"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("a\x1b[1;31mred\x1b[0m end", "ared end"),
        ("\x1b]0;a title\x07shown", "shown"),
        ("\x1b]8;;http://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1b(Bx\x1b7y\x1bc", "xy"),
        ("half \x1b[3", "half ·[3"),
        ("no end \x1b]0;title", "no end ·]0;title"),
        ("10 %\r20 %\r\n", "10 %\n20 %\n"),
        ("NUL\x00 DEL\x7f BEL\x07", "NUL· DEL· BEL·"),
        ("user\u202egnp.exe", "user·gnp.exe"),
        ("\ufeffmark", "·mark"),
        ("half a pair \ud800", "half a pair \ufffd"),
        ("café ☃ 漢字 👩\u200d💻 क\u200cष", "café ☃ 漢字 👩\u200d💻 क\u200cष"),
        ("1\u00a0000", "1\u00a0000"),
    ],
)
def test_what_speaks_goes_and_what_is_read_stays(text, cleaned):
    assert clean(text) == cleaned


def test_bytes_that_are_no_text_are_marked():
    assert decoded(b"caf\xe9 \xff\x1b[2Jx") == "caf\ufffd \ufffdx"


@given(hostile_texts)
def test_nothing_that_speaks_is_left_and_cleaning_twice_changes_nothing(text):
    once = clean(text)
    assert not speaking(once)
    assert clean(once) == once
    json.dumps(once).encode()
    once.encode()


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), include_characters="\n\t")))
@example("\n\u845b\U000e0100")  # an ideograph in one of its variants
def test_text_that_can_be_read_is_left_as_it_is(text):
    assert clean(text) == text


@given(st.recursive(hostile_texts | st.integers() | st.none(), lambda inner: st.lists(inner)
       | st.dictionaries(hostile_texts, inner), max_leaves=8))  # fmt: skip
def test_of_a_tree_every_text_is_cleaned(tree):
    assert not [one for one in texts_in(clean_tree(tree)) if speaking(one)]


@pytest.mark.parametrize("begin", ["\x1b]", "\x90", "\x1b[1"])
def test_a_long_text_of_unfinished_sequences_is_cleaned_in_time(begin):
    assert "·" * 9 in clean(begin * 100_000).replace("]", "").replace("[1", "")


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_each_sequence_goes(sequence):
    assert not speaking(clean(f"a{sequence}b"))
