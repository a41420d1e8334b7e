"""Questions and answers of DNS: named where they are sound, and left alone where they are not."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.egress.dns import DnsQuestion, no_such_name, parse_message
from tests.egress.frames import answer, name_bytes, question


def test_a_question_has_a_name_in_lower_case_and_a_type():
    message = parse_message(question("Updates.Example.COM", 28))
    assert message is not None
    assert (message.question, message.is_answer) == (
        DnsQuestion("updates.example.com", "AAAA"),
        False,
    )


@pytest.mark.parametrize(
    ("number", "kind"), [(1, "A"), (12, "PTR"), (65, "HTTPS"), (4711, "TYPE4711")]
)
def test_types_have_their_names(number, kind):
    message = parse_message(question("a.b", number))
    assert message is not None
    assert message.question.kind == kind


def test_an_answer_tells_the_addresses_behind_an_alias_too():
    message = parse_message(answer("a.example", "192.0.2.1", "2001:db8::1", alias="b.example"))
    assert message is not None
    assert message.is_answer
    assert message.question.name == "a.example"
    assert message.addresses == (
        ipaddress.ip_address("192.0.2.1"),
        ipaddress.ip_address("2001:db8::1"),
    )


def test_bytes_that_nobody_can_read_are_numbers_in_a_name():
    message = parse_message(question("x").replace(b"\1x", b"\2\x1b["))
    assert message is not None
    assert message.question.name == "\\027["


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"telemetry",
        struct.pack("!HHHHHH", 1, 0, 0, 0, 0, 0),
        question("a.b")[:-3],
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c" + b"\0\1\0\1",
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\x50" + b"x" * 80,
    ],
    ids=["empty", "text", "no question", "cut off", "pointer to itself", "label too long"],
)
def test_what_is_no_sound_message_is_none(data):
    assert parse_message(data) is None
    assert no_such_name(data) is None


def test_an_answer_that_is_cut_off_keeps_what_is_whole():
    message = parse_message(answer("a.example", "192.0.2.1", "192.0.2.2")[:-3])
    assert message is not None
    assert [str(one) for one in message.addresses] == ["192.0.2.1"]


def test_the_refusal_says_that_there_is_no_such_name():
    asked = question("a.example", number=0xBEEF)
    said = no_such_name(asked + b"additional records, as EDNS has them")
    assert said is not None
    number, flags, questions, answers, _, _ = struct.unpack_from("!HHHHHH", said)
    assert (number, flags & 0x8000, flags & 0xF) == (0xBEEF, 0x8000, 3)
    assert (questions, answers) == (1, 0)
    assert said[12:] == name_bytes("a.example") + struct.pack("!HH", 1, 1)


def test_an_answer_is_not_answered():
    assert no_such_name(answer("a.example", "192.0.2.1")) is None


@given(st.binary(max_size=600))
def test_no_bytes_at_all_trouble_the_parser(data):
    message = parse_message(data)
    assert message is None or len(message.question.name) <= 255


@given(st.binary(max_size=300), st.integers(0, 200))
def test_no_change_of_a_sound_answer_troubles_it(noise, at):
    sound = answer("a.example", "192.0.2.1", alias="b.example")
    parse_message(sound[:at] + noise + sound[at:])
