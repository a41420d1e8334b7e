"""Answers of a network that refuses: no such name, connection reset, port unreachable.

Only frames are made here, from frames; nothing is sent.
"""

from __future__ import annotations

import struct

from bench.egress.dns import no_such_name
from bench.egress.packets import (
    ACK,
    ICMP,
    ICMP6,
    IPV4_TYPE,
    IPV6_TYPE,
    RST,
    TCP,
    UDP,
    Packet,
)
from bench.scenario.allow import DNS_PORT

_HOPS = 64
_UNREACHABLE, _UNREACHABLE6 = 3, 1
_PORT_CODE, _PORT_CODE6 = 3, 4
_QUOTED_BYTES, _QUOTED_BYTES6 = 8, 1000


def refusal(packet: Packet) -> bytes | None:
    """The frame that refuses what `packet` asks for, from where it was sent to.

    DNS questions get NXDOMAIN, connections a reset, other datagrams an ICMP error; None where a
    refusing network would say nothing either. The frame goes to the sender's own MAC address.
    """
    if packet.target.is_multicast:
        return None
    if packet.opens_tcp:
        return _frame(packet, TCP, _reset(packet))
    if packet.protocol != UDP:
        return None
    if packet.target_port == DNS_PORT and (answer := no_such_name(packet.payload)):
        return _frame(packet, UDP, _datagram(packet, answer))
    if packet.target.version == 4:
        quoted = packet.ip[: packet.header_bytes + _QUOTED_BYTES]
        head = struct.pack("!BBHI", _UNREACHABLE, _PORT_CODE, 0, 0)
        return _frame(packet, ICMP, _with_checksum(head + quoted, 2))
    head = struct.pack("!BBHI", _UNREACHABLE6, _PORT_CODE6, 0, 0)
    body = head + packet.ip[:_QUOTED_BYTES6]
    return _frame(packet, ICMP6, _with_checksum(body, 2, _pseudo(packet, ICMP6, len(body))))


def _reset(packet: Packet) -> bytes:
    """A reset segment, for a port without a listener (RFC 9293, section 3.10.7.1)."""
    body = struct.pack(
        "!HHIIBBHHH",
        packet.target_port,
        packet.source_port,
        0,
        (packet.sequence + 1) & 0xFFFFFFFF,
        5 << 4,
        RST | ACK,
        0,
        0,
        0,
    )
    return _with_checksum(body, 16, _pseudo(packet, TCP, len(body)))


def _datagram(packet: Packet, payload: bytes) -> bytes:
    length = 8 + len(payload)
    head = struct.pack("!HHHH", packet.target_port, packet.source_port, length, 0)
    return _with_checksum(head + payload, 6, _pseudo(packet, UDP, length))


def _frame(packet: Packet, protocol: int, body: bytes) -> bytes:
    """`body` on its way back to the sender of `packet`."""
    source, target = packet.target.packed, packet.source.packed
    if packet.target.version == 4:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, _HOPS, protocol, 0)
        ip, kind = _with_checksum(head + source + target, 10) + body, IPV4_TYPE
    else:
        head = struct.pack("!IHBB", 6 << 28, len(body), protocol, _HOPS)
        ip, kind = head + source + target + body, IPV6_TYPE
    return packet.source_mac + packet.source_mac + struct.pack("!H", kind) + ip


def _pseudo(packet: Packet, protocol: int, length: int) -> bytes:
    """The pseudo-header of the checksum: the addresses, from the answering side."""
    addresses = packet.target.packed + packet.source.packed
    if packet.target.version == 4:
        return addresses + struct.pack("!BBH", 0, protocol, length)
    return addresses + struct.pack("!II", length, protocol)


def _with_checksum(data: bytes, at: int, pseudo: bytes = b"") -> bytes:
    """`data` with the Internet checksum (RFC 1071) of it and `pseudo` put in at `at`."""
    checksum = internet_checksum(pseudo + data)
    return data[:at] + struct.pack("!H", checksum or 0xFFFF) + data[at + 2 :]


def internet_checksum(data: bytes) -> int:
    """The ones' complement of the ones' complement sum of 16-bit words (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
