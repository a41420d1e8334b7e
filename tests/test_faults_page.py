"""docs/faults.md names the test that proves each row: those tests are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_]+/test_\w+\.py)(?:::(\w+))?`", PAGE)))


@pytest.mark.parametrize(("path", "function"), NAMED)
def test_what_is_said_to_prove_a_row_is_there(path, function):
    text = (TESTS / path).read_text(encoding="utf-8")
    assert not function or f"\ndef {function}(" in text


def test_every_row_names_a_test():
    faults, _, _ = PAGE.partition("## When it was run")
    rows = [line for line in faults.splitlines() if line.startswith("| ")]
    rows = [line for line in rows if "proved by" not in line]
    assert len(rows) > 30
    assert [line for line in rows if "/test_" not in line] == []
