"""An image that does nothing: one static program that exits at once.

What a container of it costs is what the engine and the runtime cost by themselves. The program
is a whole ELF file of one system call, so that it needs no compiler and no base image.
"""

from __future__ import annotations

import io
import struct
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BASE = 0x400000
_HEADERS = 64 + 56
_MACHINES = {
    # mov edi, 0; mov eax, 60 (exit); syscall
    "x86_64": (62, bytes.fromhex("bf00000000b83c0000000f05")),
    # mov x0, 0; mov x8, 93 (exit); svc 0
    "aarch64": (183, bytes.fromhex("000080d2a80b80d2010000d4")),
}


def supports(architecture: str) -> bool:
    """Whether there is such a program for `architecture` (as `uname -m` calls it)."""
    return architecture in _MACHINES


def exit_program(architecture: str) -> bytes:
    """An ELF executable that exits with 0, for `architecture`.

    Layout: System V ABI, "ELF-64 Object File Format": file header, one program header, code.
    """
    machine, code = _MACHINES[architecture]
    entry = _BASE + _HEADERS
    size = _HEADERS + len(code)
    identification = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", identification, 2, machine, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    program = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + program + code


def write_rootfs(path: Path, architecture: str) -> None:
    """A root file system that holds only that program, as a tar archive at `path`."""
    data = exit_program(architecture)
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("nothing")
        member.size, member.mode = len(data), 0o755
        tar.addfile(member, io.BytesIO(data))
