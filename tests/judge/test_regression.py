"""`--fail-on`: what may be written, and when it is met."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.judge.model import Comparison, Difference
from bench.judge.regression import parse_fail_on, regressed


def comparison(
    baseline: float | None,
    candidate: float | None,
    difference: Difference = Difference.WORSE,
    metric: str = "startup_s",
) -> Comparison:
    return Comparison(
        "A", "B", metric, "cold", "fit", 6, 6, baseline, candidate,
        None, None, 0.002, 0.05, difference, "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "metric", "share", "amount"),
    [
        ("startup_s:10%,500ms", "startup_s", 0.1, 0.5),
        ("startup_s: 500ms, 10 %", "startup_s", 0.1, 0.5),
        ("startup_s:2.5%", "startup_s", 0.025, None),
        ("startup_s:1s", "startup_s", None, 1.0),
        ("image_size_bytes:5%,10MiB", "image_size_bytes", 0.05, 10 * 2**20),
        ("layer_count:2", "layer_count", None, 2.0),
        ("cpu_cores_peak:0.5", "cpu_cores_peak", None, 0.5),
    ],
)
def test_margins_are_read_in_the_metrics_unit(text, metric, share, amount):
    found = parse_fail_on(text)
    assert (found.metric.name, found.share, found.amount) == (metric, share, amount)


def test_margins_are_told_in_words():
    assert str(parse_fail_on("startup_s:10%,500ms")) == (
        "startup_s worse by more than 10 % and 500 ms"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("startup:10%", "startup_s"),
        ("startup_s", "names no margin"),
        ("startup_s:", "names no margin"),
        ("startup_s:500", "neither a share nor an amount of s"),
        ("startup_s:10%,", "neither a share"),
        ("startup_s:10%,20%", "second margin"),
        ("startup_s:1s,2s", "second margin"),
        ("cpu_cores_peak:-1", "neither a share"),
        ("net_rx_bytes:10%", "neither good nor bad"),
    ],
)
def test_margins_that_cannot_be_meant_are_refused(text, says):
    with pytest.raises(UsageError, match=says):
        parse_fail_on(text)


@pytest.mark.parametrize(
    ("baseline", "candidate", "expected"),
    [
        (10.0, 12.0, True),
        (10.0, 10.9, False),  # over the amount, within the share
        (10.0, 11.0, False),  # exactly the share is not more than it
        (1.0, 1.4, False),  # over the share, within the amount
        (1.0, 1.5, False),  # exactly the amount is not more than it
        (0.0, 0.6, True),
        (10.0, 5.0, False),
        (None, 5.0, False),
        (5.0, None, False),
    ],
)
def test_every_margin_must_be_exceeded(baseline, candidate, expected):
    difference = Difference.WORSE if (candidate or 0) > (baseline or 0) else Difference.BETTER
    fail_on = parse_fail_on("startup_s:10%,500ms")
    assert regressed(comparison(baseline, candidate, difference), fail_on) is expected


@pytest.mark.parametrize("difference", [one for one in Difference if one is not Difference.WORSE])
def test_only_a_difference_that_is_called_worse_counts(difference):
    assert not regressed(comparison(1.0, 9.0, difference), parse_fail_on("startup_s:10%"))


def test_another_metric_does_not_count():
    assert not regressed(comparison(1.0, 9.0, metric="ready_s"), parse_fail_on("startup_s:10%"))
