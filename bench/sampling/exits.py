"""Time that a task ran and waited for a core until it ended, as the kernel reports it.

The reports are those of taskstats (Documentation/accounting/taskstats.rst), which come over generic
netlink for every task of the host. They need CAP_NET_ADMIN in the host's own user and process
namespaces, and a kernel with CONFIG_TASKSTATS; the times are those of `schedstat`.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

_GENERIC = 16
"""NETLINK_GENERIC, and the number of its control family (linux/genetlink.h: GENL_ID_CTRL)."""

_GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 3, 1, 2
_GET, _REGISTER = 1, 3
_OF_TASK, _STATS = 4, 3
"""linux/taskstats.h: TASKSTATS_TYPE_AGGR_PID, and TASKSTATS_TYPE_STATS within it."""

_REQUEST, _ACKNOWLEDGE = 1, 4
_NLMSG_ERROR = 2
_HEADER = struct.Struct("=IHHII")
_COMMAND = struct.Struct("=BBH")
_ATTRIBUTE = struct.Struct("=HH")
_TYPE_MASK = 0x3FFF

_VERSION = struct.Struct("=H")
_WAITED, _RAN = 24, 72
_TASK_AND_PARENT = 128
_PROCESS, _SINCE_VERSION = 368, 12
"""Places in struct taskstats, which only grows at its end: cpu_delay_total, cpu_run_virtual_total,
ac_pid with ac_ppid, and ac_tgid from that version on."""

_U64, _U32, _TWO_U32 = struct.Struct("=Q"), struct.Struct("=I"), struct.Struct("=II")
_RECEIVE_BUFFER_FORCED = 33
"""SO_RCVBUFFORCE, which the socket module has no name for."""

_BUFFER_BYTES = 16 << 20
_MESSAGE_BYTES = 16384
_ANSWER_S = 2.0


@dataclass(frozen=True, slots=True)
class TaskExit:
    """One thread that has ended, in the numbers of the host.

    Attributes:
        task: its id.
        process: the process it belonged to; 0 where the kernel does not say.
        parent: the parent of that process.
        run_ns, wait_ns: on a core, and ready without one, over its whole life.
    """

    task: int
    process: int
    parent: int
    run_ns: int
    wait_ns: int


class ExitReports:
    """The reports of all tasks of the host that end from now on."""

    def __init__(self, cpus: str) -> None:
        """Subscribe; `cpus` lists those to hear of, as the kernel writes it: `0-3`.

        Raises:
            OSError: the kernel has no such reports, or not for this process.
        """
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _GENERIC)
        try:
            self._socket.settimeout(_ANSWER_S)
            self._socket.bind((0, 0))
            with contextlib.suppress(OSError):  # a smaller buffer loses more, and says so
                self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCED, _BUFFER_BYTES)
            mask = _attribute(_REGISTER, cpus.encode() + b"\0")
            self._ask(self._family(), _GET, _REQUEST | _ACKNOWLEDGE, mask)
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise

    @classmethod
    def subscribe(
        cls, possible: Path = Path("/sys/devices/system/cpu/possible")
    ) -> ExitReports | None:
        """The reports, or None where they are not to be had here."""
        try:
            return cls(possible.read_text().strip())
        except OSError:
            return None

    @classmethod
    def is_available(cls) -> bool:
        """Whether they are to be had here."""
        found = cls.subscribe()
        if found is not None:
            found.close()
        return found is not None

    def _family(self) -> int:
        """The number under which this kernel has taskstats."""
        name = _attribute(_FAMILY_NAME, b"TASKSTATS\0")
        answer = self._ask(_GENERIC, _GET_FAMILY, _REQUEST, name)
        for kind, value in _attributes(answer[20:]):
            if kind == _FAMILY_ID:
                return int.from_bytes(value, sys.byteorder)
        raise OSError(errno.ENOENT, "the kernel has no taskstats")

    def _ask(self, family: int, command: int, flags: int, attribute: bytes) -> bytes:
        body = _COMMAND.pack(command, 1, 0) + attribute
        self._socket.send(_HEADER.pack(16 + len(body), family, flags, 1, 0) + body)
        answer = self._socket.recv(_MESSAGE_BYTES)
        if _HEADER.unpack_from(answer)[1] == _NLMSG_ERROR:
            code = -int.from_bytes(answer[16:20], sys.byteorder, signed=True)
            if code:
                raise OSError(code, "taskstats")
        return answer

    def read(self) -> tuple[tuple[bytes, ...], bool]:
        """The reports since the last call, and whether the kernel dropped any for want of room."""
        found, is_lost = [], False
        while True:
            try:
                found.append(self._socket.recv(_MESSAGE_BYTES))
            except BlockingIOError:
                return tuple(found), is_lost
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                is_lost = True

    @staticmethod
    def parse(messages: tuple[bytes, ...]) -> list[TaskExit]:
        """The tasks that they tell of; those about whole processes repeat what theirs tell."""
        ended = []
        for message in messages:
            for kind, value in _attributes(message[20:]):
                if kind == _OF_TASK:
                    ended += [_exit(stats) for what, stats in _attributes(value) if what == _STATS]
        return ended

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


def _exit(stats: bytes) -> TaskExit:
    task, parent = _TWO_U32.unpack_from(stats, _TASK_AND_PARENT)
    says_process = _VERSION.unpack_from(stats)[0] >= _SINCE_VERSION
    return TaskExit(
        task,
        _U32.unpack_from(stats, _PROCESS)[0] if says_process else 0,
        parent,
        _U64.unpack_from(stats, _RAN)[0],
        _U64.unpack_from(stats, _WAITED)[0],
    )


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def _attributes(raw: bytes) -> list[tuple[int, bytes]]:
    """Type and value of each attribute in a row of them."""
    place, found = 0, []
    while place + _ATTRIBUTE.size <= len(raw):
        length, kind = _ATTRIBUTE.unpack_from(raw, place)
        if length < _ATTRIBUTE.size:
            break
        found.append((kind & _TYPE_MASK, raw[place + _ATTRIBUTE.size : place + length]))
        place += (length + 3) & ~3
    return found
