"""A socket that hears what passes a network device, as little of it as naming contacts needs.

What a container downloads passes the same device: of TCP, the kernel hands over first packets and
what belongs to DNS, and nothing else, so that listening costs the container next to nothing.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
from dataclasses import dataclass

# linux/filter.h, linux/if_packet.h and asm-generic/socket.h; Python has no names for these
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_STATISTICS = 1, 6
_PACKET_MR_PROMISC = 1
_ETH_P_ALL = 3

BUFFER_BYTES = 8 * 1024 * 1024
FRAME_BYTES = 2048
_TIMESPEC = struct.Struct("@qq")

_LDH, _LDB, _LDX_IP, _LDH_X, _LDB_X = 0x28, 0x30, 0xB1, 0x48, 0x50
_JEQ, _JSET, _AND, _RET = 0x15, 0x45, 0x54, 0x06
_DROP, _KEEP = "drop", "keep"

# Each line: a label or "", an instruction, its operand, and where it goes if true and if false.
_PROGRAM: tuple[tuple[str, int, int, str, str], ...] = (
    ("", _LDH, 12, "", ""),  # type of the frame
    ("", _JEQ, 0x0800, "", "six"),
    ("", _LDB, 23, "", ""),  # protocol
    ("", _JEQ, 2, _DROP, ""),  # IGMP
    ("", _JEQ, 6, "", _KEEP),
    ("", _LDH, 20, "", ""),
    ("", _JSET, 0x1FFF, _DROP, ""),  # a later fragment has no ports
    ("", _LDX_IP, 14, "", ""),  # length of the IP header
    ("", _LDH_X, 16, "", ""),
    ("", _JEQ, 53, _KEEP, ""),
    ("", _LDH_X, 14, "", ""),
    ("", _JEQ, 53, _KEEP, ""),
    ("", _LDB_X, 27, "", ""),  # flags
    ("", _AND, 0x12, "", ""),
    ("", _JEQ, 0x02, _KEEP, _DROP),  # SYN without ACK
    ("six", _JEQ, 0x86DD, "", _DROP),
    ("", _LDB, 20, "", ""),
    ("", _JEQ, 6, "", _KEEP),
    ("", _LDH, 56, "", ""),
    ("", _JEQ, 53, _KEEP, ""),
    ("", _LDH, 54, "", ""),
    ("", _JEQ, 53, _KEEP, ""),
    ("", _LDB, 67, "", ""),
    ("", _AND, 0x12, "", ""),
    ("", _JEQ, 0x02, _KEEP, _DROP),
    (_KEEP, _RET, FRAME_BYTES, "", ""),
    (_DROP, _RET, 0, "", ""),
)


def filter_program() -> bytes:
    """The filter as the kernel's classic packet filter takes it: 8 bytes an instruction."""
    places = {label: number for number, (label, *_) in enumerate(_PROGRAM) if label}
    code = b""
    for number, (_, operation, operand, if_true, if_false) in enumerate(_PROGRAM):
        jumps = [places[to] - number - 1 if to else 0 for to in (if_true, if_false)]
        code += struct.pack("=HBBI", operation, *jumps, operand)
    return code


@dataclass(frozen=True)
class Frame:
    """One Ethernet frame.

    Attributes:
        data: its bytes, as far as they are kept.
        wall_ns: when it passed, in nanoseconds since 1970.
        sent_here: whether it left by the device, and did not come in by it.
    """

    data: bytes
    wall_ns: int
    sent_here: bool


class Tap:
    """Hears one device from its making on.

    Attributes:
        device: its name.
    """

    def __init__(self, device: str) -> None:
        """Listen on `device`, in the network namespace of the calling thread.

        Raises:
            OSError: no privilege, or no such device.
        """
        self.device = device
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # deaf until bound
        try:
            self._prepare()
        except OSError:
            self._socket.close()
            raise

    def _prepare(self) -> None:
        program = ctypes.create_string_buffer(filter_program())
        fprog = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(program))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)
        # a bridge hands what passes between two of its ports only to who asks for everything
        index = socket.if_nametoindex(self.device)
        request = struct.pack("@iHH8s", index, _PACKET_MR_PROMISC, 0, b"")
        self._socket.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
        self._socket.bind((self.device, _ETH_P_ALL))

    def fileno(self) -> int:
        """For poll."""
        return self._socket.fileno()

    def receive(self) -> Frame | None:
        """The next frame; None where there is none now.

        Podman's bridge goes away with the last container on it. That is said once; what came
        before can still be read, and a device that is down carries nothing that could be missed.
        """
        try:
            data, ancillary, _, source = self._socket.recvmsg(FRAME_BYTES, 64)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.ENETDOWN:
                raise
            return self.receive()
        stamps = [
            _TIMESPEC.unpack_from(data)
            for level, kind, data in ancillary
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS)
        ]
        seconds, nanoseconds = stamps[0]
        at_ns = seconds * 1_000_000_000 + nanoseconds
        return Frame(data, at_ns, source[2] == socket.PACKET_OUTGOING)

    def send(self, frame: bytes) -> None:
        """Put a frame on the device."""
        self._socket.send(frame)

    def lost(self) -> int:
        """Frames that did not fit into the buffer since the last time of asking."""
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        return int(struct.unpack("@II", counts)[1])

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()
