"""Frames as a container would send them, byte by byte."""

from __future__ import annotations

import ipaddress
import struct

MAC, OTHER_MAC = bytes.fromhex("0242ac110002"), bytes.fromhex("0242ac110001")
OWN, OWN_V6 = "172.17.0.2", "fd00:cb::2"
SERVER = "198.51.100.9"


def ethernet(kind: int, body: bytes, *, source: bytes = MAC, target: bytes = OTHER_MAC) -> bytes:
    return target + source + struct.pack("!H", kind) + body


def ip(
    protocol: int,
    body: bytes,
    target: str = SERVER,
    source: str = "",
    *,
    mac: bytes = MAC,
    fragment: int = 0,
    options: bytes = b"",
) -> bytes:
    """An Ethernet frame with an IP packet of either version."""
    to = ipaddress.ip_address(target)
    if to.version == 6:
        frm = ipaddress.ip_address(source or OWN_V6)
        head = struct.pack("!IHBB", 6 << 28, len(body), protocol, 64)
        return ethernet(0x86DD, head + frm.packed + to.packed + body, source=mac)
    frm = ipaddress.ip_address(source or OWN)
    words = 5 + len(options) // 4
    head = struct.pack(
        "!BBHHHBBH", 4 << 4 | words, 0, words * 4 + len(body), 7, fragment, 64, protocol, 0
    )
    return ethernet(0x0800, head + frm.packed + to.packed + options + body, source=mac)


def tcp(
    target: str = SERVER,
    port: int = 443,
    *,
    flags: int = 0x02,
    sequence: int = 1000,
    payload: bytes = b"",
    source_port: int = 40000,
    **more: object,
) -> bytes:
    body = struct.pack("!HHIIBBHHH", source_port, port, sequence, 0, 5 << 4, flags, 64240, 0, 0)
    return ip(6, body + payload, target, **more)  # type: ignore[arg-type]


def udp(
    target: str = SERVER,
    port: int = 8125,
    payload: bytes = b"x",
    *,
    source_port: int = 40000,
    **more: object,
) -> bytes:
    body = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload
    return ip(17, body, target, **more)  # type: ignore[arg-type]


def icmp(kind: int, target: str = SERVER, **more: object) -> bytes:
    protocol = 58 if ":" in target else 1
    return ip(protocol, bytes([kind, 0, 0, 0, 0, 1, 0, 1]), target, **more)  # type: ignore[arg-type]


def name_bytes(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name: str, kind: int = 1, *, number: int = 0x1234, flags: int = 0x0100) -> bytes:
    return (
        struct.pack("!HHHHHH", number, flags, 1, 0, 0, 0)
        + name_bytes(name)
        + struct.pack("!HH", kind, 1)
    )


def answer(name: str, *addresses: str, alias: str = "") -> bytes:
    """An answer with these addresses, behind a CNAME where there is an alias."""
    records = []
    if alias:
        target = name_bytes(alias)
        records.append(b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, len(target)) + target)
    for one in addresses:
        packed = ipaddress.ip_address(one).packed
        kind = 1 if len(packed) == 4 else 28
        records.append(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(packed)) + packed)
    head = struct.pack("!HHHHHH", 0x1234, 0x8180, 1, len(records), 0, 0)
    return head + name_bytes(name) + struct.pack("!HH", 1, 1) + b"".join(records)
