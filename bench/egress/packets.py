"""Ethernet frames, parsed as far as contacts need: addresses, ports, protocol.

Formats: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 768 (UDP), RFC 792 and 4443 (ICMP).
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.scenario.allow import Address

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
IPV4_TYPE, IPV6_TYPE = 0x0800, 0x86DD
ETHERNET_BYTES = 14
IPV6_BYTES = 40

SYN, RST, ACK = 0x02, 0x04, 0x10
ECHO, ECHO6 = 8, 128

_IGMP = 2
_EXTENSIONS = {0: "hop-by-hop", 43: "routing", 60: "destination options"}


@dataclass(frozen=True)
class Packet:
    """One IP packet.

    Attributes:
        source_mac: of the frame that carried it.
        source, target: IP addresses.
        protocol: number of the protocol that it carries.
        source_port, target_port: of TCP and UDP, else 0.
        tcp_flags: of TCP, else 0.
        sequence: number of a TCP segment's first byte, else 0.
        icmp_type: of ICMP, else 0.
        payload: what TCP or UDP carries, as far as the frame was kept.
        ip: the packet from its first byte, as far as it was kept.
        header_bytes: length of its IP header, extensions included.
    """

    source_mac: bytes
    source: Address
    target: Address
    protocol: int
    source_port: int
    target_port: int
    tcp_flags: int
    sequence: int
    icmp_type: int
    payload: bytes
    ip: bytes
    header_bytes: int

    @property
    def opens_tcp(self) -> bool:
        """Whether it is the first packet of a TCP connection."""
        return self.protocol == TCP and self.tcp_flags & (SYN | ACK | RST) == SYN

    @property
    def is_echo(self) -> bool:
        """Whether it is a ping."""
        return (self.protocol, self.icmp_type) in ((ICMP, ECHO), (ICMP6, ECHO6))

    @property
    def is_noise(self) -> bool:
        """Whether it is sent by the kernel of its own accord: multicast groups, neighbours."""
        return self.protocol == _IGMP or (self.protocol in (ICMP, ICMP6) and not self.is_echo)


def parse_frame(frame: bytes) -> Packet | None:
    """The IP packet in an Ethernet frame; None where there is none, or a later fragment of one."""
    if len(frame) < ETHERNET_BYTES:
        return None
    (kind,) = struct.unpack_from("!H", frame, 12)
    ip = frame[ETHERNET_BYTES:]
    if kind == IPV4_TYPE:
        return _parse_v4(frame[6:12], ip)
    return _parse_v6(frame[6:12], ip) if kind == IPV6_TYPE else None


def _parse_v4(mac: bytes, ip: bytes) -> Packet | None:
    if len(ip) < 20 or ip[0] >> 4 != 4:
        return None
    header = (ip[0] & 0x0F) * 4
    total, fragment = struct.unpack_from("!H2xH", ip, 2)
    if header < 20 or fragment & 0x1FFF:
        return None
    source, target = ipaddress.IPv4Address(ip[12:16]), ipaddress.IPv4Address(ip[16:20])
    return _parse_transport(mac, source, target, ip[9], ip[:total] if total else ip, header)


def _parse_v6(mac: bytes, ip: bytes) -> Packet | None:
    if len(ip) < IPV6_BYTES or ip[0] >> 4 != 6:
        return None
    source, target = ipaddress.IPv6Address(ip[8:24]), ipaddress.IPv6Address(ip[24:40])
    protocol, at = ip[6], IPV6_BYTES
    while protocol in _EXTENSIONS:
        if len(ip) < at + 8:
            return None
        protocol, at = ip[at], at + 8 + ip[at + 1] * 8
    return _parse_transport(mac, source, target, protocol, ip, at)


def _parse_transport(
    mac: bytes, source: Address, target: Address, protocol: int, ip: bytes, header: int
) -> Packet | None:
    body = ip[header:]
    source_port = target_port = flags = sequence = icmp_type = 0
    payload = b""
    if protocol == TCP:
        if len(body) < 20:
            return None
        source_port, target_port, sequence = struct.unpack_from("!HHI", body)
        flags, payload = body[13], body[(body[12] >> 4) * 4 :]
    elif protocol == UDP:
        if len(body) < 8:
            return None
        source_port, target_port = struct.unpack_from("!HH", body)
        payload = body[8:]
    elif protocol in (ICMP, ICMP6) and body:
        icmp_type = body[0]
    return Packet(
        source_mac=mac,
        source=source,
        target=target,
        protocol=protocol,
        source_port=source_port,
        target_port=target_port,
        tcp_flags=flags,
        sequence=sequence,
        icmp_type=icmp_type,
        payload=payload,
        ip=ip,
        header_bytes=header,
    )
