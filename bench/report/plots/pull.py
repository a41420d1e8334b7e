"""A picture of a pull, layer by layer, with the path that its end had to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.pull_path import Step
from bench.core.units import format_bytes, format_seconds
from bench.report.curves import median_trial, trials_of
from bench.report.plots.style import (
    INK,
    LAYER_STEPS,
    RULE,
    beside,
    drawn,
    legend_above,
    new_figure,
    time_axis,
)
from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.analysis.model import TrialResult
    from bench.analysis.pull_path import PathStep
    from bench.journal.facts.pull import LayerPull
    from bench.results.run import Run

_LONGEST_INSTRUCTION = 44
_BAR = 0.62
_PATH = 0.44
"""How far below the middle of a bar the path runs."""

_WORDS = {
    Step.QUEUE: "waits for a slot",
    Step.DOWNLOAD: "download",
    Step.HOLD: "waits for the layer below",
    Step.EXTRACT: "extract",
}


@drawn
def pull_timeline(run: Run, case: str, cache: str = "cold") -> Figure:
    """The steps of each layer in the pull of the median trial, the base first.

    The line below the bars is the critical path: the steps that the end of the pull waited for.
    It is left out where the pull could not be taken apart.
    """
    middle = median_trial(trials_of(run, case, cache), "pull_s")
    layers = middle.layers if middle else ()
    path = middle.path if middle else None
    figure, (axes,) = new_figure(1, 0.8 + 0.3 * max(2, len(layers)))
    ends = [_end_s(layer) for layer in layers] + ([path.wall_s] if path else [])
    for row, layer in enumerate(layers):
        _layer_bar(axes, layer, row)
    is_shown = path is not None and bool(path.steps) and not path.unreliable
    if path is not None and is_shown:
        _draw_path(axes, path.steps)
    axes.set_yticks(
        range(len(layers)),
        [
            f"{layer.index + 1}  {_shortened(layer.instruction) or layer.digest[:19]}"
            for layer in layers
        ],
    )
    axes.set_ylim(len(layers) - 0.35, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    time_axis(axes, 1.14 * max(ends, default=1.0), _since(layers))
    _legend(axes, with_path=is_shown)
    return figure


def path_words(trial: TrialResult) -> str:
    """The steps that the end of the pull waited for, in words."""
    path = trial.path
    if path is None or path.unreliable:
        return f"It could not be taken apart: {path.unreliable}." if path else ""
    parts = [
        f"{format_seconds(path.total_s(step))} {word}"
        for step, word in (
            (Step.DOWNLOAD, "download"),
            (Step.EXTRACT, "extraction"),
            (Step.QUEUE, "waiting for a download slot or a first byte"),
            (Step.HOLD, "until an extraction was seen to begin"),
        )
    ]
    return f"Of its {format_seconds(path.wall_s)} the end waited for {', '.join(parts)}."


def _since(layers: Sequence[LayerPull]) -> str:
    if any(layer.announced_s is not None for layer in layers):
        return "time since the pull request"
    return "time since the engine announced the layer"


def _legend(axes: Axes, *, with_path: bool) -> None:
    handles: list[object] = [
        axes.barh(0, 0, color=LAYER_STEPS[step.value], edgecolor=RULE, linewidth=0,
                  hatch="////" if step is Step.HOLD else None)
        for step in _WORDS
    ]  # fmt: skip
    words = list(_WORDS.values())
    if with_path:
        handles += axes.plot([], [], color=INK, linewidth=2.2)
        words.append("critical path")
    legend_above(axes, handles, words)


def _layer_bar(axes: Axes, layer: LayerPull, row: int) -> None:
    at = layer.announced_s or 0.0
    for step in _WORDS:
        took = getattr(layer, f"{step.value}_s") or 0.0
        if took:
            waits = step in (Step.QUEUE, Step.HOLD)
            axes.barh(row, took, _BAR, left=at, color=LAYER_STEPS[step.value], edgecolor=RULE,
                      hatch="////" if step is Step.HOLD else None, linewidth=0,
                      alpha=0.45 if waits else 1.0)  # fmt: skip
        at += took
    size = "" if layer.transfer_bytes is None else format_bytes(layer.transfer_bytes)
    status = "" if layer.status == "Pull complete" else one_line(layer.status)
    beside(axes, at, row, ", ".join(part for part in (size, status) if part))


def _draw_path(axes: Axes, steps: Sequence[PathStep]) -> None:
    """A line through the rows of its layers, in the order of time; what has no layer is left out.

    Rows are the layers' own numbers, for a run's layers are all of its image's, base first.
    """
    points = [
        (at_s, step.index + _PATH)
        for step in steps
        if step.index is not None
        for at_s in (step.start_s, step.end_s)
    ]
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color=INK, linewidth=2.2, solid_capstyle="butt", solid_joinstyle="miter",
              zorder=3)  # fmt: skip


def _end_s(layer: LayerPull) -> float:
    parts = (getattr(layer, f"{step.value}_s") or 0.0 for step in _WORDS)
    return (layer.announced_s or 0.0) + sum(parts) or 0.001


def _shortened(instruction: str) -> str:
    text = one_line(instruction)
    return text if len(text) <= _LONGEST_INSTRUCTION else f"{text[: _LONGEST_INSTRUCTION - 1]}…"
