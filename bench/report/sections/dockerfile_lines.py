"""What each line of a Dockerfile costs, in bytes and in seconds of a cold start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import CacheState
from bench.core.units import format_bytes, format_seconds
from bench.judge.line_costs import dockerfile_costs
from bench.report.sections.opened_files import opened_of
from bench.report.sections.section import Section
from bench.report.wording import one_line, visible
from bench.results.summary import good_trials

if TYPE_CHECKING:
    from bench.judge.line_costs import DockerfileCosts, LineCost
    from bench.results.run import Run

_LONGEST = 60
_WIDTHS = (9, 12, 9, 12, 6)
_EXPLANATION = (
    "FROM: the layers of the base. Cold start: by how much it would be shorter without these "
    "layers, predicted by replaying the measured pulls; downloads overlap, so the seconds of "
    "several lines do not add up. Opened: bytes of the files that were opened before ready, in a "
    "trial without limits. Of CMD or ENTRYPOINT: the median time from start to ready."
)
_HEADS = ("unpacked", "compressed", "opened", "cold start", "line")


def dockerfile_lines(run: Run) -> Section | None:
    """One row per instruction with a layer; None if no image was built from a known Dockerfile."""
    costs = costs_by_case(run)
    rows = [
        (case, *_cells(cost), _shortened(cost))
        for case, found in costs.items()
        for cost in found.lines
    ]
    if not rows:
        return None
    return Section(
        title="what each line of the Dockerfile costs",
        beside="the layers that each instruction made, and the seconds of a cold start that they "
        "account for",
        columns=("case", *_HEADS, "instruction"),
        rows=tuple(rows),
        notes=tuple(_notes(run, costs)),
        in_terminal=False,
        details=tuple(
            (
                f"{case}: {visible(found.dockerfile.name)}, line by line",
                _listing(found),
            )
            for case, found in costs.items()
        ),
    )


def costs_by_case(run: Run) -> dict[str, DockerfileCosts]:
    """The costs of every case that was built from a Dockerfile that the journal holds."""
    return {
        case: dockerfile_costs(
            image.dockerfile,
            image.layers,
            good_trials(run, case, CacheState.COLD),
            run.header.link.rate_bit_s,
            opened_of(run, case),
        )
        for case in run.single_cases
        if (image := run.images.get(case)) is not None and image.dockerfile is not None
    }


def _cells(cost: LineCost) -> tuple[str, str, str, str, str]:
    return (
        "" if cost.unpacked_bytes is None else format_bytes(cost.unpacked_bytes),
        "" if cost.transfer_bytes is None else format_bytes(cost.transfer_bytes),
        "" if cost.opened_bytes is None else format_bytes(cost.opened_bytes),
        "" if cost.start_s is None else format_seconds(cost.start_s),
        str(cost.instruction.line),
    )


def _shortened(cost: LineCost) -> str:
    written = cost.instruction
    text = one_line(" ".join([written.keyword, *written.flags, written.rest]))
    return visible(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _notes(run: Run, costs: dict[str, DockerfileCosts]) -> list[str]:
    notes = [_EXPLANATION]
    for case, found in costs.items():
        if not found.n:
            notes.append(f"{case}: no seconds, as no cold pull could be split into its steps.")
        elif found.error is not None:
            notes.append(
                f"{case}: from {found.n} cold trials; each start, predicted from the others, was "
                f"off by at most {found.error:.1%}."
            )
        if found.untied:
            size = sum(run.images[case].layers[index].transfer_bytes for index in found.untied)
            notes.append(
                f"{case}: {len(found.untied)} layers ({format_bytes(size)} compressed) could not "
                "be tied to a line."
            )
    return notes


def _listing(found: DockerfileCosts) -> str:
    """The text of the Dockerfile, with the cost of each instruction at its first line."""
    costs = {cost.instruction.line: cost for cost in found.lines}
    lines = [_aligned(_HEADS)]
    for number, line in enumerate(found.dockerfile.text.splitlines(), 1):
        cost = costs.get(number)
        cells = _cells(cost)[:-1] if cost else ("",) * (len(_WIDTHS) - 1)
        lines.append(f"{_aligned((*cells, str(number)))}  {visible(line)}".rstrip())
    return "\n".join(lines)


def _aligned(cells: tuple[str, ...]) -> str:
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
