"""Good files, broken: bytes, structure and values changed as a seed says.

What comes out of a seed is always the same, so that a seed is all that a failure needs to be told.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

from bench.journal.lines import JournalPosition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TEXTS = (
    "", " ", "x", "null", "off", "~", "8g", "-8g", "9999999999999999999g", "3s", "-3s", "1e999s",
    "0", "1_000", "0x1f", "1:30", "2026-02-30", "<= 3s", "p99 <= 1s", "max <=", "cold", "a" * 300,
    "${X}", "${X:-${Y}", "$", "*a", "&a", "!!python/none", "[", "{", "\0", "\u2028", "\udc80", "é",
    "../../..", "/", "/dev/null", "a:b:c:d", "127.0.0.1:80:80", "(", "(?P<x", "[0-9]+", "#",
    "t9999", "t0001-r2.7", "infinity", "2026-11-22T08:31:07+00:00", "2026-11-22", "sha256:",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 3, 19, 20, 10**6, 2**31, 2**53 + 1, 2**63, -(2**63), 10**40, 0.0, -0.0, 0.5,
    1e-320, 1e308, -1e308, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip


def broken_bytes(rng: random.Random, data: bytes) -> bytes:
    """`data` with one to four pieces cut out, put in, doubled or exchanged."""
    for _ in range(_few(rng)):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((0, 1, 1, 2, 5, 40, 400)))
        noise = rng.choice(
            (
                b"",
                rng.randbytes(rng.randint(1, 6)),
                rng.choice((b"\n", b"  ", b": ", b"- ", b"\t", b"'", b'"', b"}", b"]", b"\xff")),
                data[start:end] * 2,
                _piece(rng, data),
            )
        )
        data = data[:start] + noise + data[end:]
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.1 else data


def _few(rng: random.Random) -> int:
    """One to four, mostly one: of more, the first that is refused hides the others."""
    return rng.choice((1, 1, 1, 2, 4))


def _piece(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[start : start + rng.randint(1, 60)]


def broken_tree(rng: random.Random, tree: Any) -> Any:
    """A copy of `tree` (of lists and mappings) with one to four of its places changed."""
    tree = copy.deepcopy(tree)
    for _ in range(_few(rng)):
        places = _places(tree)
        if not places:
            break
        holder, key = rng.choice(places)
        rng.choice(_CHANGES)(rng, holder, key, places)
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every holder of a value, with the key or index that it holds it by."""
    found = []
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        items = list(one.items() if isinstance(one, dict) else enumerate(one))
        for key, value in items:
            found.append((one, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return found


def _value(rng: random.Random) -> Any:
    simple = rng.choice((None, True, False, rng.choice(NUMBERS), rng.choice(TEXTS)))
    return rng.choice((simple, simple, simple, [simple], {"x": simple}, [], {}))


def _replace(rng: random.Random, holder: Any, key: Any, _: Sequence[Any]) -> None:
    holder[key] = _value(rng)


def _nudge(rng: random.Random, holder: Any, key: Any, _: Sequence[Any]) -> None:
    old = holder[key]
    if isinstance(old, bool) or not isinstance(old, int | float):
        holder[key] = str(old)[:300] + rng.choice(TEXTS)
    elif abs(old) < 1e15:
        holder[key] = rng.choice((old + 1, old - 1, -old, old * 10, old / 3, int(old) << 40))


def _remove(_rng: random.Random, holder: Any, key: Any, _: Sequence[Any]) -> None:
    del holder[key]


def _exchange(rng: random.Random, holder: Any, key: Any, places: Sequence[Any]) -> None:
    other, its = rng.choice(places)
    # copies: a value inside of the other would hold itself
    one, two = copy.deepcopy(holder[key]), copy.deepcopy(other[its])
    holder[key] = two
    if other is not holder:
        other[its] = one


def _rename(rng: random.Random, holder: Any, key: Any, places: Sequence[Any]) -> None:
    if isinstance(holder, dict):
        names = [its for _, its in places if isinstance(its, str)]
        holder[rng.choice([*names, *TEXTS])] = holder.pop(key)
    else:
        holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(holder[key]))


def _journal(events: Sequence[dict[str, Any]], version: int) -> bytes:
    """The bytes of a journal of this version."""
    link, data = JournalPosition(), b""
    for event in events:
        is_header = "schema_version" in event
        text = json.dumps(event | {"schema_version": version} if is_header else event)
        line = f"{text}\n".encode()
        if version > 1:
            line, link = link.seal(text)
        data += line
    return data


_CHANGES: tuple[Callable[[random.Random, Any, Any, Sequence[Any]], None], ...] = (
    _replace,
    _replace,
    _nudge,
    _nudge,
    _remove,
    _exchange,
    _rename,
)


def broken_scenario(seed: int, texts: Sequence[str], trees: Sequence[Any]) -> bytes:
    """One of `texts` with its bytes changed, or one of `trees` with its values; JSON is YAML."""
    rng = random.Random(seed)
    if rng.random() < 0.5:
        return broken_bytes(rng, rng.choice(texts).encode())
    text = json.dumps(broken_tree(rng, rng.choice(trees)), indent=rng.choice((None, 1)))
    for said, meant in (("-Infinity", "-.inf"), ("Infinity", ".inf"), ("NaN", ".nan")):
        text = text.replace(said, meant)
    return text.encode()


def broken_journal(seed: int, journals: Sequence[list[dict[str, Any]]]) -> bytes:
    """One of `journals` with its bytes, its events or their values changed."""
    rng = random.Random(seed)
    events = rng.choice(journals)
    way = rng.random()
    if way < 0.6:
        count = rng.choice((1, 1, 1, 2, 4))
        events = list(events)
        for index in rng.sample(range(len(events)), min(count, len(events))):
            events[index] = broken_tree(rng, events[index])
    elif way < 0.8:
        events = list(events)
        for _ in range(rng.randint(1, 5)):
            index, to = rng.randrange(len(events)), rng.randrange(len(events))
            moved = events.pop(index) if rng.random() < 0.7 else events[index]
            if rng.random() < 0.8:
                events.insert(to, moved)
    data = _journal(events, rng.choice((1, 2)))
    return broken_bytes(rng, data) if way >= 0.8 else data
