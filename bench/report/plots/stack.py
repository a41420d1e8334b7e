"""The start of a stack as a waterfall: each service's pull, its wait, and its way to ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.stack_totals import chain_of
from bench.core.units import format_seconds
from bench.report.plots.style import INK, LIMIT, PHASES, RULE, drawn, new_figure, time_axis
from bench.report.sections.stack import chain_words
from bench.report.wording import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.analysis.model import TrialResult
    from bench.analysis.stack_totals import StackStart

_BARS = ("pull", "wait", "start", "ready")
_COLOURS = {**PHASES, "wait": RULE}
_HEIGHT = 0.56


def stack_words(start: StackStart) -> str:
    """The picture in words, for whoever cannot see it."""
    services = ", ".join(
        f"{member.service} ready at {format_seconds(member.metrics['startup_s'])}"
        for member in start.members
        if "startup_s" in member.metrics
    )
    return one_line(f"{services}; {chain_words(start)}")


@drawn
def stack_waterfall(start: StackStart) -> Figure:
    """One row a service, in the order of their start; the longest way has a line below its bars."""
    from matplotlib.patches import Patch

    members = start.members
    figure, (axes,) = new_figure(1, 1.4 + 0.42 * len(members))
    chain = {link.service for link in chain_of(start)}
    for row, member in enumerate(members):
        _bars(axes, row, member, on_the_way=member.service in chain)
    end_s = start.whole.metrics["startup_s"]
    axes.axvline(end_s, color=INK, linewidth=0.9, linestyle=":")
    axes.set_yticks(range(len(members)), [member.service for member in members])
    axes.set_ylim(len(members) - 0.4, -0.6)
    spans = [span for member in members for span in member.phases if span.phase in _BARS]
    last_s = max([end_s, *(span.end_s for span in spans)])
    time_axis(axes, last_s * 1.03, "seconds from the stack's zero; dotted: all of it is ready")
    present = [name for name in _BARS if name in {span.phase for span in spans}]
    axes.legend(
        [Patch(color=_COLOURS[name]) for name in present],
        present,
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(present),
        borderaxespad=0.2,
        handlelength=1.2,
    )
    return figure


def _bars(axes: Axes, row: int, member: TrialResult, *, on_the_way: bool) -> None:
    spans = [span for span in member.phases if span.phase in _BARS]
    for span in spans:
        axes.barh(
            row,
            span.end_s - span.start_s,
            left=span.start_s,
            height=_HEIGHT * (0.35 if span.phase == "wait" else 1.0),
            color=_COLOURS[span.phase],
        )
    busy = [span for span in spans if span.phase in ("start", "ready")]
    if on_the_way and busy:
        below = row + _HEIGHT / 2 + 0.08
        axes.plot([busy[0].start_s, busy[-1].end_s], [below, below], color=LIMIT, linewidth=2.0)
