"""Runs that were really made, as their events; tests/data/runs/README.md says how."""

from __future__ import annotations

import copy
import gzip
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.journal.lines import JournalPosition, Lines
from tests.journals import text_of

DATA = Path(__file__).parents[1] / "data" / "runs"
SAMPLE = Path(__file__).parents[2] / "reports" / "sample" / "events.jsonl"
NAMES = ("stack", "stack-met", "replicas", "plain-process", "sample")
"""`stack-met` is `stack` without the limit of its own, which it misses."""

Event = dict[str, Any]


@cache
def kept_events(name: str) -> tuple[Event, ...]:
    """The events of a kept run, its header as of the present version."""
    if name == "stack-met":
        header, *rest = kept_events("stack")
        scenario = header["scenario"] | {"thresholds": {"startup_s": "max <= 30s"}}
        return (header | {"scenario": scenario}, *rest)
    path = SAMPLE
    with tempfile.TemporaryDirectory() as folder:
        if name != "sample":
            path = Path(folder) / "events.jsonl"
            path.write_bytes(gzip.decompress((DATA / f"{name}.jsonl.gz").read_bytes()))
        header, *rest = Lines(path).events()
    return (header | {"schema_version": 2}, *rest)


@dataclass
class Made:
    """The events of a run to be changed, and the lines that they had.

    Attributes:
        events: an event that is to be changed is taken by `edit` first.
        origin: by id of an event, the number of the line that it had.
    """

    events: list[Event]
    origin: dict[int, int]

    @classmethod
    def of(cls, name: str) -> Made:
        """Those of a kept run."""
        events = list(kept_events(name))
        return cls(events, {id(one): number for number, one in enumerate(events)})

    def edit(self, index: int) -> Event:
        """A copy of an event in its place, which may be changed."""
        old = self.events[index]
        new = copy.deepcopy(old)
        self.origin[id(new)] = self.origin[id(old)]
        self.events[index] = new
        return new

    def insert(self, index: int, event: Event, like: Event) -> None:
        """Put in an event on a line like that of another."""
        self.origin[id(event)] = self.origin[id(like)]
        self.events.insert(index, event)

    def find(self, kind: str, trial_id: str, **fields: Any) -> list[int]:
        """The places of such events of a trial."""
        wanted = {"event": kind, "trial_id": trial_id} | fields
        return [i for i, one in enumerate(self.events) if wanted.items() <= one.items()]

    def facts(self, trial_id: str) -> dict[str, Any]:
        """The facts of a trial, which may be changed."""
        (index,) = self.find("trial_ended", trial_id)
        facts: dict[str, Any] = self.edit(index)["facts"]
        return facts

    def sealed(self) -> bytes:
        """The journal that a bench would write of these events."""
        link, lines = JournalPosition(), []
        for event in self.events:
            line, link = link.seal(text_of(event))
            lines.append(line)
        return b"".join(lines)

    def raw(self, name: str) -> list[bytes]:
        """The lines as a hand or a disk would change them: number and checksum stay."""
        seals = kept_seals(name)
        return [
            b"%b%b%b" % (begin, text_of(event)[1:-1].encode(), end)
            for event in self.events
            for begin, end in [seals[self.origin[id(event)]]]
        ]


@cache
def kept_seals(name: str) -> list[tuple[bytes, bytes]]:
    """Of each line of a kept run what stands before its event and after it."""
    link, found = JournalPosition(), []
    for number, event in enumerate(kept_events(name)):
        line, link = link.seal(text_of(event))
        found.append((b'{"seq":%d,' % number, line[-len(b',"crc":"01234567"}\n') :]))
    return found
