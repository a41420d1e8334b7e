"""A limit on the image itself, which needs no trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.units import format_bytes
from bench.judge.aggregates import shown_against
from bench.judge.finding import Finding, sentence, unmeasured
from bench.judge.model import Outcome

if TYPE_CHECKING:
    from bench.journal.facts.image import ImageFacts
    from bench.standard.rule import Rule


def judge_image(rule: Rule, image: ImageFacts | None, *, complete: bool) -> Finding:
    """Judge a metric that the image has one value of."""
    metric, limit = rule.measured, rule.bound
    value = image.metric_values().get(rule.metric) if image else None
    if image is None or value is None:
        if image is None and not complete:
            how = "the run was interrupted before the image was there"
            return Finding(Outcome.INCONCLUSIVE, how)
        return unmeasured(f"{rule.metric} was not measured")
    holds = limit.holds(value)
    verb = "meets" if holds else "does not meet"
    reason = f"{shown_against(value, limit, metric.unit)} {verb} {limit.text(metric.unit)}"
    outcome = Outcome.PASS if holds else Outcome.FAIL
    is_size = rule.metric == "image_size_bytes"
    beside = sentence(_sizes_of_parts(image), _other_sizes(image)) if is_size else ""
    return Finding(outcome, sentence(reason, beside), value, 1)


def _sizes_of_parts(image: ImageFacts) -> str:
    """Of a stack: each service's image by itself; empty for a single image."""
    if not image.parts:
        return ""
    sizes = ", ".join(
        f"{part.service} {format_bytes(part.size_bytes)}"
        for part in image.parts
        if part.size_bytes is not None
    )
    return f"each distinct layer once, of {sizes}"


def _other_sizes(image: ImageFacts) -> str:
    transfer, engine = image.transfer_bytes, image.engine_size_bytes
    parts = [
        f"{format_bytes(transfer)} to transfer" if transfer is not None else "",
        f"{format_bytes(engine)} by the engine's own count" if engine is not None else "",
    ]
    return ", ".join(part for part in parts if part)
