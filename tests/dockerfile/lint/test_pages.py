"""The examples of the rules break them, and what stands instead does not."""

from __future__ import annotations

import pytest

from bench.cli.explain import explanation
from bench.dockerfile.lint.lint import RULES, lint
from bench.dockerfile.lint.pages import PAGES


def found_in(text: str, folder) -> list[str]:
    whole = text if text.startswith("FROM") else f"FROM debian:12-slim\n{text}"
    return [finding.rule for finding in lint(f"{whole}\n", folder / "Dockerfile")]


def test_every_rule_about_instructions_has_a_page():
    assert set(PAGES) == {rule.id for rule in RULES.values() if rule.find}


@pytest.mark.parametrize("rule", PAGES)
def test_the_example_breaks_the_rule_and_its_mend_does_not(rule, tmp_path):
    (tmp_path / ".git").mkdir()
    assert rule in found_in(PAGES[rule].bad, tmp_path)
    assert rule not in found_in(PAGES[rule].good, tmp_path)


@pytest.mark.parametrize("rule", RULES)
def test_each_is_explained_with_its_example(rule):
    said = explanation(rule)
    assert RULES[rule].why in said
    assert RULES[rule].remedy in said
    if rule in PAGES:
        assert PAGES[rule].bad.splitlines()[0] in said
        assert PAGES[rule].misleads in said
