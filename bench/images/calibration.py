"""Images of one static program: one that exits at once, and one that waits for its end.

What a container of the first costs is what the engine and the runtime cost by themselves; the
second holds a network namespace open. Each program is a whole ELF file of one or two system
calls, so that it needs no compiler and no base image.
"""

from __future__ import annotations

import io
import struct
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NOTHING, PAUSE = "nothing", "pause"
"""The programs, by the names of their files."""

_BASE = 0x400000
_HEADERS = 64 + 56
_MACHINES = {"x86_64": 62, "aarch64": 183}
_CODE = {
    # mov edi, 0; mov eax, 60 (exit); syscall
    ("x86_64", NOTHING): bytes.fromhex("bf00000000b83c0000000f05"),
    # mov x0, 0; mov x8, 93 (exit); svc 0
    ("aarch64", NOTHING): bytes.fromhex("000080d2a80b80d2010000d4"),
    # again: mov eax, 34 (pause); syscall; jmp again
    ("x86_64", PAUSE): bytes.fromhex("b8220000000f05ebf7"),
    # again: mov x0 to x4, 0; mov x8, 73 (ppoll); svc 0; b again
    ("aarch64", PAUSE): bytes.fromhex(
        "000080d2010080d2020080d2030080d2040080d2280980d2010000d4f9ffff17"
    ),
}


def supports(architecture: str) -> bool:
    """Whether there are such programs for `architecture` (as `uname -m` calls it)."""
    return architecture in _MACHINES


def program(name: str, architecture: str) -> bytes:
    """The ELF executable called `name`, for `architecture`.

    Layout: System V ABI, "ELF-64 Object File Format": file header, one program header, code.
    """
    machine, code = _MACHINES[architecture], _CODE[architecture, name]
    entry = _BASE + _HEADERS
    size = _HEADERS + len(code)
    identification = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", identification, 2, machine, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code


def write_rootfs(path: Path, architecture: str, name: str = NOTHING) -> None:
    """A root file system that holds only the program called `name`, as a tar archive at `path`."""
    data = program(name, architecture)
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o755
        tar.addfile(member, io.BytesIO(data))
