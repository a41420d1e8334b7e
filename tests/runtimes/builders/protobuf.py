"""Messages of BuildKit's trace, written as its API sends them."""

from __future__ import annotations

from base64 import b64encode


def message(*fields: tuple[int, int | str | bytes]) -> bytes:
    """A message of numbers and of things with a length."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value))
            continue
        data = value.encode() if isinstance(value, str) else value
        parts.append(varint(number << 3 | 2) + varint(len(data)) + data)
    return b"".join(parts)


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def time(seconds: float) -> bytes:
    return message((1, int(seconds)), (2, round(seconds % 1 * 1e9)))


def vertex(digest: str, name: str, **more: float | str | bool) -> bytes:
    fields: list[tuple[int, int | str | bytes]] = [(1, digest), (3, name)]
    if more.get("cached"):
        fields.append((4, 1))
    for number, key in ((5, "started"), (6, "completed")):
        if key in more:
            fields.append((number, time(float(more[key]))))
    if "error" in more:
        fields.append((7, str(more["error"])))
    return message(*fields)


def log(digest: str, text: str) -> bytes:
    return message((1, digest), (2, time(1.0)), (3, 1), (4, text))


def trace(*vertexes: bytes, logs: tuple[bytes, ...] = ()) -> dict[str, str]:
    """A line of the engine's answer to a build."""
    whole = message(*((1, one) for one in vertexes), *((3, one) for one in logs))
    return {"id": "moby.buildkit.trace", "aux": b64encode(whole).decode()}
