"""One mutation of one kept run at one place, in one form, held against the property."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.journal.writer import FILE_NAME
from bench.judge.model import Outcome
from tests.mutations.kept import Made
from tests.mutations.property import Shown, faults, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mutations.catalogue import Mutation

    Damage = Callable[[list[bytes], int], bytes]

FORMS = ("raw", "sealed")


@cache
def untouched(name: str) -> Shown:
    """What is shown of a kept run as it is."""
    found = of_bytes(Made.of(name).sealed())
    assert found is not None
    return found


def of_bytes(data: bytes) -> Shown | None:
    """What is shown of a run with this journal."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE_NAME).write_bytes(data)
        return shown(Path(folder))


def wrong(name: str, mutation: Mutation, place: Any, form: str) -> list[str]:
    """What does not hold of a kept run once it was changed; empty where all does."""
    made, before = Made.of(name), untouched(name)
    case = _case(made, place)
    mutation.change(made, place)
    after = of_bytes(made.sealed() if form == "sealed" else b"".join(made.raw(name)))
    found = faults(before, after, is_said=mutation.is_said)
    if after is not None:
        found += [
            f"{row} of {case} still passes: {verdict.reason}"
            for (of, row, *_), verdict in after.verdicts.items()
            if of == case and row in mutation.spoils and verdict.verdict is Outcome.PASS
        ]
    return found


def wrong_lines(name: str, damage: Damage, index: int) -> list[str]:
    """The same for a kept run of which one line was damaged."""
    made, before = Made.of(name), untouched(name)
    return faults(before, of_bytes(damage(made.raw(name), index)), is_said=True)


def some_places(name: str, places: list[Any], count: int) -> list[Any]:
    """So many of the places, always the same."""
    return random.Random(name).sample(places, min(count, len(places)))


def torn(lines: list[bytes], index: int) -> bytes:
    """Half of a line is gone, with its end."""
    half = lines[index][: len(lines[index]) // 2]
    return b"".join([*lines[:index], half, *lines[index + 1 :]])


def cut_short(lines: list[bytes], index: int) -> bytes:
    """Half of a line is gone, and its end is there."""
    half = lines[index][: len(lines[index]) // 2] + b"\n"
    return b"".join([*lines[:index], half, *lines[index + 1 :]])


def stopped(lines: list[bytes], index: int) -> bytes:
    """The journal stops in the middle of a line."""
    return torn(lines[: index + 1], index)


def blanked(lines: list[bytes], index: int) -> bytes:
    """A line is empty."""
    return b"".join([*lines[:index], b"\n", *lines[index + 1 :]])


def zeroed(lines: list[bytes], index: int) -> bytes:
    """A line is zeros, as a file system leaves it after a power cut."""
    return b"".join([*lines[:index], bytes(len(lines[index])), *lines[index + 1 :]])


def flipped(lines: list[bytes], index: int) -> bytes:
    """A digit of a line is another."""
    line = bytearray(lines[index])
    digits = [at for at, one in enumerate(line) if one in b"0123456789"]
    line[digits[len(digits) // 2]] ^= 1
    return b"".join([*lines[:index], bytes(line), *lines[index + 1 :]])


DAMAGES: tuple[Damage, ...] = (torn, cut_short, stopped, blanked, zeroed, flipped)


def _case(made: Made, place: Any) -> str:
    event = made.events[place] if isinstance(place, int) else {"trial_id": place}
    if "trial_id" not in event:
        return str(event.get("case", ""))
    (start,) = made.find("trial_started", event["trial_id"])
    return str(made.events[start]["key"]["case"])
