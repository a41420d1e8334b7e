"""The values of a request that a probe makes, and the statuses that mean ready."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from bench.yamldoc.values import Text

_RANGE = re.compile(r"\s*([1-5][0-9]{2})\s*-\s*([1-5][0-9]{2})\s*")
_ANY_2XX = ((200, 299),)
_HIGHEST_PORT = 65535
_PORT_NAME = re.compile(r"[a-z0-9-]*[a-z][a-z0-9-]*")
_METHOD = re.compile(r"[A-Z]+")
_HOST = re.compile(r"[!-~]+")
_ONE_LINE = re.compile(r"[\t\x20-\x7e\x80-\uffff]*")
_SOCKET = re.compile(r"/[^\x00-\x1f\x7f]+")


def _method(value: str) -> str:
    if not _METHOD.fullmatch(value):
        raise ValueError(f"{value!r} is not a method; write it in capitals, such as GET")
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError(f"{value!r} is not a host; write a name, such as example.com")
    return value


def _one_line(value: str) -> str:
    if not _ONE_LINE.fullmatch(value):
        raise ValueError(f"{value!r} has a control character in it; write it on one line")
    return value


def _socket(value: str) -> str:
    if not _SOCKET.fullmatch(value):
        raise ValueError(f"{value!r} is not a path; begin it with a slash, as the container has it")
    return value


def is_port_name(value: object) -> bool:
    """Whether it has the form of a port's name."""
    return isinstance(value, str) and _PORT_NAME.fullmatch(value) is not None


def _port_or_name(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise ValueError(f"{value!r} is too small; the least is 1")
        if value > _HIGHEST_PORT:
            raise ValueError(f"{value!r} is too large; the most is {_HIGHEST_PORT}")
        return value
    if is_port_name(value):
        return value
    if isinstance(value, str) and value.isdecimal():
        raise ValueError(f"{value!r} is text, and a port is a number; write {value}")
    raise ValueError(
        f"{value!r} is not a port; write its number, such as 8080, or leave it out: then the one "
        "that is published or exposed is asked"
    )


def _matching(pattern: re.Pattern[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern.pattern}$"})


PortOrName = Annotated[
    int | str,
    BeforeValidator(_port_or_name),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": _HIGHEST_PORT},
                {"type": "string", "pattern": f"^{_PORT_NAME.pattern}$"},
            ]
        }
    ),
]
"""A port by its number, or by the name that a Compose file gives it."""

Method = Annotated[Text, AfterValidator(_method), _matching(_METHOD)]
"""A method of HTTP."""

HostName = Annotated[Text, AfterValidator(_host), _matching(_HOST)]
"""The host of a request: a name or an address, with a port or without."""

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]

HeaderValue = Annotated[Text, AfterValidator(_one_line), _matching(_ONE_LINE)]

SocketPath = Annotated[Text, AfterValidator(_socket), _matching(_SOCKET)]
"""Absolute path of a Unix socket, as the container sees it."""


def _bounds(value: object) -> tuple[int, int]:
    """First and last status of `200` or `200-399`.

    Raises:
        ValueError: neither.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
        return value, value
    match = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if match and match[1] <= match[2]:
        return int(match[1]), int(match[2])
    raise ValueError(
        f"{value!r} is no HTTP status; write 200, a range such as 200-399, or a list of them"
    )


def _statuses(value: object) -> object:
    several = value if isinstance(value, list) else [value]
    if not several:
        raise ValueError("nothing in it; write at least one status")
    for status in several:
        _bounds(status)
    return value


_ONE_SCHEMA: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 100, "maximum": 599},
    {"type": "string", "pattern": f"^{_RANGE.pattern}$"},
]

Statuses = Annotated[
    int | str | list[int | str],
    BeforeValidator(_statuses),
    WithJsonSchema(
        {
            "anyOf": [
                *_ONE_SCHEMA,
                {"type": "array", "minItems": 1, "items": {"anyOf": _ONE_SCHEMA}},
            ]
        }
    ),
]
"""A status, a range such as `200-399`, or a list of both."""


def accepted(statuses: int | str | list[int | str] | None) -> frozenset[int]:
    """Every status that they stand for; any 2xx where there are none."""
    several = statuses if isinstance(statuses, list) else [statuses]
    bounds = _ANY_2XX if statuses is None else [_bounds(status) for status in several]
    return frozenset(status for first, last in bounds for status in range(first, last + 1))


def status_words(statuses: int | str | list[int | str] | None) -> str:
    """The statuses as people write them."""
    if statuses is None:
        return "2xx"
    several = statuses if isinstance(statuses, list) else [statuses]
    return " or ".join(str(status) for status in several)
