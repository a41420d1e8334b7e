"""docs/metrics.md says what the table of metrics says."""

from __future__ import annotations

from pathlib import Path

from bench.core.metrics import METRICS
from bench.report.metrics_page import metrics_page

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_is_made_from_the_table():
    again = "python -m bench.report.metrics_page > docs/metrics.md"
    assert PAGE.read_text() == metrics_page(), f"make it again: {again}"


def test_every_metric_has_a_section_and_every_link_leads_to_one():
    text = PAGE.read_text()
    for name in METRICS:
        assert f"\n## {name}\n" in text
        assert f"(#{name})" in text
