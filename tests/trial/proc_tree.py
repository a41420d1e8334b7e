"""A made-up /proc for the tests of what is read there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TERM_CAUGHT = 1 << 14


@dataclass(frozen=True)
class Entry:
    """One process of the made-up /proc."""

    pid: int
    parent: int
    name: str
    inner_pid: int = 0
    command: tuple[str, ...] = ()
    state: str = "S"
    ticks: int = 0
    rss_anon_kib: int | None = None
    pss_anon_kib: int | None = None
    exe: str = ""
    caught: int = 0
    ignored: int = 0
    blocked: int = 0


def write_proc(folder: Path, *entries: Entry) -> Path:
    """Write the files that are read of each."""
    for one in entries:
        place = folder / str(one.pid)
        place.mkdir(parents=True)
        fields = [one.state, one.parent, *[0] * 9, one.ticks, 0, *[0] * 30]
        stat = f"{one.pid} ({one.name}) " + " ".join(str(field) for field in fields)
        (place / "stat").write_text(stat)
        inner = f"\t{one.inner_pid}" if one.inner_pid else ""
        status = [
            f"Name:\t{one.name}",
            f"NSpid:\t{one.pid}{inner}",
            f"SigBlk:\t{one.blocked:016x}",
            f"SigIgn:\t{one.ignored:016x}",
            f"SigCgt:\t{one.caught:016x}",
        ]
        if one.rss_anon_kib is not None:
            status.append(f"RssAnon:\t{one.rss_anon_kib} kB")
        (place / "status").write_text("\n".join(status) + "\n")
        words = one.command or (one.name,)
        (place / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
        if one.state == "Z":
            (place / "cmdline").write_bytes(b"")
        if one.pss_anon_kib is not None:
            (place / "smaps_rollup").write_text(
                f"Rss: 9 kB\nPss_Anon:             {one.pss_anon_kib} kB\n"
            )
        if one.exe:
            (place / "exe").symlink_to(one.exe)
    (folder / "self").mkdir(parents=True, exist_ok=True)
    return folder
