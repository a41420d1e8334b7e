"""Frames taken apart, and what begins something told from what does not."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.egress.packets import parse_frame
from tests.egress import frames


@pytest.mark.parametrize("target", [frames.SERVER, "2001:db8::9"])
def test_a_first_packet_of_tcp_names_both_ends(target):
    packet = parse_frame(frames.tcp(target, 443, sequence=77))
    assert packet is not None
    assert (str(packet.target), packet.target_port, packet.source_port) == (target, 443, 40000)
    assert str(packet.source) == (frames.OWN_V6 if ":" in target else frames.OWN)
    assert (packet.source_mac, packet.sequence) == (frames.MAC, 77)
    assert packet.opens_tcp


@pytest.mark.parametrize("flags", [0x12, 0x10, 0x04, 0x11, 0x18, 0x06])
def test_answers_and_later_packets_of_tcp_open_nothing(flags):
    packet = parse_frame(frames.tcp(flags=flags))
    assert packet is not None
    assert not packet.opens_tcp


def test_flags_of_congestion_control_change_nothing():
    packet = parse_frame(frames.tcp(flags=0xC2))
    assert packet is not None
    assert packet.opens_tcp


def test_options_of_ip_and_padding_of_ethernet_are_passed_over():
    packet = parse_frame(frames.udp(payload=b"data", options=b"\1\1\1\0") + b"\0" * 12)
    assert packet is not None
    assert (packet.target_port, packet.payload) == (8125, b"data")


def test_extension_headers_of_ipv6_are_passed_over():
    body = bytes([17, 0]) + bytes(6) + struct.pack("!HHHH", 1, 53, 9, 0) + b"q"
    packet = parse_frame(frames.ip(60, body, "2001:db8::9"))
    assert packet is not None
    assert (packet.protocol, packet.target_port, packet.payload) == (17, 53, b"q")


@pytest.mark.parametrize(
    ("frame", "echo", "noise"),
    [
        (frames.icmp(8), True, False),
        (frames.icmp(128, "2001:db8::9"), True, False),
        (frames.icmp(3), False, True),
        (frames.icmp(135, "ff02::1:ff00:1"), False, True),
        (frames.icmp(143, "ff02::16"), False, True),
        (frames.ip(2, bytes(8), "224.0.0.22"), False, True),
        (frames.udp("224.0.0.251", 5353), False, False),
        (frames.ip(132, bytes(12)), False, False),
    ],
    ids=["ping", "ping6", "unreachable", "neighbour", "mld", "igmp", "mdns", "sctp"],
)
def test_what_the_kernel_sends_of_its_own_accord_is_noise(frame, echo, noise):
    packet = parse_frame(frame)
    assert packet is not None
    assert (packet.is_echo, packet.is_noise) == (echo, noise)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        frames.ethernet(0x0806, bytes(28)),
        frames.ethernet(0x0800, b"\x45" + bytes(10)),
        frames.ethernet(0x86DD, b"\x60" + bytes(10)),
        frames.udp(fragment=0x0010),
        frames.ip(6, bytes(4)),
        frames.ip(17, bytes(4)),
    ],
    ids=["empty", "arp", "short", "short6", "later fragment", "short tcp", "short udp"],
)
def test_what_has_no_ends_is_none(frame):
    assert parse_frame(frame) is None


def test_the_first_fragment_counts():
    assert parse_frame(frames.udp(fragment=0x2000)) is not None


@given(st.binary(max_size=200), st.sampled_from([0x0800, 0x86DD]))
def test_no_bytes_at_all_trouble_the_parser(data, kind):
    parse_frame(frames.ethernet(kind, data))
