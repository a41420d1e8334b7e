"""docs/glossary.md explains each word of the contract once, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.core.domain import Arm, CacheState, Severity, TrialStatus
from bench.journal.facts.comparison import Difference
from bench.judge.model import Outcome
from bench.judge.ready import READY

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "glossary.md"


def terms() -> list[str]:
    return re.findall(r"^\| \*\*(.+?)\*\* \|", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("words", [CacheState, Arm, Severity, TrialStatus, Outcome, Difference])
def test_each_word_of_an_enum_is_a_term(words):
    assert {word.value for word in words} <= set(terms())


@pytest.mark.parametrize(
    "term",
    ["case", "journal", "phase", "probe", "replica", "round", "rule", "trial", "verdict", READY.id],
)
def test_each_word_of_the_contract_is_a_term(term):
    assert term in terms()


def test_no_term_is_explained_twice():
    assert len(terms()) == len(set(terms()))


def test_the_links_lead_to_pages():
    linked = set(re.findall(r"\]\(([^)#]+)", PAGE.read_text()))
    assert {name for name in linked if not (DOCS / name).is_file()} == set()


def test_the_glossary_is_linked():
    readers = (DOCS / "how-it-is-built.md", DOCS.parent / "README.md")
    assert all("glossary.md" in page.read_text() for page in readers)
