"""DNS questions and answers, parsed as far as the names of contacts need them.

Format: RFC 1035, section 4; IPv6 addresses: RFC 3596.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.scenario.allow import Address

_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_IS_ANSWER, _RECURSION_WANTED, _RECURSION_OFFERED = 0x8000, 0x0100, 0x0080
_NO_SUCH_NAME = 3
_A, _AAAA = 1, 28
_TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
    35: "NAPTR", 64: "SVCB", 65: "HTTPS", 255: "ANY",
}  # fmt: skip
_MOST_RECORDS = 64
_LONGEST_NAME = 255


@dataclass(frozen=True)
class DnsQuestion:
    """A name that is asked for, in lower case without the last dot, and the type of record."""

    name: str
    kind: str


@dataclass(frozen=True)
class Message:
    """One message: its first question, whether it is an answer, and the addresses in it."""

    question: DnsQuestion
    is_answer: bool
    addresses: tuple[Address, ...] = ()


def parse_message(data: bytes) -> Message | None:
    """The message in `data`; None where it is none, or carries no question."""
    if len(data) < _HEADER.size:
        return None
    _, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if questions < 1:
        return None
    found = _name(data, _HEADER.size)
    if found is None or found[1] + 4 > len(data):
        return None
    name, at = found
    (kind,) = struct.unpack_from("!H", data, at)
    question = DnsQuestion(name, _TYPES.get(kind, f"TYPE{kind}"))
    is_answer = bool(flags & _IS_ANSWER)
    if not is_answer or questions != 1:
        return Message(question, is_answer)
    return Message(question, is_answer, _addresses(data, at + 4, min(answers, _MOST_RECORDS)))


def _addresses(data: bytes, at: int, count: int) -> tuple[Address, ...]:
    addresses: list[Address] = []
    for _ in range(count):
        found = _name(data, at)
        if found is None or found[1] + _RECORD.size > len(data):
            break
        at = found[1]
        kind, _, _, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        value = data[at : at + length]
        at += length
        if (kind, len(value)) in ((_A, 4), (_AAAA, 16)):
            addresses.append(ipaddress.ip_address(value))
    return tuple(addresses)


def _name(data: bytes, at: int) -> tuple[str, int] | None:
    """The name at `at`, and where what follows it begins; None where there is no sound one."""
    labels: list[str] = []
    end = None
    for _ in range(_LONGEST_NAME):
        if at >= len(data):
            return None
        length = data[at]
        if length == 0:
            name = ".".join(labels).lower()
            after = at + 1 if end is None else end
            return (name, after) if len(name) <= _LONGEST_NAME else None
        if length >= 0xC0:  # a pointer to an earlier place in the message
            if at + 1 >= len(data):
                return None
            end = at + 2 if end is None else end
            at = (length & 0x3F) << 8 | data[at + 1]
            continue
        if length > 63 or at + 1 + length > len(data):
            return None
        labels.append(_readable(data[at + 1 : at + 1 + length]))
        at += 1 + length
    return None


def _readable(label: bytes) -> str:
    """A label as text; bytes that are no printable ASCII as numbers, as zone files have them."""
    return "".join(chr(byte) if 0x20 < byte < 0x7F else f"\\{byte:03d}" for byte in label)


def no_such_name(question: bytes) -> bytes | None:
    """The answer that there is no such name, to a message; None where it is no question."""
    message = parse_message(question)
    if message is None or message.is_answer:
        return None
    number, flags, *_ = _HEADER.unpack_from(question)
    found = _name(question, _HEADER.size)
    assert found is not None, "it was read a moment ago"
    answer = _IS_ANSWER | (flags & _RECURSION_WANTED) | _RECURSION_OFFERED | _NO_SUCH_NAME
    head = _HEADER.pack(number, answer, 1, 0, 0, 0)
    return head + question[_HEADER.size : found[1] + 4]
