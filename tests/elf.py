"""Programs in ELF form, as small as a kernel looks at them."""

from __future__ import annotations

import struct

AMD64, ARM64, I386 = 62, 183, 3
_LOADER, _DATA = 3, 1
"""Types of segments: PT_INTERP, PT_LOAD."""


def elf(machine: int = AMD64, loader: str = "", *, is_wide: bool = True) -> bytes:
    """A program that does nothing, with the loader that it asks for."""
    header, each = (64, 56) if is_wide else (52, 32)
    name, at, kind = loader.encode() + b"\0", header + each, _LOADER if loader else _DATA
    sizes = (header, 0, 0, header, each, 1, 0, 0, 0)
    if is_wide:
        head = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, *sizes)
        segment = struct.pack("<IIQQQQQQ", kind, 5, at, 0, 0, len(name), len(name), 1)
    else:
        head = struct.pack("<HHIIIIIHHHHHH", 3, machine, 1, 0, *sizes)
        segment = struct.pack("<IIIIIIII", kind, at, 0, 0, len(name), len(name), 5, 1)
    return b"\x7fELF" + bytes([2 if is_wide else 1, 1, 1]) + bytes(9) + head + segment + name
