"""Stops that ended in SIGKILL: their time is the grace period, and no property of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.behaviour import behaviour
from bench.journal.facts.comparison import Difference
from bench.judge.finding import sentence
from bench.judge.statistics import stats
from bench.judge.statistics.difference import ALPHA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.analysis.model import TrialResult

STOP_TIMES = ("stop_s", "restart_s")
"""The times that contain a stop."""

_ANSWERS = {
    "default": "ignored",  # the kernel does not deliver it to a process 1 without a handler
    "ignored": "ignored",
    "handler": "handled too slowly",
    "blocked": "blocked",
}


def killed_words(trials: Sequence[TrialResult]) -> str:
    """`SIGTERM ignored, killed after 2 s`; empty where no stop of `trials` ended in SIGKILL."""
    asked = [trial for trial in trials if "stop_killed" in trial.metrics]
    killed = [trial for trial in asked if trial.metrics["stop_killed"]]
    if not killed:
        return ""
    known = [behaviour(trial) for trial in killed]
    standing = next((acted.standing for acted in known if acted.standing), None)
    signal = standing.signal if standing else "the stop signal"
    answer = (
        _ANSWERS.get(standing.disposition or "", "not followed") if standing else "not followed"
    )
    graces = [acted.stop.grace_s for acted in known if acted.stop]
    times = graces or [trial.metrics["stop_s"] for trial in killed if "stop_s" in trial.metrics]
    after = f" after {stats.median(times):.3g} s" if times else ""
    some = f" ({len(killed)} of {len(asked)} trials)" if len(killed) < len(asked) else ""
    return f"{signal} {answer}, killed{after}{some}"


def call_killed(
    names: tuple[str, str],
    rows: tuple[Sequence[Mapping[str, float]], Sequence[Mapping[str, float]]],
    killed: tuple[str, str],
    corrected_p: float | None,
) -> tuple[Difference, str]:
    """The difference where stops of one side, or of both, ended in SIGKILL.

    Args:
        names: of baseline and candidate.
        rows: the metrics of the trials of each.
        killed: how their stops were ended; empty where none was killed.
        corrected_p: of the metric `stop_killed`.
    """
    shares = [_killed_share(row) for row in rows]
    told = zip(names, killed, strict=True)
    reason = sentence(
        *(f"{name}: {words}" for name, words in told if words),
        "a killed stop lasts as long as the grace period, so it is not compared",
    )
    if shares[0] == shares[1]:
        return (Difference.SAME if shares[0] == 1 else Difference.INCONCLUSIVE), reason
    if corrected_p is None or corrected_p >= ALPHA:
        return Difference.INCONCLUSIVE, reason
    return (Difference.WORSE if shares[1] > shares[0] else Difference.BETTER), reason


def _killed_share(rows: Sequence[Mapping[str, float]]) -> float:
    known = [row["stop_killed"] for row in rows if "stop_killed" in row]
    return sum(known) / len(known) if known else 0.0
