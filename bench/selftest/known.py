"""The containers of known behaviour: what each does, how it is measured, and how it must end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.scenario.loading.load import scenario_from_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.scenario.loading.load import LoadedScenario

SUBJECT = Path(__file__).parent / "subject"
"""The program's source and the Dockerfile that it is built with."""

PORT = 8080
INTERVAL_S = 0.005
"""Between two attempts at a probe: bench's default, and said so in the scenario."""

SPIKE_BYTES = 500_000_000
SPIKE_MS = 300
DISK_BYTES = 32 * 2**20
COMPANY = 10
"""Of processes, and of threads: more than the runtime has of its own while it starts one."""
CHILDREN, ZOMBIES = 3, 2
TERM_MS = 200
GRACE_S = 1

PLANTED_NAME = "planted.bench-selftest.invalid"
"""A name that can have no address (RFC 6761)."""

PLANTED_TCP = "198.51.100.10:4433"
PLANTED_UDP = "203.0.113.20:8125"
"""Addresses for documentation, which no host has (RFC 5737)."""


@dataclass(frozen=True)
class Known:
    """One container of known behaviour.

    Attributes:
        words: what the subject is told to do; see subject.c.
        full: trials in a full run; 0 leaves it out.
        quick: trials in a quick run.
        case: what its case says beside the image and the command.
        fails: what stands in the reason of every trial, where each must fail; empty where each
            must be ok.
    """

    words: tuple[str, ...]
    full: int
    quick: int
    case: Mapping[str, Any] = field(default_factory=dict)
    fails: str = ""


def _delay(delay_ms: int) -> Known:
    return Known((f"ready={delay_ms}",), full=24, quick=6)


def _ready(*words: str, **case: Any) -> Known:
    return Known(("ready=250", *words), full=20, quick=3, case=case)


DELAYS_MS = {"delay-200": 200, "delay-200-again": 200, "delay-210": 210, "delay-300": 300}
"""Cases that differ in nothing but the delay until ready."""

_EXIT = {"exit": True}

KNOWN: dict[str, Known] = {
    **{name: _delay(delay_ms) for name, delay_ms in DELAYS_MS.items()},
    "refuses-first": _ready("serve=refusing"),
    "opens-early": _ready("serve=early", "open=100"),
    "says-ready": _ready("serve=log", ready={"log": "^now ready$"}),
    "closes-stdout": _ready("closed"),
    "floods": _ready("flood=20000000"),
    "cold": Known(("ready=50", "again"), full=4, quick=2, case={"cache": "cold"}),
    "spikes": Known(
        (f"spike={SPIKE_BYTES},300,{SPIKE_MS},1000",), full=8, quick=3, case={"observe": "3s"}
    ),
    "works": Known(("cpu=300,1",), full=6, quick=3),
    "works-by-two": Known(("cpu=300,2", "exit=0"), full=6, quick=3, case={"ready": _EXIT}),
    "ends": Known(("ready=250", "exit=0"), full=10, quick=3, case={"ready": _EXIT}),
    "has-company": Known(
        ("ready=150", f"children={COMPANY}", f"threads={COMPANY}"), full=3, quick=1
    ),
    "leaves-children": Known(
        (f"children={CHILDREN}", f"zombies={ZOMBIES}"), full=3, quick=1, case={"observe": "1s"}
    ),
    "reads-and-writes": Known((f"write={DISK_BYTES}",), full=3, quick=1),
    "honours-term": Known((f"term={TERM_MS}",), full=6, quick=2),
    "ignores-term": Known(("term=ignore",), full=4, quick=2),
    "contacts": Known(
        ("ready=300", f"ask={PLANTED_NAME}", f"connect={PLANTED_TCP}", f"send={PLANTED_UDP}"),
        full=4,
        quick=2,
    ),
    "starves": Known(
        ("grow",), full=3, quick=1, case={"limits": {"memory": "64m"}}, fails="killed for memory"
    ),
    "crashes": Known(("ready=100", "exit=1"), full=3, quick=1, fails="exited with code 1"),
}
"""By the id of the case."""

SAME = ("delay-200", "delay-200-again")
"""Two cases that are the same: what bench calls a difference between them is noise."""

STATS_CASE = "spikes"
"""The case beside which the engine's own stats are followed."""


def scenario(stamps: Path, *, quick: bool) -> LoadedScenario:
    """The scenario that measures them all.

    Args:
        stamps: folder with a folder for each case, into which its containers stamp.
        quick: fewer trials.
    """
    tree = {
        "version": 1,
        "name": "selftest",
        "description": "How far bench is off, on containers of exactly known behaviour.",
        "max_other_load": "any",  # a row that a busy host makes miss its target is not judged
        "max_steal": "any",
        "cases": {
            name: _case(known, stamps / name, known.quick if quick else known.full)
            for name, known in KNOWN.items()
        },
        "compare": {"baseline": SAME[0], "candidates": [SAME[1]]},
    }
    return scenario_from_tree(tree, "bench selftest")


def _case(known: Known, stamps: Path, repeat: int) -> dict[str, Any]:
    case = {
        "build": {"context": str(SUBJECT)},
        "command": list(known.words),
        "repeat": repeat,
        "cache": "warm",
        "ready": {"http": {"port": PORT}},
        "observe": "200ms",
        "stop_grace_period": f"{GRACE_S}s",
        "volumes": [f"{stamps}:/stamps"],
        **known.case,
    }
    return case | {"ready": {**case["ready"], "interval": f"{INTERVAL_S * 1e3:g}ms"}}
