"""The kernel's filter, which hands over what begins something, and a device that goes away."""

from __future__ import annotations

import os
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from bench.egress.namespace import ip_program
from bench.egress.tap import FRAME_BYTES, Tap, filter_program
from tests.egress import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

DNS = frames.question("a.example")


def kept(frame: bytes) -> int:
    """How many bytes of `frame` the filter keeps, by the rules of the kernel's packet filter.

    The instructions: "The BSD Packet Filter", McCanne and Jacobson, 1993; a load from beyond the
    end drops the frame.
    """
    program = list(struct.iter_unpack("=HBBI", filter_program()))
    accumulator = index = at = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code in (0x28, 0x48, 0x30, 0x50):
            place = operand + (index if code in (0x48, 0x50) else 0)
            width = 2 if code in (0x28, 0x48) else 1
            if place + width > len(frame):
                return 0
            accumulator = int.from_bytes(frame[place : place + width], "big")
        elif code == 0xB1:
            index = (frame[operand] & 0xF) * 4
        elif code == 0x54:
            accumulator &= operand
        elif code == 0x15:
            at += if_true if accumulator == operand else if_false
        elif code == 0x45:
            at += if_true if accumulator & operand else if_false
        else:
            assert code == 0x06
            return int(operand)


@pytest.mark.parametrize(
    "frame",
    [
        frames.tcp(),
        frames.tcp(flags=0xC2),
        frames.tcp("2001:db8::9"),
        frames.tcp(options=b"\1\1\1\0"),
        frames.tcp(port=53, flags=0x18, payload=DNS),
        frames.tcp("2001:db8::9", 53, flags=0x18, payload=DNS),
        frames.udp(),
        frames.udp(payload=DNS, source=frames.SERVER, source_port=53, target=frames.OWN),
        frames.udp("2001:db8::9"),
        frames.icmp(8),
        frames.icmp(128, "2001:db8::9"),
        frames.ip(132, bytes(12)),
    ],
)
def test_what_begins_something_or_belongs_to_dns_is_kept_whole(frame):
    assert kept(frame) == FRAME_BYTES


@pytest.mark.parametrize(
    "frame",
    [
        frames.tcp(flags=0x12),
        frames.tcp(flags=0x10, payload=bytes(1000)),
        frames.tcp("2001:db8::9", flags=0x18, payload=bytes(1000)),
        frames.tcp(fragment=0x0010),
        frames.ip(2, bytes(8), "224.0.0.22"),
        frames.ethernet(0x0806, bytes(28)),
        frames.ethernet(0x0800, b"\x45"),
    ],
    ids=["syn-ack", "download", "download6", "fragment", "igmp", "arp", "short"],
)
def test_the_rest_is_dropped_in_the_kernel(frame):
    assert kept(frame) == 0


@pytest.fixture
def devices() -> Iterator[tuple[str, str]]:
    """Two ends of a wire; what goes in at one comes out at the other."""
    program = ip_program()
    if os.geteuid() != 0 or program is None:
        pytest.skip("needs root and the program `ip`")
    one, other = f"cbt{os.getpid()}", f"cbu{os.getpid()}"
    made = ["link", "add", one, "type", "veth", "peer", "name", other]
    if subprocess.run([program, *made], check=False, capture_output=True).returncode != 0:
        pytest.skip("no device can be made here")
    for name in (one, other):
        subprocess.run([program, "link", "set", name, "up"], check=True)
    yield one, other
    subprocess.run([program, "link", "del", one], check=False, capture_output=True)


def test_a_device_that_goes_away_is_heard_to_its_end(devices):
    one, other = devices
    tap, sender = Tap(one), Tap(other)
    sender.send(frames.tcp())
    subprocess.run([str(ip_program()), "link", "del", one], check=True)
    heard = []
    while (frame := tap.receive()) is not None:
        heard.append(frame.data)
    assert frames.tcp() in heard
    assert tap.receive() is None
    assert tap.lost() == 0
    tap.close()
    sender.close()
