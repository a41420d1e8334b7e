"""Images of habits on a real engine: the good one serves, and each habit does what it is said to.

What the habits of size come to is for the scenario to say; here are the others.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.built_images import GRACE_S, BuiltImages, Running, built_images

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.slow]

HABITS = Path(__file__).parent.parent / "images" / "habits"
EFFECTS = ("no-bytecode", "buffered", "shell-form", "no-dockerignore", "download-at-start")
BYTECODE = 'test -n "$(find / -xdev -path "*/flask/*.pyc" -print -quit)"'


@pytest.fixture(scope="module")
def habits() -> Iterator[BuiltImages]:
    with built_images(HABITS, "index", "good", *EFFECTS) as images:
        yield images


@contextmanager
def serving(habits: BuiltImages, name: str) -> Iterator[Running]:
    with habits.running(name) as one:
        one.await_answer(8080, "/healthz")
        yield one


def holds(habits: BuiltImages, one: Running, condition: str) -> bool:
    """Whether a condition of the shell is true in the container."""
    return habits.engine.workload(one.id).execute(("sh", "-c", condition), 60) == 0


def test_good_keeps_notes_and_ends_when_it_is_asked_to(habits):
    with serving(habits, "good") as one:
        kept = one.put(8080, "/notes/a", "three small words").json()
        assert kept["words"] == 3
        found = one.get(8080, "/notes/a")
        assert found.text == "three small words"
        assert found.headers["ETag"] == f'"{kept["digest"]}"'
        assert one.get(8080, "/notes/b").status_code == 404
        code, took_s = one.stop()
    assert code == 0
    assert took_s < GRACE_S


@pytest.mark.parametrize(("name", "seen"), [("good", True), ("buffered", False)])
def test_what_was_said_before_a_kill_is_lost_where_it_is_buffered(habits, name, seen):
    with serving(habits, name) as one:
        one.kill()
        assert ("serving on port 8080" in one.log()) == seen


def test_what_is_buffered_is_seen_at_an_orderly_end(habits):
    with serving(habits, "buffered") as one:
        assert one.log() == ""
        one.stop()
        assert "serving on port 8080" in one.log()


def test_the_shell_form_does_not_hear_of_sigterm_and_is_killed(habits):
    with serving(habits, "shell-form") as one:
        code, took_s = one.stop()
    assert code == 137
    assert took_s >= GRACE_S


@pytest.mark.parametrize(("name", "there"), [("good", True), ("no-bytecode", False)])
def test_only_without_the_habit_there_is_bytecode(habits, name, there):
    with serving(habits, name) as one:
        assert holds(habits, one, BYTECODE) == there


@pytest.mark.parametrize(("name", "there"), [("good", False), ("no-dockerignore", True)])
def test_only_with_the_habit_the_environment_of_the_folder_is_shipped(habits, name, there):
    with serving(habits, name) as one:
        assert holds(habits, one, "test -d /srv/.venv/lib") == there


def test_what_downloads_at_its_start_cannot_serve_with_what_is_in_the_image(habits):
    command = ("python", "-c", "import flask")
    with habits.running("download-at-start", command) as one:
        assert habits.engine.workload(one.id).wait(30) != 0
        assert "No module named 'flask'" in one.log()


def test_it_gets_ready_by_installing_from_the_index(habits):
    with habits.running("index") as index:
        index.await_answer(8000, "/")
        address = habits.engine.workload(index.id).state().address
        with habits.running("download-at-start", index=address) as one:
            one.await_answer(8080, "/healthz")
            assert one.log().index("Successfully installed") < one.log().index("serving on port")
        assert "GET /flask-" in index.log()
