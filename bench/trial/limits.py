"""Limits as asked for against limits as the kernel holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.sampling.counters import applied_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.sampling.cgroup import ContainerCgroup

_PAGE_BYTES = 4096


def mismatches(
    cgroup: ContainerCgroup, requested: Mapping[str, float | None]
) -> tuple[dict[str, int | float | str], list[str]]:
    """The limits in force, and those of `requested` that are not among them.

    Sizes are compared to the page, as the kernel rounds them. A kernel without a limit of swap has
    nothing to compare.
    """
    applied = applied_limits(cgroup)
    wrong = []
    for name, wanted in requested.items():
        held = applied.get(name)
        if wanted is None or (held is None and name == "swap_bytes"):
            continue
        tolerance = _PAGE_BYTES if name.endswith("_bytes") else 0.01
        if not isinstance(held, int | float) or abs(held - wanted) > tolerance:
            wrong.append(f"{name} = {wanted:g} (the kernel holds {held})")
    return applied, wrong
