"""Fixtures of tests of neighbours."""

from __future__ import annotations

from tests.results.conftest import *  # noqa: F403 - its fixtures
