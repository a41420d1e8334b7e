"""For all tests."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# how long an example takes is the machine's business
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items) -> None:
    # whichever of them is the first starts the daemons, which outlive it on purpose
    daemons = pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")
    for item in items:
        if item.get_closest_marker("engine"):
            item.add_marker(daemons)
