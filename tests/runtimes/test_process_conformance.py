"""Plain processes as a runtime."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.cgroup.mounts import find_mounts, make_parent, remove_parent
from bench.runtimes.process.runtime import ProcessRuntime, why_no_processes
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec
from tests.runtimes.conformance import *  # noqa: F403 - the tests themselves
from tests.runtimes.conformance import RUN, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(why_no_processes() is not None, reason="needs root and cgroups")


@pytest.fixture
def subject(request) -> Iterator[Subject]:
    """A runtime with a cgroup for the test."""
    mounts = find_mounts()
    assert mounts is not None
    parent = make_parent(mounts, f"{RUN}-t0001.{abs(hash(request.node.name))}")
    template = WorkloadSpec(
        image="", name="", labels={LABEL: RUN}, environment={"PATH": os.environ["PATH"]}
    )
    found = Subject(ProcessRuntime(), template, parent)
    yield found
    found.clean()
    found.runtime.close()
    remove_parent(mounts, parent)
