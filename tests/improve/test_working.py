"""Which mends are dropped: the first of those with which the image fails up to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.dockerfile.mends.sources import Sources, read_sources
from bench.improve.working import IMPROVED, ORIGINAL, working_mends

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TEXT = "FROM python:3.11\nRUN pip install x\nCMD python -m app\n"


@pytest.fixture
def before(tmp_path) -> Sources:
    (tmp_path / "Dockerfile").write_text(TEXT)
    return read_sources(tmp_path / "Dockerfile", tmp_path)


def failing(
    *signs: str, tried: list[tuple[str, ...]] | None = None
) -> Callable[[Mapping[str, Sources]], dict[str, str]]:
    """Images fail that have one of these signs in their Dockerfile."""

    def call(variants: Mapping[str, Sources]) -> dict[str, str]:
        if tried is not None:
            tried.append(tuple(variants))
        return {
            name: f"because of {sign}"
            for name, sources in variants.items()
            for sign in signs
            if sign in sources.text
        }

    return call


def kept(before: Sources, *signs: str) -> list[str]:
    return [step.mend.id for step in working_mends(before, failing(*signs)).proposal.steps]


ALL = ["exec-form", "python-unbuffered", "pip-no-cache", "slim-base", "user"]


def test_where_all_work_the_image_is_tried_once(before):
    tried: list[tuple[str, ...]] = []
    working = working_mends(before, failing(tried=tried))
    assert [step.mend.id for step in working.proposal.steps] == ALL
    assert (tried, working.dropped) == ([(ORIGINAL, IMPROVED)], {})


def test_one_that_breaks_the_image_is_dropped_with_the_reason(before):
    working = working_mends(before, failing("slim"))
    assert [step.mend.id for step in working.proposal.steps] == [
        it for it in ALL if it != "slim-base"
    ]
    assert working.dropped == {"slim-base": "because of slim"}


def test_several_are_dropped_one_after_the_other(before):
    assert kept(before, "slim", "USER") == ["exec-form", "python-unbuffered", "pip-no-cache"]
    assert kept(before, "UNBUFFERED", "no-cache", "slim", "USER", '"-m"') == []


def test_an_image_that_never_worked_is_not_mended(before):
    working = working_mends(before, failing("FROM"))
    assert working.trouble == "because of FROM"


def test_the_mends_are_built_on_those_that_stay(before):
    working = working_mends(before, failing("UNBUFFERED"))
    assert "UNBUFFERED" not in working.proposal.after.text
    assert "USER 10001:10001" in working.proposal.after.text
