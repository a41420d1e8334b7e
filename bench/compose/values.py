"""The scalar types of a Compose file, which is read more leniently than a scenario.

A variable makes text of everything, so that numbers and flags are taken as text too; a size
without a unit is bytes, as the Compose specification has it.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from bench.compose.container_keys import LEAST_WEIGHT, MOST_WEIGHT
from bench.core.units import parse_compose_bytes
from bench.yamldoc.values import Text, bearable_s

_MOST = 2**53
MOST_CORES = 4096
_TRUE = frozenset({"true", "yes", "on", "y", "1"})
_FALSE = frozenset({"false", "no", "off", "n", "0"})


def _flag(value: object) -> object:
    word = value.lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else value


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST:
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value) else value


def _cores(value: object) -> object:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    number = math.nan if isinstance(value, bool) else number
    if value is None:
        return None
    if not 0 <= number <= MOST_CORES:
        raise ValueError(f"{value!r} is not a number of cores; write 4 or 0.5")
    return number or None


def _bytes(value: object) -> object:
    value = _whole(value)
    return parse_compose_bytes(value) if isinstance(value, str) else value


def _positive_bytes(value: object) -> object:
    size = _bytes(value)
    if size == 0:
        raise ValueError(f"{value!r} is nothing; write a size such as 10m, or leave it out")
    return size


def _swap(value: object) -> object:
    return -1 if _whole(value) == -1 else _bytes(value)


def _weight(value: object) -> object:
    return None if _whole(value) == 0 else value


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a duration; write one such as 30s or 1m30s")  # noqa: TRY004
    return 0.0 if value == "0" else bearable_s(value)


def _microseconds(value: object) -> object:
    value = _whole(value)
    return round(bearable_s(value) * 1e6) if isinstance(value, str) else value


def _one_or_more(value: object) -> object:
    return value if value is None or isinstance(value, list | dict) else [value]


def _word(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _count(value: object) -> object:
    value = _whole(value)
    return "all" if value == -1 else value


def _option(value: object) -> object:
    if value is None:
        raise ValueError("nothing is written there; write a text, or leave the key out")
    return _word(value)


def _octal(value: object) -> object:
    """Rights of a file, where they are text."""
    if not isinstance(value, str):
        return value
    text = value.removeprefix("0o")
    if not re.fullmatch(r"[0-7]{1,5}", text):
        raise ValueError(f"{value!r} is not the rights of a file; write them as for chmod: 0440")
    return int(text, 8)


Flag = Annotated[bool, BeforeValidator(_flag), Field(strict=True)]
Cores = Annotated[float | None, BeforeValidator(_cores)]
"""Cores, as a number or as text; None for 0, which sets no limit."""

Microseconds = Annotated[int, BeforeValidator(_microseconds), Field(strict=True)]
"""Microseconds, or a duration with a unit."""

Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(strict=True, ge=0, lt=2**63)]
"""Bytes, as a number or with a unit: `64m` is 64 MiB."""

PositiveBytes = Annotated[Bytes, BeforeValidator(_positive_bytes)]
"""Bytes, more than none."""

Swap = Annotated[int, BeforeValidator(_swap), Field(strict=True, ge=-1, lt=2**63)]
"""Bytes; -1 for as many as there are."""

Weight = Annotated[
    Annotated[Whole, Field(ge=LEAST_WEIGHT, le=MOST_WEIGHT)] | None, BeforeValidator(_weight)
]
"""A share of block I/O; None for 0, which sets none."""

Seconds = Annotated[float, BeforeValidator(_seconds)]
"""Seconds, written with a unit."""

Word = Annotated[Text, BeforeValidator(_word)]
"""Text, of which a number may be taken as it is."""

Option = Annotated[str, BeforeValidator(_option), Field(strict=True)]
"""Text, of which a number may be taken as it is, and which may be empty."""

Words = Annotated[list[Word], BeforeValidator(_one_or_more)]
"""A list of texts; one alone may be written without the list."""

DeviceCount = Annotated[Literal["all"] | int, BeforeValidator(_count)]
"""`all`, of which `-1` is the number, or how many."""

ServiceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
"""The name of a service, which becomes part of the name of a file."""

ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
"""The name of a network, a volume, a config or a secret, which becomes part of the engine's."""

Octal = Annotated[int, BeforeValidator(_octal), Field(strict=True, ge=0, le=0o7777)]
"""The rights of a file, as they are written for `chmod`."""
