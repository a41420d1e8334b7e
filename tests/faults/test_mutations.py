"""Every mutation of each kept run, at all of its places; `tests/mutations` says what must hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mutations.catalogue import CATALOGUE
from tests.mutations.check import DAMAGES, FORMS, some_places, wrong, wrong_lines
from tests.mutations.kept import NAMES, Made
from tests.mutations.known import KNOWN_OPEN

MOST_PLACES = {"sample": 6}
"""Of the largest run not all, for each takes half a second."""


def places(run: str, of: str, every: list[Any]) -> list[Any]:
    return some_places(of, every, MOST_PLACES.get(run, len(every)))


@pytest.mark.parametrize("mutation", CATALOGUE, ids=lambda one: one.name)
@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_wrong_anywhere_shows_nothing_better(name, mutation):
    found = {}
    for place in places(name, mutation.name, list(mutation.places(Made.of(name)))):
        for form in FORMS:
            if form == "raw" or mutation.name not in KNOWN_OPEN:
                found[place, form] = wrong(name, mutation, place, form)
    assert {where: one for where, one in found.items() if one} == {}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_a_line_that_is_damaged_anywhere_shows_nothing_better(name, damage):
    every = list(range(len(Made.of(name).events)))
    found = {one: wrong_lines(name, damage, one) for one in places(name, damage.__name__, every)}
    assert {where: one for where, one in found.items() if one} == {}
