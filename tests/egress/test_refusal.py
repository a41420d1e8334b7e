"""The answers of a network that refuses: what a kernel takes for an answer to what was sent."""

from __future__ import annotations

import struct

import pytest

from bench.egress.dns import parse_message
from bench.egress.packets import ACK, ICMP, ICMP6, RST, TCP, UDP, Packet, parse_frame
from bench.egress.refusal import internet_checksum, refusal
from tests.egress import frames

TARGETS = [frames.SERVER, "2001:db8::9"]


def refused(frame: bytes) -> Packet:
    """The answer to `frame`, with everything about it checked that is the same for all."""
    sent = parse_frame(frame)
    assert sent is not None
    back = refusal(sent)
    assert back is not None
    assert back[:6] == frames.MAC, "to the device it came from"
    packet = parse_frame(back)
    assert packet is not None
    assert (packet.source, packet.target) == (sent.target, sent.source)
    if packet.source.version == 4:
        assert internet_checksum(packet.ip[:20]) == 0
    assert _transport_checksum(packet) == 0
    return packet


def _transport_checksum(packet: Packet) -> int:
    body = packet.ip[packet.header_bytes :]
    if packet.protocol == ICMP:
        return internet_checksum(body)
    ends = packet.source.packed + packet.target.packed
    if packet.source.version == 4:
        return internet_checksum(ends + struct.pack("!BBH", 0, packet.protocol, len(body)) + body)
    return internet_checksum(ends + struct.pack("!II", len(body), packet.protocol) + body)


@pytest.mark.parametrize("target", TARGETS)
def test_a_connection_is_reset(target):
    packet = refused(frames.tcp(target, 443, sequence=0xFFFFFFFF))
    assert (packet.protocol, packet.tcp_flags) == (TCP, RST | ACK)
    assert (packet.source_port, packet.target_port) == (443, 40000)
    (acknowledged,) = struct.unpack_from("!I", packet.ip, packet.header_bytes + 8)
    assert acknowledged == 0, "the next number after the first one, which wraps around here"


@pytest.mark.parametrize("target", TARGETS)
def test_a_name_does_not_exist(target):
    packet = refused(frames.udp(target, 53, frames.question("a.example")))
    assert (packet.protocol, packet.source_port, packet.target_port) == (UDP, 53, 40000)
    message = parse_message(packet.payload)
    assert message is not None
    assert message.is_answer
    assert packet.payload[3] & 0xF == 3


@pytest.mark.parametrize("target", TARGETS)
def test_a_datagram_finds_no_port_and_is_quoted(target):
    sent = frames.udp(target, 8125, b"telemetry")
    packet = refused(sent)
    version4 = packet.source.version == 4
    assert packet.protocol == (ICMP if version4 else ICMP6)
    body = packet.ip[packet.header_bytes :]
    assert (body[0], body[1]) == ((3, 3) if version4 else (1, 4))
    assert body[8:36] == sent[14:42]


def test_what_is_no_question_on_the_port_of_dns_is_a_datagram():
    assert refused(frames.udp(port=53, payload=b"?")).protocol == ICMP


@pytest.mark.parametrize(
    "frame",
    [
        frames.tcp(flags=0x10),
        frames.icmp(8),
        frames.udp("224.0.0.251", 5353),
        frames.ip(132, bytes(12)),
    ],
    ids=["no first packet", "ping", "multicast", "sctp"],
)
def test_a_network_that_refuses_is_silent_about_the_rest(frame):
    packet = parse_frame(frame)
    assert packet is not None
    assert refusal(packet) is None
