"""Limits as asked for against limits as the kernel held them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE_BYTES = 4096


def not_held(requested: Mapping[str, Any], applied: Mapping[str, Any]) -> list[str]:
    """The limits of `requested` that are not among those in force, each with what is.

    Sizes are compared to the page, as the kernel rounds them. A kernel without a limit of swap has
    nothing to compare.
    """
    wrong = []
    for name, wanted in requested.items():
        held = applied.get(name)
        if wanted is None or (held is None and name == "swap_bytes"):
            continue
        tolerance = _PAGE_BYTES if name.endswith("_bytes") else 0.01
        if not isinstance(held, int | float) or abs(held - wanted) > tolerance:
            wrong.append(f"{name} = {wanted:g} (the kernel holds {held})")
    return wrong
