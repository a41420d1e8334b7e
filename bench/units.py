"""Durations and sizes: parsed strictly, with their unit, and printed for people.

Two grammars for sizes exist on purpose. Where a scenario uses a word of the Compose
specification (`limits: {memory: 8g}`) the suffixes are 1024-based, as Compose reads them.
In thresholds `GB` is decimal and `GiB` binary (IEC 80000-13), so that a limit means the same
to every reader. Neither takes a bare number.
"""

from __future__ import annotations

import math
import re

_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d|w)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_SECONDS |= {"h": 3600.0, "d": 86400.0, "w": 604800.0}

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)")
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_DECIMAL = {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_COMPOSE = {"b": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30}

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")

_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmg])bit", re.IGNORECASE)

_LARGEST_BYTES = 2**63 - 1
_LONGEST_CORE = 4  # digits: Linux counts 8192 cores at most


def parse_duration_s(text: str) -> float:
    """Seconds in `text`, written as Compose writes durations: `500ms`, `3s`, `1m30s`.

    Raises:
        ValueError: no unit, an unknown one, or nothing at all.
    """
    text = text.strip()
    _refuse_bare_and_negative(text, "{}s, or {}ms")
    position, total = 0, 0.0
    for part in _DURATION_PART.finditer(text):
        if part.start() != position:
            break
        total += float(part[1]) * _SECONDS[part[2]]
        position = part.end()
    if not text or position != len(text) or not math.isfinite(total):
        raise ValueError(f"{text!r} is not a duration; write a unit, such as 30s, 500ms or 1m30s")
    return total


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
    """Refuse what is only a number; `example` is what to write for a number `{}`."""
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
    """Bits a second in `text`, in tc's words: `200mbit`, `1gbit`.

    Raises:
        ValueError: no unit or an unknown one.
    """
    match = _RATE.fullmatch(text.strip())
    if not match or float(match[1]) == 0:
        raise ValueError(f"{text!r} is not a link rate; write it as 200mbit or 1gbit")
    return round(float(match[1]) * {"k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()])


def format_rate(bit_s: float) -> str:
    """Bits a second in tc's words, with about three digits: `200mbit`."""
    for factor, unit in ((10**9, "gbit"), (10**6, "mbit")):
        if bit_s >= factor:
            return f"{bit_s / factor:.3g}{unit}"
    return f"{bit_s / 1000:.3g}kbit"


def format_bytes(value: float) -> str:
    """`value` in the largest binary unit that leaves a number of at least one."""
    sign, size = ("-", -value) if value < 0 else ("", value)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{sign}{size:.0f} {unit}" if unit == "B" else f"{sign}{_digits(size)} {unit}"
        size /= 1024
    return f"{sign}{_digits(size)} TiB"


def format_seconds(value: float) -> str:
    """`value` seconds with about three digits, in s, ms or µs, or in minutes from 120 s on."""
    size = abs(value)
    if size >= 120:
        return f"{_digits(value / 60)} min"
    if size >= 1 or size == 0:
        return f"{_digits(value)} s"
    if size >= 1e-3:
        return f"{_digits(value * 1e3)} ms"
    return f"{_digits(value * 1e6)} µs"


def _digits(value: float) -> str:
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def format_value(value: float, unit: str) -> str:
    """`value` for people in the unit that a metric is kept in (`s`, `bytes`, `cores`, …)."""
    if unit == "s":
        return format_seconds(value)
    if unit == "ms":
        return format_seconds(value / 1000)
    if unit == "bytes":
        return format_bytes(value)
    if unit == "pct":
        return f"{value:.0f} %"
    if unit == "":
        return f"{value:.0f}" if float(value).is_integer() else _digits(value)
    return f"{_digits(value)} {unit}"
