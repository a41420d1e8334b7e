"""Limits as asked for against limits as the kernel held them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.journal.facts.limits import LimitsAsked, LimitsHeld

_PAGE_BYTES = 4096


def not_held(requested: LimitsAsked, applied: LimitsHeld) -> list[str]:
    """The limits of `requested` that are not among those in force, each with what is.

    Sizes are compared to the page, as the kernel rounds them. A kernel without a limit of swap has
    nothing to compare.
    """
    wrong = []
    for name, wanted in dataclasses.asdict(requested).items():
        held = getattr(applied, name)
        if wanted is None or (held is None and name == "swap_bytes"):
            continue
        tolerance = _PAGE_BYTES if name.endswith("_bytes") else 0.01
        if not isinstance(held, int | float) or abs(held - wanted) > tolerance:
            wrong.append(f"{name} = {wanted:g} (the kernel holds {held})")
    return wrong
