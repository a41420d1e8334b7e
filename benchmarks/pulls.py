"""Pulls of five images of different layers: do their parts add up, and is a slow link foreseen?

The layers are of random bytes, which no compression makes smaller, and stand on nothing; each
image runs a program that does nothing. So all that is measured is the pull and the engine.
"""

from __future__ import annotations

import platform
import random
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.analysis.pull_path import TOLERANCE, TOLERANCE_S
from bench.api import run
from bench.core.units import format_seconds, parse_rate_bit_s
from bench.images.calibration import NOTHING, program
from bench.judge.slowest_link import MODEL_ERROR, PullModel
from bench.report.curves import median_trial, trials_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.analysis.model import TrialResult
    from bench.results.run import Run

MB = 10**6
RATE = "50mbit"
REPEAT = 3

_SCENARIO = """
version: 1
name: pulls
{link}
defaults:
  repeat: {repeat}
  cache: cold
  observe: 0s
  ready: {{exit: true, timeout: 120s}}
cases:
"""


@dataclass(frozen=True)
class Layout:
    """An image: the size of each of its layers, base first, in bytes.

    A size that stands there again is the same layer again.
    """

    name: str
    sizes: tuple[int, ...]


LAYOUTS = (
    Layout("one-large", (40 * MB,)),
    Layout("three-middling", (12 * MB, 12 * MB + 1, 12 * MB + 2)),
    Layout("twenty-small", tuple(MB + number for number in range(20))),
    Layout("two-copies", (8 * MB, 6 * MB, 8 * MB, 4 * MB, 6 * MB)),
    Layout("tiny-below-large", (20_000, 20_001, 40 * MB)),
)


def closure() -> Iterator[tuple[str, str, str]]:
    """Lines for the table: by image, the worst that the parts of a pull leave of it, or exceed."""
    with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
        measured = _measured(Path(folder))
        for layout in LAYOUTS:
            trials = trials_of(measured, layout.name, "cold")
            target = f"{TOLERANCE:.0%} or {format_seconds(TOLERANCE_S)}"
            yield f"pull of {layout.name}, parts against whole", _left_over(trials), target


def _left_over(trials: list[TrialResult]) -> str:
    paths = [one.path for one in trials if one.path is not None]
    if len(paths) < REPEAT:
        return f"{len(paths)} of {REPEAT} pulled"
    doubts = [one.unreliable for one in paths if one.unreliable]
    if doubts:
        return f"open in {len(doubts)} of {len(paths)}: {doubts[0]}"
    worst = max(paths, key=lambda one: abs(one.unexplained_s))
    return f"{format_seconds(worst.unexplained_s)} of {format_seconds(worst.wall_s)}"


def foreseen() -> Iterator[tuple[str, str, str]]:
    """Lines for the table: by image, what an unshaped pull foretells of one over `RATE`."""
    with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
        plain = _measured(Path(folder))
        shaped = _measured(Path(folder), f"link: {RATE}")
        for layout in LAYOUTS:
            words = _error(*(trials_of(one, layout.name, "cold") for one in (plain, shaped)))
            yield f"start of {layout.name} over {RATE}, foreseen", words, f"{MODEL_ERROR:.0%}"


def _error(plain: list[TrialResult], shaped: list[TrialResult]) -> str:
    measured = [one.metrics["startup_s"] for one in shaped if "startup_s" in one.metrics]
    middle = median_trial([one for one in plain if PullModel.from_trial(one, None)])
    model = PullModel.from_trial(middle, None) if middle else None
    if model is None or not measured:
        why = (one.path.unreliable if one.path else one.reason for one in (*plain, *shaped))
        return f"not known: {', '.join(filter(None, why)) or 'no trial was measured'}"
    found_s, measured_s = model.startup_at(parse_rate_bit_s(RATE)), statistics.median(measured)
    return f"{found_s / measured_s - 1:+.1%} of {format_seconds(measured_s)}"


def _measured(folder: Path, link: str = "") -> Run:
    """All images, pulled `REPEAT` times each from nothing."""
    text = _SCENARIO.format(link=link, repeat=REPEAT)
    for layout in LAYOUTS:
        _write_context(folder / layout.name, layout)
        text += f"  {layout.name}: {{build: {{context: {layout.name}}}}}\n"
    path = folder / "pulls.yaml"
    path.write_text(text)
    return run(path, out=folder / "reports", engine="private")


def _write_context(folder: Path, layout: Layout) -> None:
    """A Dockerfile that makes these layers; the same for the same layout."""
    if folder.exists():
        return
    folder.mkdir()
    bytes_of = random.Random(layout.name)
    for size in set(layout.sizes):
        (folder / f"part-{size}").write_bytes(bytes_of.randbytes(size))
    nothing = folder / NOTHING
    nothing.write_bytes(program(NOTHING, platform.machine()))
    nothing.chmod(0o755)
    copies = [f"COPY part-{size} /part" for size in layout.sizes]
    lines = ["FROM scratch", f"COPY {NOTHING} /", *copies, f'ENTRYPOINT ["/{NOTHING}"]', ""]
    (folder / "Dockerfile").write_text("\n".join(lines))
