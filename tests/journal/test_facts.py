from __future__ import annotations

from dataclasses import dataclass

import pytest

from bench.journal.facts.form import read_facts


@dataclass(frozen=True)
class Named:
    name: str
    times: int


def test_facts_are_read_as_what_they_were():
    assert read_facts(Named, {"name": "a", "times": 2}) == Named("a", 2)
    assert read_facts(tuple[Named, ...], [{"name": "a", "times": 2}]) == (Named("a", 2),)


@pytest.mark.parametrize("facts", [None, 3, [], {"name": "a"}, {"name": "a", "times": "often"}])
def test_facts_of_another_form_are_refused(facts):
    with pytest.raises(ValueError, match="Named"):
        read_facts(Named, facts)
