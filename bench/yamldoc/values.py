"""The scalar types of a scenario: durations, sizes, cores, names, and the words of its enums.

Validators here raise ValueError with a text of the form `what is wrong; what to write`, which
`bench.scenario.loading.wording` takes apart again.
"""

from __future__ import annotations

import ipaddress
import math
import re
import warnings
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
)

from bench.core.units import parse_compose_bytes, parse_duration_s, parse_rate_bit_s

BARE_IPV6 = r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?=:[0-9-]*:[0-9-]+(?:/|$))"
"""Without brackets, the last two of the parts between colons are the ports."""

_PORT_MAPPING = re.compile(
    rf"(?:(?:[0-9.]+|\[[0-9A-Fa-f:]+\]|{BARE_IPV6}):)?"
    r"(?:(?:\d+(?:-\d+)?)?:)?\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?"
)
PORTS = re.compile(
    rf"(?:(?P<ip>[0-9]+(?:\.[0-9]+){{3}}|\[[^]]*\]|{BARE_IPV6}):)?"
    r"(?:(?P<outside>[0-9-]+)?:)?(?P<inside>[0-9-]+)(?:/[a-z]+)?"
)
_SHARE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*")
LONGEST_DURATION_S = 7 * 86400.0


class Model(BaseModel):
    """The base of all: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[int | float]:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _duration(value: object) -> object:
    if _is_number(value) and value >= 0:
        raise ValueError(f"{value!r} has no unit; write {value}s, or {value}ms")
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a duration; write one such as 30s or 500ms")  # noqa: TRY004
    return bearable_s(value)


def bearable_s(text: str) -> float:
    """Seconds in `text`, as `parse_duration_s` reads it, for a time to wait.

    Raises:
        ValueError: no duration, or more than a week.
    """
    seconds = parse_duration_s(text)
    if seconds > LONGEST_DURATION_S:
        raise ValueError(f"{text!r} is longer than a week; write at most 168h")
    return seconds


def _positive_duration(value: object) -> object:
    seconds = _duration(value)
    if seconds == 0:
        raise ValueError(f"{value!r} is no time at all; write a longer one, such as 10ms")
    return seconds


def _duration_or_exit(value: object) -> object:
    return value if value == "exit" else _duration(value)


def _size(value: object) -> object:
    if _is_number(value) and value >= 0:
        example = f"{value}b" if value >= 2**16 else f"{value}m, or {value}g"
        raise ValueError(f"{value!r} has no unit; write {example}")
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a size; write one such as 512m or 8g")  # noqa: TRY004
    return parse_compose_bytes(value)


def _positive_size(value: object) -> object:
    size = _size(value)
    if size == 0:
        raise ValueError(f"{value!r} is nothing; write a size such as 512m or 8g")
    return size


def share_of(value: object) -> float:
    """The share that `50%` or `any` is, from 0 to 1.

    Raises:
        ValueError: neither, nothing, or more than all.
    """
    if value == "any":
        return 1.0
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    share = float(match[1]) / 100 if match else 0.0
    if not 0 < share <= 1:
        raise ValueError(f"{value!r} is not a share of the core time; write 50%, or any")
    return share


def _rate(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a link rate; write it as 200mbit or 1gbit")  # noqa: TRY004
    return parse_rate_bit_s(value)


def _true(value: object) -> object:
    if value is not True:
        raise ValueError(f"{value!r} cannot stand here; write true")
    return value


def _cpus(value: object) -> object:
    if _is_number(value):
        return value
    try:
        return float(value) if isinstance(value, str) else float("nan")
    except ValueError:
        raise ValueError(f"{value!r} is not a number of cores; write 4 or 0.5") from None


def _all_or_count(value: object) -> object:
    if value == "all" or (_is_whole(value) and value > 0):
        return value
    raise ValueError(f"{value!r} is not a number of devices; write `all` or a whole number")


def _port_mapping(value: object) -> object:
    text = str(value) if _is_whole(value) else value
    if not isinstance(text, str) or not _PORT_MAPPING.fullmatch(text):
        raise ValueError(f'{value!r} is not a port to publish; write it in quotes, as "8080:80"')
    match = PORTS.fullmatch(text)
    if match is None or not _is_address(match["ip"]):
        raise ValueError(f'{value!r} has no address that there is; write it as "127.0.0.1:8080:80"')
    inside, outside = ends_of(match["inside"]), ends_of(match["outside"] or "0")
    if not (1 <= inside[0] <= inside[1] <= 65535 and outside[0] <= outside[1] <= 65535):
        raise ValueError(f"{value!r} has no port that there is; write one from 1 to 65535")
    width = inside[1] - inside[0]
    if match["outside"] and width and width != outside[1] - outside[0]:
        raise ValueError(f'{value!r} has two ranges that differ; write it as "8080-8081:80-81"')
    bare = match["ip"] if match["ip"] and ":" in match["ip"].strip("[]") else ""
    return text if bare[:1] in ("", "[") else text.replace(bare, f"[{bare}]", 1)


def _is_address(text: str | None) -> bool:
    try:
        return text is None or bool(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return False


def ends_of(text: str) -> tuple[int, int]:
    """First and last of the ports in `80` or `80-82`."""
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _text_or_list(value: object) -> str | None:
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else None


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


_DURATION_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": r"^\s*([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+\s*$",
}
_SIZE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([bB]|[kKmMgGtTpP][iI]?[bB]?)\s*$",
}
_CPUS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 4096},
        {"type": "string", "pattern": r"^\s*[0-9]*\.?[0-9]+\s*$"},
    ]
}
_TEXT_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1}
_STRINGS_SCHEMA: dict[str, Any] = {
    "anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA}]
}

Duration = Annotated[float, BeforeValidator(_duration), WithJsonSchema(_DURATION_SCHEMA)]
"""Seconds, written with a unit."""

PositiveDuration = Annotated[
    float, BeforeValidator(_positive_duration), WithJsonSchema(_DURATION_SCHEMA)
]
"""Seconds, written with a unit, more than none."""

DurationOrExit = Annotated[
    Literal["exit"] | float,
    BeforeValidator(_duration_or_exit),
    WithJsonSchema({"anyOf": [{"const": "exit"}, _DURATION_SCHEMA]}),
]
"""Seconds, written with a unit; or the word `exit`."""

Size = Annotated[int, BeforeValidator(_size), WithJsonSchema(_SIZE_SCHEMA)]
"""Bytes, written with a unit as Compose reads it: `8g` is 8 GiB."""

PositiveSize = Annotated[int, BeforeValidator(_positive_size), WithJsonSchema(_SIZE_SCHEMA)]
"""Bytes, written with a unit, more than none."""

Cpus = Annotated[float, BeforeValidator(_cpus), Field(gt=0, le=4096), WithJsonSchema(_CPUS_SCHEMA)]
"""Cores; text is taken too, as in Compose."""

AllOrCount = Annotated[
    Literal["all"] | int,
    BeforeValidator(_all_or_count),
    WithJsonSchema({"anyOf": [{"const": "all"}, {"type": "integer", "minimum": 1}]}),
]
"""`all`, or a number of devices."""

Share = Annotated[
    float,
    BeforeValidator(share_of),
    WithJsonSchema(
        {"anyOf": [{"const": "any"}, {"type": "string", "pattern": f"^{_SHARE.pattern}$"}]}
    ),
]
"""A part of the core time, written as `50%`; `any` for all of it."""

LinkRate = Annotated[
    int,
    BeforeValidator(_rate),
    Field(ge=100_000, le=100_000_000_000),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*[kKmMgG][bB][iI][tT]\s*$"}
    ),
]
"""Bits a second, with a unit as `tc` has it: `200mbit`."""

Flag = Annotated[bool, Field(strict=True)]
"""true or false: YAML 1.2 reads `yes` and `no` as text."""

OnlyTrue = Annotated[Literal[True], BeforeValidator(_true)]
"""true, for a word that has nothing more to say."""

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Text = Annotated[str, Field(strict=True, min_length=1)]


_REPEATED_REPEAT = re.compile(
    r"(?<!\\)\((?:\?:|\?P<\w+>)?(?:\\.|\[[^]]*\]|[^\\()\[\]|])[+*]\??\)(?:[+*]|\{\d+,\})"
)


def compiled(value: str) -> re.Pattern[str]:
    """The regular expression that `value` is.

    Python tries `(a+)+` in every way on a line that it does not match: a long one would stop all
    of bench for good.

    Raises:
        ValueError: it is none, or repeats nothing but a repeat.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else one day
            pattern = re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(
            f"not a regular expression: {error}; write a backslash before a character that is "
            "only itself"
        ) from None
    if nested := _REPEATED_REPEAT.search(value):
        raise ValueError(f"{nested[0]!r} repeats a repeat, and may never end; write it once")
    return pattern


def _compiles(value: str) -> str:
    compiled(value)
    return value


Pattern = Annotated[Text, AfterValidator(_compiles)]
"""A regular expression, searched in lines of output."""

UserName = Annotated[
    Text,
    BeforeValidator(lambda value: str(value) if _is_whole(value) else value),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, _TEXT_SCHEMA]}),
]
"""A user, or USER:GROUP; a number alone needs no quotes."""

Strings = Annotated[list[Text], BeforeValidator(_one_or_more), WithJsonSchema(_STRINGS_SCHEMA)]
"""A list of texts; one alone may be written without the list."""

Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_more), WithJsonSchema(_STRINGS_SCHEMA)]
"""Texts that nothing is added to; one alone may be written without the list."""

PortMapping = Annotated[
    str,
    BeforeValidator(_port_mapping),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {"type": "string", "pattern": f"^{_PORT_MAPPING.pattern}$"},
            ]
        }
    ),
]
"""A published port, in Compose's short form."""

Command = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[str], Tag("list")],
    Discriminator(
        _text_or_list,
        custom_error_type="text_or_list",
        custom_error_message='neither text nor a list; write ["python", "app.py"]',
    ),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""A command, as a list of words, or as one text that a shell's rules split."""
