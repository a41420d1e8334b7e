"""The small ones of the minimal images on a real engine: all do the same next to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.built_images import GRACE_S, BuiltImages, built_images

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.slow]

MINIMAL = Path(__file__).parent.parent / "images" / "minimal"
SMALL = ("static", "debian", "python-slim")


@pytest.fixture(scope="module")
def minimal() -> Iterator[BuiltImages]:
    with built_images(MINIMAL, *SMALL) as images:
        yield images


@pytest.mark.parametrize("name", SMALL)
def test_it_says_that_it_is_ready_and_ends_when_it_is_asked_to(minimal, name):
    with minimal.running(name) as one:
        one.await_line("ready")
        code, took_s = one.stop()
    assert code == 0
    assert took_s < GRACE_S


def test_the_static_image_holds_its_binary_and_nothing_else(minimal):
    image = minimal.engine.images.inspect(minimal.tag("static"))
    assert len(image.layers) == 1
    assert image.size_bytes < 2**20
