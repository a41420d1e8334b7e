"""A new runtime: its file, a line in the registry, and these tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.runtimes.known import BY_NAME, NamedRuntime
from bench.runtimes.protocol import LABEL
from bench.runtimes.select import choose, open_session
from bench.runtimes.specs import WorkloadSpec
from tests.runtimes.conformance import *  # noqa: F403 - the tests themselves
from tests.runtimes.conformance import RUN, Subject
from tests.runtimes.toy import LACKING, ToyRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def subject() -> Iterator[Subject]:
    template = WorkloadSpec(
        image="", name="", labels={LABEL: RUN}, environment={"PATH": os.environ["PATH"]}
    )
    found = Subject(ToyRuntime(), template)
    yield found
    found.runtime.close()


def test_one_line_makes_it_known_to_the_command_line(monkeypatch):
    monkeypatch.setitem(BY_NAME, "toy", NamedRuntime(LACKING, ToyRuntime))
    choice = choose("toy", {})
    assert not choice.runs_images
    with open_session(choice, "tests", lambda _: None) as session:
        assert session.measuring.info.kind == "toy"
