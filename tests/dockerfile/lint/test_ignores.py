"""Comments that silence a finding, and those that should not be there."""

from __future__ import annotations

import pytest

from bench.dockerfile.lint.lint import lint

BASE = "FROM a:1\nUSER 1\n"


def names(places, text: str) -> set[tuple[str, int]]:
    return {one for one in places(text) if one[0] in ("apt-recommends", "apt-lists-kept")} | {
        one for one in places(text) if one[0].startswith("ignore-")
    }


@pytest.mark.parametrize(
    "text",
    [
        "# bench: ignore=apt-recommends all is wanted\nRUN apt-get install x",
        "#bench:ignore=apt-recommends all is wanted\n\n# more\nRUN apt-get install x",
        "RUN true && \\\n  # bench: ignore=apt-recommends all is wanted\n  apt-get install x",
        "# bench: ignore=apt-recommends,apt-lists-kept why\nRUN apt-get update; apt install x",
    ],
)
def test_an_ignored_finding_is_silent(places, text):
    assert names(places, BASE + text) == set()


def test_it_silences_one_instruction_and_one_rule(places):
    text = (
        "# bench: ignore=apt-recommends why\nRUN apt install x; apt-get update\nRUN apt install y"
    )
    assert names(places, BASE + text) == {("apt-lists-kept", 4), ("apt-recommends", 5)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("# bench: ignore=apt-recommends\nRUN apt install x", "ignore-without-reason"),
        ("# bench: ignore=apt-recomends why\nRUN true", "ignore-of-unknown-rule"),
        ("# bench: ignore\nRUN true", "ignore-of-unknown-rule"),
        ("# bench: ignore=apt-recommends why\nRUN true", "ignore-without-effect"),
        ("RUN true\n# bench: ignore=apt-recommends why", "ignore-without-effect"),
    ],
)
def test_a_comment_that_does_not_do_its_work_is_found(places, text, rule):
    assert {name for name, _ in names(places, BASE + text)} == {rule}


def test_a_near_miss_is_suggested(tmp_path):
    found = lint(f"{BASE}# bench: ignore=apt-recomends why\nRUN true\n", tmp_path / "Dockerfile")
    (one,) = [one for one in found if one.rule == "ignore-of-unknown-rule"]
    assert (one.line, one.message.endswith("did you mean apt-recommends?")) == (3, True)


def test_text_in_a_heredoc_ignores_nothing(places):
    text = "COPY <<E /x\n# bench: ignore=nothing\nE\nRUN apt install x"
    assert names(places, BASE + text) == {("apt-recommends", 6)}
