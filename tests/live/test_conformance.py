"""The engine under test as a runtime: Docker's, or Podman's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec
from tests.runtimes.conformance import *  # noqa: F403 - the tests themselves
from tests.runtimes.conformance import RUN, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.protocol import ContainerEngine

pytestmark = pytest.mark.engine


@pytest.fixture
def subject(building: ContainerEngine, busybox: str) -> Iterator[Subject]:
    """The engine that builds, with an image that has a shell."""
    template = WorkloadSpec(image=busybox, name="", labels={LABEL: RUN})
    is_podman_4 = (building.info.kind, building.info.version[:2]) == ("podman", "4.")
    found = Subject(building, template, flags_oom=not is_podman_4)
    yield found
    found.clean()
