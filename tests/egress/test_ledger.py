"""From packets to contacts: what counts, what it is called, and what is declared."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Any

import pytest

from bench.egress.ledger import Ledger
from bench.egress.packets import parse_frame
from bench.scenario.allow import parse_allowed
from tests.egress import frames

if TYPE_CHECKING:
    from bench.journal.facts.contacts import Contact

STAND_IN = "198.51.100.53"


class Wire:
    """A ledger, and packets that pass one second apart, the first one second after the start."""

    def __init__(self, *allow: str, owner: Any = None, **names: str) -> None:
        self.ledger = Ledger(
            [parse_allowed(text) for text in allow],
            {ipaddress.ip_address(address): [name] for name, address in names.items()},
            stand_in=ipaddress.ip_address(STAND_IN),
            owner=owner,
        )
        self._now_ns = 0

    def out(self, *sent: bytes) -> Wire:
        for frame in sent:
            self._now_ns += 1_000_000_000
            packet = parse_frame(frame)
            assert packet is not None
            self.ledger.outgoing(packet, self._now_ns)
        return self

    def back(self, frame: bytes) -> Wire:
        packet = parse_frame(frame)
        assert packet is not None
        self.ledger.incoming(packet)
        return self

    @property
    def contacts(self) -> tuple[Contact, ...]:
        return self.ledger.contacts(0)

    @property
    def tried(self) -> list[tuple[str, str]]:
        return [(one.kind, one.destination) for one in self.contacts]

    @property
    def allowed(self) -> list[bool]:
        return [one.allowed for one in self.contacts]


def answered(name: str, address: str) -> bytes:
    payload = frames.answer(name, address)
    return frames.udp(frames.OWN, 40000, payload, source="10.0.0.2", source_port=53)


def test_each_destination_stands_once_with_its_first_time_and_all_its_tries():
    wire = Wire().out(frames.tcp(), frames.udp(), frames.tcp(), frames.tcp(port=80))
    assert [(one.kind, one.destination, one.t_s, one.times) for one in wire.contacts] == [
        ("tcp", "198.51.100.9:443", 1.0, 2),
        ("udp", "198.51.100.9:8125", 2.0, 1),
        ("tcp", "198.51.100.9:80", 4.0, 1),
    ]


def test_questions_are_one_contact_by_name_whatever_their_types_and_servers():
    name = "updates.example.com"
    wire = Wire().out(
        frames.udp("10.0.0.2", 53, frames.question(name, 1)),
        frames.udp("10.0.0.3", 53, frames.question(name.upper(), 28)),
    )
    (one,) = wire.contacts
    assert (one.kind, one.destination, one.question, one.times) == ("dns", name, "A, AAAA", 2)
    assert (one.address, one.port) == ("10.0.0.2", 53)


def test_questions_over_tcp_and_on_the_link_are_questions():
    asked = frames.question("a.example")
    over_tcp = struct.pack("!H", len(asked)) + asked
    wire = Wire().out(
        frames.tcp("10.0.0.2", 53),
        frames.tcp("10.0.0.2", 53, flags=0x18, payload=over_tcp),
        frames.udp("224.0.0.251", 5353, frames.question("b.local", flags=0)),
    )
    assert wire.tried == [("tcp", "10.0.0.2:53"), ("dns", "a.example"), ("dns", "b.local")]


def test_what_is_sent_to_port_53_and_is_no_question_is_a_datagram():
    assert Wire().out(frames.udp("10.0.0.2", 53, b"?")).tried == [("udp", "10.0.0.2:53")]


def test_an_address_has_the_name_that_was_asked_for():
    wire = Wire().back(answered("pip.test", frames.SERVER)).out(frames.tcp(), frames.icmp(8))
    assert wire.tried == [("tcp", "pip.test:443"), ("icmp", "pip.test")]
    assert {one.address for one in wire.contacts} == {frames.SERVER}


def test_an_address_has_the_name_of_the_service_that_lives_there():
    assert Wire(index=frames.SERVER).out(frames.tcp(port=8000)).tried == [("tcp", "index:8000")]


@pytest.mark.parametrize(
    "frame",
    [
        frames.tcp(flags=0x12),
        frames.tcp(flags=0x10),
        frames.tcp("127.0.0.1"),
        frames.tcp("::1"),
        frames.tcp(frames.OWN),
        frames.icmp(3),
        frames.icmp(135, "ff02::1:ff00:1"),
        frames.ip(2, bytes(8), "224.0.0.22"),
        frames.udp("10.0.0.2", 5353, frames.answer("a.local", "192.0.2.1")),
    ],
    ids=[
        "answer to a probe", "later packet", "loopback", "loopback6", "itself",
        "error", "neighbour", "group", "answer to a question",
    ],
)  # fmt: skip
def test_what_asks_nobody_for_anything_is_no_contact(frame):
    assert Wire().out(frame).tried == []


def test_the_reply_to_a_datagram_is_no_contact():
    asked = frames.udp(frames.OWN, 514, b"?", source=frames.SERVER, source_port=9999)
    reply = frames.udp(frames.SERVER, 9999, b"!", source_port=514)
    assert Wire().back(asked).out(reply).tried == []
    assert Wire().out(reply).tried == [("udp", "198.51.100.9:9999")]


def test_broadcasts_and_other_protocols_are_contacts():
    wire = Wire().out(frames.udp("255.255.255.255", 67), frames.ip(132, bytes(12)))
    assert wire.tried == [("udp", "255.255.255.255:67"), ("ip", "198.51.100.9")]
    assert wire.contacts[1].question == "132"


def test_ipv6_stands_in_brackets():
    assert Wire().out(frames.tcp("2001:db8::9")).tried == [("tcp", "[2001:db8::9]:443")]


@pytest.mark.parametrize(
    ("allow", "expected"),
    [
        ("198.51.100.9:443", [True, False, False]),
        ("198.51.100.9", [True, True, True]),
        ("198.51.100.0/24:8125", [False, True, False]),
        (":443", [True, False, False]),
        ("pip.test:443", [True, False, False]),
        ("PIP.test", [True, True, True]),
        ("198.51.100.8", [False, False, False]),
        ("example.org", [False, False, False]),
    ],
)
def test_what_is_declared_is_allowed(allow, expected):
    wire = Wire(allow).back(answered("pip.test", frames.SERVER))
    assert wire.out(frames.tcp(), frames.udp(), frames.icmp(8)).allowed == expected


@pytest.mark.parametrize(
    ("allow", "allowed"),
    [
        ("a.example", True),
        ("a.example:443", True),
        (":53", True),
        ("10.0.0.0/8:53", True),
        ("10.0.0.2", True),
        ("10.0.0.2:443", False),
        ("b.example", False),
        ("192.0.2.1:53", False),
    ],
)
def test_a_question_is_allowed_by_its_name_or_by_its_server(allow, allowed):
    question = frames.udp("10.0.0.2", 53, frames.question("a.example"))
    assert Wire(allow).out(question).allowed == [allowed]


def test_the_stand_in_for_the_dns_server_is_allowed_where_any_dns_server_is():
    question = frames.udp(STAND_IN, 53, frames.question("a.example"))
    assert Wire("10.0.0.2:53").out(question).allowed == [True]
    assert Wire("10.0.0.2").out(question).allowed == [False]


def test_the_owner_is_looked_for_while_it_is_not_known_and_at_most_three_times():
    asked: list[tuple[str, int, int]] = []
    owners = iter([None, "pip", "never"])

    def owner(*socket: Any) -> str | None:
        asked.append(socket)
        return next(owners)

    wire = Wire(owner=owner).out(*[frames.tcp(source_port=port) for port in (1, 2, 3)])
    assert wire.contacts[0].process == "pip"
    assert asked == [("tcp", 1, 443), ("tcp", 2, 443)]

    wire = Wire(owner=lambda *_: None).out(*[frames.udp()] * 5)
    assert wire.contacts[0].process is None


def test_more_destinations_than_can_be_listed_are_counted():
    wire = Wire().out(*[frames.udp(port=port) for port in range(1, 1006)])
    assert len(wire.contacts) == 1000
    assert wire.ledger.unlisted == 5
