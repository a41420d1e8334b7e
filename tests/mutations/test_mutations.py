"""No journal that is wrong makes a verdict pass: every mutation of each kept run, at one place.

`tests/faults/test_mutations.py` does it at all places. For each mutation, a blocking verdict that
was none stays no pass, the exit code gets no better, and no figure changes unmentioned: the run is
refused, or a status, a reason, a note or the run's outcome says so.
"""

from __future__ import annotations

import pytest

from tests.mutations.catalogue import CATALOGUE
from tests.mutations.check import DAMAGES, FORMS, some_places, untouched, wrong, wrong_lines
from tests.mutations.kept import NAMES, Made
from tests.mutations.known import KNOWN_OPEN

QUICK = tuple(name for name in NAMES if name != "sample")
BY_NAME = {one.name: one for one in CATALOGUE}
JUDGED = tuple(one for one in CATALOGUE if one.spoils and one.name not in KNOWN_OPEN)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", CATALOGUE, ids=lambda one: one.name)
@pytest.mark.parametrize("name", QUICK)
def test_a_run_that_is_wrong_shows_nothing_better(name, mutation):
    for place in some_places(mutation.name, list(mutation.places(Made.of(name))), 1):
        for form in FORMS:
            if form == "raw" or mutation.name not in KNOWN_OPEN:
                assert wrong(name, mutation, place, form) == [], f"at {place}, {form}"


@pytest.mark.slow
@pytest.mark.parametrize("mutation", JUDGED, ids=lambda one: one.name)
def test_the_sample_that_is_wrong_passes_no_row_that_it_spoils(mutation):
    for place in some_places(mutation.name, list(mutation.places(Made.of("sample"))), 1):
        assert wrong("sample", mutation, place, "sealed") == [], f"at {place}"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", QUICK)
def test_a_damaged_line_shows_nothing_better(name, damage):
    count = len(Made.of(name).events)
    for index in (0, *some_places(damage.__name__, list(range(1, count - 1)), 2), count - 1):
        assert wrong_lines(name, damage, index) == [], f"line {index + 1}"


@pytest.mark.parametrize("name", KNOWN_OPEN)
def test_what_is_known_to_be_open_still_is(name):
    """One that is mended must be taken out of the list, so that it is held to the property."""
    mutation, run = BY_NAME[name], KNOWN_OPEN[name]
    places = list(mutation.places(Made.of(run)))
    assert any(wrong(run, mutation, place, "sealed") for place in places), "is mended"


@pytest.mark.parametrize("mutation", CATALOGUE, ids=lambda one: one.name)
def test_each_mutation_finds_a_place_in_a_kept_run(mutation):
    assert any(True for name in NAMES for _ in mutation.places(Made.of(name)))


def test_the_kept_runs_have_rows_of_every_kind():
    """Else there would be nothing to turn into a pass, and no pass to spoil."""
    found = [one.verdict.value for name in QUICK for one in untouched(name).verdicts.values()]
    assert {"pass", "fail", "not-measured"} <= set(found)
    assert {untouched(name).exit_code for name in NAMES} >= {0, 1}
