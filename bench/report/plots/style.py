"""How pictures look: colours that hold on light and dark, sizes, and axes in people's units.

The colours are middle tones with a contrast of at least 3:1 on white and on near-black, apart
for the common kinds of colour blindness; wherever colour tells things apart, a label does too.
`bench.report.plots.svg` turns them into CSS variables for the HTML report.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from bench.core.units import format_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")

INK = "#747c86"
"""Text and axes."""

RULE = "#9aa1ab"
"""Grid lines, and what only separates."""

LIMIT = "#c0392b"
"""Limits, and what breaks them."""

ON_BAR = "#fefefe"
"""Words on a coloured bar."""

CASES = ("#d1600f", "#2b86c5", "#1b9e77", "#b4559a", "#a07f00", "#7a6fd0")
"""Cases, in the scenario's order; more than six begin again."""

PHASES = {
    "prepare": "#9aa1ab",
    "pull": "#2b86c5",
    "create": "#7a6fd0",
    "start": "#a07f00",
    "ready": "#d1600f",
    "observe": "#9aa1ab",
    "stop": "#b4559a",
    "remove": "#9aa1ab",
}
LAYER_STEPS = {"queue": "#9aa1ab", "download": "#2b86c5", "hold": "#c9a227", "extract": "#d1600f"}

SPENT = {
    "running_share_pct": "#1b9e77",
    "core_wait_share_pct": "#a07f00",
    "throttled_share_pct": "#d1600f",
    "disk_wait_share_pct": "#2b86c5",
    "idle_share_pct": "#9aa1ab",
}

VARIABLES = {
    INK: "--ink-soft",
    RULE: "--rule",
    LIMIT: "--limit",
    ON_BAR: "--on-bar",
    "#d1600f": "--c1",
    "#2b86c5": "--c2",
    "#1b9e77": "--c3",
    "#b4559a": "--c4",
    "#a07f00": "--c5",
    "#7a6fd0": "--c6",
    "#c9a227": "--c7",
}
"""The CSS variable that stands for each colour in the HTML report."""

WIDTH_IN = 9.6

RC: Any = {
    "text.parse_math": False,  # a `$` in an instruction is only a dollar
    "svg.fonttype": "none",
    "svg.hashsalt": "bench",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": False,
    "axes.titlelocation": "left",
    "grid.color": RULE,
    "grid.alpha": 0.35,
    "grid.linewidth": 0.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
    "figure.dpi": 110,
}


def drawn(function: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Let a function that draws do all of it in this module's style."""

    @functools.wraps(function)
    def styled(*args: _Given.args, **kwargs: _Given.kwargs) -> _Made:
        import matplotlib as mpl

        with mpl.rc_context(RC):
            return function(*args, **kwargs)

    return styled


def new_figure(rows: int, height_in: float, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of the common width with `rows` axes below each other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    axes = figure.subplots(rows, 1, squeeze=False, **options)
    return figure, list(axes[:, 0])


def case_colours(cases: Sequence[str]) -> dict[str, str]:
    """A colour for each case."""
    return {case: CASES[number % len(CASES)] for number, case in enumerate(cases)}


def in_units(axis: Any, unit: str, top: float) -> None:
    """Label an axis that runs from 0 to `top` in steps that people count in."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    step = _step(top, unit)
    ticks = [number * step for number in range(int(top / step + 1e-9) + 1)]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick_words(value, unit)))


def tick_words(value: float, unit: str) -> str:
    """A round value for the side of a picture."""
    if value == 0:
        return "0"
    if unit in ("s", "ms", "bytes"):
        number, _, name = format_value(value, unit).partition(" ")
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return f"{number} {name}"
    return f"{value:g}"


def _step(top: float, unit: str) -> float:
    """A round distance between ticks, so that four to seven fit below `top`."""
    import math

    if top <= 0:
        return 1.0
    base = 1.0
    if unit == "bytes":
        while base * 1024 <= top:
            base *= 1024
    elif unit == "s" and top >= 240:
        base = 60.0
    raw = top / base / 5
    power = 10.0 ** math.floor(math.log10(raw))
    factor = next(step for step in (1, 2, 2.5, 5, 10) if raw <= step * power * 1.0001)
    step = factor * power * base
    is_whole = unit == "bytes" or (unit == "" and top >= 1)
    return max(step, 1.0) if is_whole else step


def beside(axes: Axes, x: float, y: float, words: str, **more: Any) -> None:
    """Words a little to the right of a point; a space in front would be lost in SVG."""
    axes.annotate(words, (x, y), xytext=(5, 0), textcoords="offset points", va="center", **more)


def time_axis(axes: Axes, top_s: float, label: str) -> None:
    """Make the lower axis one of time, from 0 to `top_s` seconds."""
    axes.set_xlim(0, top_s)
    in_units(axes.xaxis, "s", top_s)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel(label)


def legend_above(axes: Axes, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend in one line above the axes."""
    axes.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(labels),
        borderaxespad=0.2,
        handlelength=1.2,
        handletextpad=0.5,
        columnspacing=1.4,
    )
