"""Whole files: real ones, broken ones, and any text at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.dockerfile.lint.lint import RULES, lint, lint_file

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "images"
WORDS = (
    *(
        "FROM",
        "RUN",
        "COPY",
        "ADD",
        "CMD",
        "ENTRYPOINT",
        "ENV",
        "ARG",
        "USER",
        "WORKDIR",
        "ONBUILD",
    ),
    *("HEALTHCHECK", "SHELL", "a", "a:1", "AS", "b", "--from=b", "--mount=type=cache,target=/x"),
    *("apt-get", "install", "update", "pip", "-r", "gcc", ".", "/srv", "chown", "-R", "sh", "-c"),
    *("&&", "|", ";", "(", ")", "$(", "${X", "$X", "'", '"', "\\", "\n", "\\\n", "\r\n", "\t", "#"),
    *(
        "<<E",
        "<<-'E'",
        "\nE\n",
        "[",
        "]",
        '["sh", "-c", "x"]',
        '["',
        "=",
        "X=1",
        "TOKEN=x",
        "https://x",
    ),
    *(
        "# bench: ignore=no-user x\n",
        "# escape=`\n",
        "`",
        "\x00",
        "\ufeff",
        "ü",
        "exec",
        ">",
        "2>&1",
    ),
)


@given(st.lists(st.sampled_from(WORDS)))
@settings(max_examples=300, deadline=None)
def test_no_text_is_too_odd(words):
    text = "FROM a:1\n" + " ".join(words)
    try:
        found = lint(text, Path("Dockerfile"))
    except UsageError:
        return
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= one.last_line <= lines for one in found)


@pytest.mark.parametrize("path", sorted(IMAGES.rglob("*Dockerfile")), ids=str)
def test_every_image_of_this_repository_is_read(path):
    assert {one.rule for one in lint_file(path)} <= RULES.keys()


def test_the_bad_image_of_the_quickstart_has_what_the_good_one_mends():
    assert lint_file(IMAGES / "web" / "good.Dockerfile") == []
    assert {one.rule for one in lint_file(IMAGES / "web" / "bad.Dockerfile")} >= {
        "copy-before-install",
        "apt-lists-kept",
        "apt-recommends",
        "pip-cache-kept",
        "no-user",
        "download-at-start",
        "shell-wrapper",
        "entrypoint-script-without-exec",
    }


@pytest.mark.parametrize(
    ("habit", "rule"),
    [
        ("apt-lists", "apt-lists-kept"),
        ("buffered", "python-buffered-output"),
        ("build-tools", "build-tools-shipped"),
        ("copy-first", "copy-before-install"),
        ("download-at-start", "download-at-start"),
        ("late-chown", "late-chown"),
        ("pip-cache", "pip-cache-kept"),
        ("shell-form", "shell-wrapper"),
    ],
)
def test_a_habit_is_one_finding_more(habit, rule):
    folder = IMAGES / "habits"
    good = {one.rule for one in lint_file(folder / "good.Dockerfile")}
    assert {one.rule for one in lint_file(folder / f"{habit}.Dockerfile")} == good | {rule}


@pytest.mark.parametrize("data", [b"\xff\xfe", b"#" * (1024 * 1024 + 1)])
def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path, data):
    path = tmp_path / "Dockerfile"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        lint_file(path)


def test_the_escape_directive_is_obeyed():
    text = "# escape=`\nFROM a:1\nRUN apt-get update `\n && rm -rf /var/lib/apt/lists/*\nUSER 1\n"
    assert lint(text, Path("Dockerfile")) == []


def test_the_page_has_every_rule_as_it_is():
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = [line for line in page.partition("## Rules")[2].splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{rule.id}` | {rule.severity} | {rule.why} | {rule.remedy} |" for rule in RULES.values()
    ]
