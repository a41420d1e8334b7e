"""Trends as JSON, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.core.text import clean_tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.journal.facts.comparison import Interval
    from bench.judge.changes import Shift
    from bench.results.trends import Trend, TrendPoint

HISTORY_VERSION = 1
"""Of the document; docs/history.md has its fields."""


def history_json(trends: Sequence[Trend], folder: Path) -> str:
    """The trends with all their points and changes, as docs/history.md explains them."""
    document = {
        "schema_version": HISTORY_VERSION,
        "folder": str(folder),
        "trends": [_trend(trend) for trend in trends],
    }
    return json.dumps(clean_tree(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "scenario": trend.scenario,
        "case": trend.case,
        "cache": trend.cache or None,
        "arm": trend.arm or None,
        "metric": trend.metric.name,
        "title": trend.metric.title,
        "unit": trend.metric.unit,
        "better": trend.metric.better.value,
        "circumstances": dict(trend.circumstances),
        "unlike": list(trend.unlike),
        "points": [_point(point) for point in trend.points],
        "changes": [_change(shift, trend) for shift in trend.shifts],
    }


def _point(point: TrendPoint) -> dict[str, Any]:
    return {
        "run": point.run,
        "started_at": point.at,
        "median": point.median,
        "interval": _ends(point.interval),
        "n": len(point.values),
        "failed": point.failed,
        "gap": point.gap or None,
        "values": list(point.values),
    }


def _change(shift: Shift, trend: Trend) -> dict[str, Any]:
    return {
        "run": trend.points[shift.index].run,
        "started_at": trend.points[shift.index].at,
        "before": shift.before,
        "after": shift.after,
        "n_before": shift.n_before,
        "n_after": shift.n_after,
        "ratio": shift.ratio,
        "interval": _ends(shift.interval),
        "corrected_p": shift.corrected_p,
        "splits_tried": shift.tried,
        "band": shift.band.share,
        "band_from": shift.band.origin.value,
        "difference": shift.difference.value,
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
