"""How the kernel treats a file that it is to execute: as a program, a script, or not at all.

Format of programs: elf(5); of scripts: execve(2), "Interpreter scripts".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024
"""Bytes read from a file; a program's loader is named within its first page or two."""

_ELF = b"\x7fELF"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_FIRST_LINE = 256
"""Bytes of a first line that Linux looks at."""

_PT_INTERP = 3
_MACHINES = {
    3: "386", 8: "mips", 20: "ppc", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64",
    183: "arm64", 243: "riscv64", 258: "loong64",
}  # fmt: skip
"""Machines of elf.h by the names that images have for them."""

_ALSO_RUNS = {"amd64": ("386",), "arm64": ("arm",)}
"""Other architectures that a machine runs natively."""


@dataclass(frozen=True)
class Binary:
    """An ELF program.

    Attributes:
        machine: its architecture, as images name it; its number in elf.h if unknown.
        loader: the dynamic loader; empty if it needs none.
    """

    machine: str
    loader: str

    def runs_on(self, machine: str) -> bool:
        """Whether `machine` can run it; assumed if the architecture is unknown."""
        return not machine or self.machine in (machine, *_ALSO_RUNS.get(machine, ()))


@dataclass(frozen=True)
class Script:
    """A script with an interpreter.

    Attributes:
        interpreter: path after `#!`.
        argument: the rest of the first line; may be empty.
        crlf: whether the first line ends in CRLF; the kernel takes the CR for part of the line.
    """

    interpreter: str
    argument: str
    crlf: bool


@dataclass(frozen=True)
class Unknown:
    """A file that the kernel does not execute.

    Attributes:
        words: a description that continues a sentence after the file's name.
        crlf: whether it is text whose first line ends in CRLF.
    """

    words: str
    crlf: bool = False


def program_in(head: bytes) -> Binary | Script | Unknown:
    """Identify a file from its first bytes, `head`."""
    if head.startswith(_ELF):
        return _binary(head)
    first = head[:_LONGEST_FIRST_LINE].split(b"\n", 1)[0]
    if head.startswith(b"#!"):
        words = first[2:].strip(b" \t\r").split(None, 1)
        if words:
            argument = words[1].decode(errors="replace") if len(words) > 1 else ""
            return Script(words[0].decode(errors="replace"), argument, first.endswith(b"\r"))
    if not head:
        return Unknown("is empty")
    crlf = first.endswith(b"\r")
    if head.startswith(_BYTE_ORDER_MARK + b"#!"):
        return Unknown("begins with a byte order mark, so that its `#!` is not seen", crlf)
    return Unknown("is neither a program nor a script that begins with `#!`", crlf)


def _binary(head: bytes) -> Binary | Unknown:
    """A program, from its ELF header and, for its loader, its program headers."""
    try:
        order = {1: "<", 2: ">"}[head[5]]
        is_wide = {1: False, 2: True}[head[4]]
        (machine,) = struct.unpack_from(f"{order}H", head, 18)
        form = f"{order}QQ" if is_wide else f"{order}II"
        headers_at = struct.unpack_from(form, head, 24)[1]
        size, count = struct.unpack_from(f"{order}HH", head, 54 if is_wide else 42)
        loader, word = "", "Q" if is_wide else "I"
        for at in range(headers_at, headers_at + size * count, max(1, size)):
            if struct.unpack_from(f"{order}I", head, at) == (_PT_INTERP,):
                (place,) = struct.unpack_from(order + word, head, at + struct.calcsize(word))
                loader = head[place:].split(b"\0", 1)[0].decode(errors="replace")
    except (struct.error, IndexError, KeyError):
        return Unknown("is a program that was cut off")
    return Binary(_MACHINES.get(machine, str(machine)), loader)
