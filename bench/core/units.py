"""Durations and sizes: parsed strictly, with their unit, and formatted for people.

There are deliberately two grammars for sizes. Where a scenario uses a key of the Compose
specification (`limits: {memory: 8g}`) the suffixes are 1024-based, as in Compose. In thresholds
`GB` is decimal and `GiB` binary (IEC 80000-13), so that a limit means the same to every reader.
Neither accepts a bare number.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d|w)")
_SECONDS = {
    unit: Decimal(text)
    for unit, text in {
        "ns": "1e-9", "us": "1e-6", "µs": "1e-6", "ms": "1e-3",
        "s": "1", "m": "60", "h": "3600", "d": "86400", "w": "604800",
    }.items()
}  # fmt: skip

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)")
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_DECIMAL = {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_COMPOSE = {"b": 1} | {
    f"{letter}{ending}": 2 ** (10 * power)
    for power, letter in enumerate("kmgtp", 1)
    for ending in ("", "b", "i", "ib")
}

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")

_SMALL, _LARGE = 0.01, 1e15
"""Values too small for two decimals, and values with too many digits to read."""

_MOST_DIGITS = 17
_SHOWN = {"ms": 1e-3, "µs": 1e-6, "min": 60.0, "TiB": 2.0**40, "GiB": 2.0**30, "MiB": 2.0**20}
_SHOWN |= {"KiB": 2.0**10}
"""The size of each unit that values are shown in, in seconds or bytes."""

_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmg])bit", re.IGNORECASE)

_LARGEST_BYTES = 2**63 - 1
_LONGEST_CORE = 4  # digits: Linux counts 8192 cores at most


def parse_duration_s(text: str, *, per_s: int = 1) -> float:
    """Seconds in `text`, written as Compose writes durations: `500ms`, `3s`, `1m30s`.

    Args:
        text: the duration.
        per_s: units per second to return instead: 1000 for milliseconds, which are then exact.

    Raises:
        ValueError: no unit, an unknown one, or an empty text.
    """
    text = text.strip()
    _refuse_bare_and_negative(text, "{}s, or {}ms")
    position, total = 0, Decimal(0)
    for part in _DURATION_PART.finditer(text):
        if part.start() != position:
            break
        total += Decimal(part[1]) * _SECONDS[part[2]]
        position = part.end()
    found = float(total * per_s)
    if not text or position != len(text) or not math.isfinite(found):
        raise ValueError(f"{text!r} is not a duration; write a unit, such as 30s, 500ms or 1m30s")
    return found


def parse_compose_bytes(text: str) -> int:
    """Bytes in `text` as Compose reads them: `8g` and `8gb` are 8 GiB; `8GiB` is taken too.

    Raises:
        ValueError: no unit or an unknown one.
    """
    _refuse_bare_and_negative(text, "{}m, or {}g")
    match = _SIZE.fullmatch(text.strip())
    factor = (_BINARY.get(match[2]) or _COMPOSE.get(match[2].lower())) if match else None
    if match is None or factor is None:
        raise ValueError(f"{text!r} is not a size; write a unit, such as 512m, 8g or 8GiB")
    return _whole_bytes(text, float(match[1]) * factor)


def parse_cores(text: str) -> frozenset[int]:
    """The cores of a `cpuset`, such as `0-3,8`.

    Raises:
        ValueError: not such a list.
    """
    cores: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise ValueError(f"{text!r} is not a list of cores; write 0-3, or 0,2")
        if max(len(first), len(last)) > _LONGEST_CORE:
            raise ValueError(f"{text!r} names a core that no host has; write 0-3, or 0,2")
        cores |= set(range(int(first), int(last if dash else first) + 1))
    if not cores:
        raise ValueError(f"{text!r} names no core; write 0-3, or 0,2")
    return frozenset(cores)


def parse_exact_bytes(text: str) -> int:
    """Bytes in `text` by the exact units of thresholds: `GB` is 10**9, `GiB` is 2**30.

    Raises:
        ValueError: no unit, or one whose meaning differs between tools (`8g`).
    """
    _refuse_bare_and_negative(text, "{}MiB (binary), or {}MB (decimal)")
    match = _SIZE.fullmatch(text.strip())
    factor = None
    if match:
        factor = 1 if match[2] == "B" else _BINARY.get(match[2]) or _DECIMAL.get(match[2])
    if match is None or factor is None:
        raise ValueError(
            f"{text!r} is not an exact size; write MB or GB (decimal), MiB or GiB (binary)"
        )
    return _whole_bytes(text, float(match[1]) * factor)


def _refuse_bare_and_negative(text: str, example: str) -> None:
    """Refuse a bare number; `example` is the suggestion, with `{}` for the number."""
    bare = text.strip()
    if bare.startswith("-"):
        raise ValueError(f"{text!r} is negative; write zero or more")
    if _NUMBER.fullmatch(bare):
        raise ValueError(f"{text!r} has no unit; write {example.replace('{}', bare)}")


def _whole_bytes(text: str, value: float) -> int:
    if value > _LARGEST_BYTES:
        raise ValueError(f"{text!r} is larger than any size this machine can count")
    return round(value)


def parse_rate_bit_s(text: str) -> int:
    """Bits per second in `text`, in tc's notation: `200mbit`, `1gbit`.

    Raises:
        ValueError: no unit or an unknown one.
    """
    match = _RATE.fullmatch(text.strip())
    if not match or float(match[1]) == 0:
        raise ValueError(f"{text!r} is not a link rate; write it as 200mbit or 1gbit")
    return round(float(match[1]) * {"k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()])


def format_rate(bit_s: float) -> str:
    """Bits per second in tc's notation, with about three digits: `200mbit`."""
    for factor, unit in ((10**9, "gbit"), (10**6, "mbit")):
        if bit_s >= factor:
            return f"{bit_s / factor:.3g}{unit}"
    return f"{bit_s / 1000:.3g}kbit"


def format_bytes(value: float, digits: int = 3) -> str:
    """`value` in the largest binary unit that leaves a number of at least one."""
    sign, size = ("-", -value) if value < 0 else ("", value)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            shown = f"{size:.0f}" if unit == "B" else _digits(size, digits)
            return f"{sign}{shown} {unit}"
        size /= 1024
    return f"{sign}{_digits(size, digits)} TiB"


def format_seconds(value: float, digits: int = 3) -> str:
    """`value` seconds with about three digits, in s, ms or µs, or in minutes from 120 s on."""
    size = abs(value)
    if size >= 120:
        return f"{_digits(value / 60, digits)} min"
    if size >= 1 or size == 0:
        return f"{_digits(value, digits)} s"
    if size >= 1e-3:
        return f"{_digits(value * 1e3, digits)} ms"
    return f"{_digits(value * 1e6, digits)} µs"


def _digits(value: float, digits: int = 3) -> str:
    """`value` with this many digits; below one, the digits after the point count."""
    size = abs(value)
    if 0 < size < _SMALL:
        return f"{value:.{digits - 1}g}"
    before = len(str(int(size))) if size < _LARGE else digits
    return f"{value:.{max(0, digits - before)}f}"


def format_value(value: float, unit: str, digits: int = 3) -> str:
    """`value` for people in the unit that a metric is kept in (`s`, `bytes`, `cores`, …)."""
    if unit == "s":
        return format_seconds(value, digits)
    if unit == "ms":
        return format_seconds(value / 1000, digits)
    if unit == "bytes":
        return format_bytes(value, digits)
    if unit == "pct":
        return f"{value:.{digits - 3}f} %"
    if unit == "":
        return f"{value:.0f}" if float(value).is_integer() else _digits(value, digits)
    return f"{_digits(value, digits)} {unit}"


def format_exact(value: float, unit: str) -> str:
    """`value` as `format_value` has it, with enough digits to identify the number exactly."""
    for digits in range(3, _MOST_DIGITS):
        text = format_value(value, unit, digits)
        if _is_close(_shown_value(text), _in_base_unit(value, unit)):
            return text
    return format_value(value, unit, _MOST_DIGITS)


def format_beside(value: float, other: float, unit: str) -> str:
    """`value` with enough digits to show on which side of `other` it lies."""
    base, edge = _in_base_unit(value, unit), _in_base_unit(other, unit)
    for digits in range(3, _MOST_DIGITS):
        text = format_value(value, unit, digits)
        if _side(_shown_value(text), edge) == _side(base, edge):
            return text
    return format_value(value, unit, _MOST_DIGITS)


def _side(value: float, edge: float) -> int:
    return 0 if _is_close(value, edge) else 1 if value > edge else -1


def _is_close(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=1e-12)


def _in_base_unit(value: float, unit: str) -> float:
    return value / 1000 if unit == "ms" else value


def shown_value(text: str, unit: str) -> float | None:
    """The inverse of `format_value`, in `unit`; None for another text."""
    try:
        return _shown_value(text) * (1000 if unit == "ms" else 1)
    except ValueError:
        return None


def _shown_value(text: str) -> float:
    """The number in a text of `format_value`, in the unit without a prefix."""
    number, _, unit = text.partition(" ")
    return float(number) * _SHOWN.get(unit, 1.0)
