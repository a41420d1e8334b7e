"""Display of bytes that a server sent: one line, without control characters."""

from __future__ import annotations

_MOST = 60


def plain(text: str) -> str:
    """`text` on one line, shortened for display."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= _MOST else f"{shown[:_MOST]}…"


def first_bytes(data: bytes) -> str:
    """The beginning of a response, as text if it is text, otherwise as numbers."""
    line = data.split(b"\n", 1)[0].strip()
    if line and all(0x20 <= byte < 0x7F for byte in line):
        return f'"{plain(line.decode("ascii"))}"'
    return f"the bytes {data[:8].hex(' ')}"
