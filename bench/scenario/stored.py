"""A scenario as it stands in a run folder, which another version of bench may have written."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from bench.scenario.model import Scenario

_UNKNOWN = "extra_forbidden"


def read_scenario(tree: dict[str, Any]) -> tuple[Scenario, list[str]]:
    """The scenario in `tree`, and what a reader must know of it.

    Fields that this bench does not know are left out: whoever wrote them knew them, and what was
    measured is in the journal. A scenario that is to be run is refused for them.

    Raises:
        ValueError: something else is wrong.
    """
    left_out: list[str] = []
    known = tree
    while True:
        try:
            scenario = Scenario.model_validate(known)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            places = [fault["loc"] for fault in faults if fault["type"] == _UNKNOWN]
            if not places or len(places) < len(faults):
                raise
            known = deepcopy(known)
            for place in places:
                if not _take_out(known, place):
                    raise
                left_out.append(".".join(map(str, place)))
        else:
            which = ", ".join(left_out)
            note = f"its scenario has fields that this bench does not know: {which}"
            return scenario, [note] if left_out else []


def _take_out(tree: Any, place: tuple[int | str, ...]) -> bool:
    """Take out the field at `place`, in which names of variants stand too; False without one."""
    *way, name = place
    for step in way:
        is_there = step in tree if isinstance(tree, dict) else isinstance(step, int)
        tree = tree[step] if is_there else tree
    if not isinstance(tree, dict) or name not in tree:
        return False
    del tree[name]
    return True
