"""Evidence in which bench is right about everything, but for what a test changes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from bench.analysis.model import PhaseSpan, TrialResult
from bench.core.domain import CALIBRATION_CASE, TrialKey, TrialStatus
from bench.selftest.evidence import Observed, SelfTestEvidence
from bench.selftest.known import (
    CHILDREN,
    DELAYS_MS,
    DISK_BYTES,
    KNOWN,
    PLANTED_NAME,
    PLANTED_TCP,
    PLANTED_UDP,
    SPIKE_BYTES,
    STATS_CASE,
    TERM_MS,
    ZOMBIES,
)
from bench.selftest.stamps import Stamp, Stamps
from tests.facts import changed, facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.selftest.score import Fact, Figure, ScoreSection

MS = 1_000_000
SECOND = 1_000_000_000
FLOOR_S = 0.04
BASE_BYTES, TABLE_BYTES = 80_000, 1_000_000

_ZERO_NS = 7_000 * SECOND
_CREATED_NS, _STARTED_NS = 10 * MS, 260 * MS
_MAIN_NS = 250 * MS


def observed(case: str, number: int = 0) -> Observed:
    """One trial of a known case, measured without any error."""
    known = KNOWN[case]
    zero_ns = _ZERO_NS + number * 10 * SECOND
    main_ns = zero_ns + _MAIN_NS
    ready_ns = main_ns + max(DELAYS_MS.get(case, 250), 20) * MS
    last_ns = ready_ns + 300 * MS + TERM_MS * MS
    stamps = {
        "main": Stamp(main_ns, 20 * MS),
        "output": Stamp(main_ns + MS, 0),
        "open": Stamp(ready_ns - 100 * MS, 0),
        "ready": Stamp(ready_ns, 320 * MS),
        "last": Stamp(last_ns, 330 * MS),
    }
    facts: dict[str, Any] = {
        "zero_ns": zero_ns,
        "start_sent_ns": zero_ns + _CREATED_NS,
        "first_output_ns": main_ns + MS,
        "ready": {"at_ns": ready_ns, "resolution_ns": 6 * MS},
        "exit": {"code": 0, "at_ns": last_ns},
        "stop": {"grace_s": 1.0, "killed": False, "ended_s": TERM_MS / 1e3},
        "process": _process("handler"),
        "egress": _egress([]),
        "host": {"busy_share": 0.2},
    }
    startup_s = (ready_ns - zero_ns) / 1e9
    metrics = {
        "startup_s": startup_s,
        "ready_s": startup_s - _STARTED_NS / 1e9,
        "port_open_s": startup_s - _STARTED_NS / 1e9 - 0.1,
        "first_output_s": 0.241,
        "cpu_s": FLOOR_S + 0.31,
        "cpu_to_ready_s": FLOOR_S + 0.30,
        "memory_peak_bytes": 4e6,
        "exit_code": 0.0,
    }
    stop_ns = last_ns - TERM_MS * MS
    edges = [
        ("create", 0, _CREATED_NS),
        ("start", _CREATED_NS, _STARTED_NS),
        ("ready", _STARTED_NS, ready_ns - zero_ns),
        ("stop", stop_ns - zero_ns, last_ns - zero_ns),
    ]
    phases = tuple(PhaseSpan(name, a / 1e9, b / 1e9, "monotonic") for name, a, b in edges)
    status, reason = TrialStatus.OK, ""
    if known.fails:
        status, reason = TrialStatus.FAILED, f"{known.fails} before it was ready"
        del stamps["ready"], facts["ready"], facts["stop"]
        for name in ("startup_s", "ready_s", "port_open_s"):
            del metrics[name]
    if case == "closes-stdout":
        del stamps["output"], facts["first_output_ns"], metrics["first_output_s"]
    if case == STATS_CASE:
        stamps["spike_base"] = Stamp(ready_ns, BASE_BYTES)
        stamps["spike_begin"] = Stamp(ready_ns, SPIKE_BYTES)
        stamps["spike_top"] = Stamp(ready_ns, TABLE_BYTES)
        metrics["memory_peak_bytes"] = float(SPIKE_BYTES + BASE_BYTES + TABLE_BYTES)
    if case == "starves":
        metrics["oom_kills"] = 1.0
    if case == "crashes":
        metrics["exit_code"] = 1.0
    if case == "has-company":
        metrics["processes_peak"] = 21.0
    if case == "reads-and-writes":
        stamps["written"] = stamps["read"] = Stamp(ready_ns, DISK_BYTES)
        metrics["io_read_bytes"] = metrics["io_write_bytes"] = float(DISK_BYTES)
    if case == "ignores-term":
        del stamps["last"]
        facts["stop"] = {"grace_s": 1.0, "killed": True, "ended_s": 1.0}
        facts["process"] = _process("ignored")
    if case == "leaves-children":
        facts["process"] = _process("handler", children=CHILDREN, zombies=ZOMBIES)
    if case == "contacts":
        facts["egress"] = _egress(
            [
                ("dns", PLANTED_NAME, "10.255.255.53", 53),
                ("tcp", "", *_address(PLANTED_TCP)),
                ("udp", "", *_address(PLANTED_UDP)),
            ]
        )
    trial = TrialResult(
        trial_id=f"t-{case}-{number}",
        key=TrialKey(case, number, "warm"),
        attempt=0,
        status=status,
        reason=reason,
        metrics=metrics,
        phases=phases,
        facts=facts_of(**facts),
        zero_ns=zero_ns,
        method="cgroup-v2",
    )
    return Observed(trial, Stamps(stamps))


def _process(disposition: str, *, children: int = 0, zombies: int = 0) -> dict[str, Any]:
    return {
        "signal": "SIGTERM",
        "disposition": disposition,
        "command": "/subject",
        "chain": ["subject"],
        "shell": False,
        "init": False,
        "children": ["subject"] * children,
        "zombies": zombies,
    }


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    return host, int(port)


def _egress(tried: Iterable[tuple[str, str, str, int]]) -> dict[str, Any]:
    attempts = [
        {
            "t_s": 0.25,
            "kind": kind,
            "name": name,
            "address": address,
            "port": port,
            "process": None,
            "question": "",
            "allowed": False,
            "times": 1,
        }
        for kind, name, address, port in tried
    ]
    return {"observed": True, "reach": "all", "way_out": "open", "attempts": attempts, "dropped": 0}


def evidence(
    change: Callable[[Observed], Observed] = lambda one: one, *, n: int = 3
) -> SelfTestEvidence:
    """`n` trials of each known case; `change` gives what takes the place of each."""
    by_case = {case: tuple(change(observed(case, i)) for i in range(n)) for case in KNOWN}
    nothing = TrialResult(
        "t-0", TrialKey(CALIBRATION_CASE, 0, "warm"), 0, TrialStatus.OK, "", "",
        {"cpu_s": FLOOR_S, "memory_peak_bytes": 4e6},
    )  # fmt: skip
    return SelfTestEvidence(
        by_case=by_case,
        trials=tuple(one.trial for trials in by_case.values() for one in trials),
        calibration=(nothing,),
        stats_bytes={one.trial.trial_id: 250_000_000 for one in by_case[STATS_CASE]},
    )


def with_facts(one: Observed, **facts: Any) -> Observed:
    """The trial with these facts in place of its own."""
    trial = dataclasses.replace(one.trial, facts=changed(one.trial.facts, **facts))
    return dataclasses.replace(one, trial=trial)


def with_metrics(one: Observed, **metrics: float) -> Observed:
    """The trial with these metrics in place of its own."""
    trial = dataclasses.replace(one.trial, metrics=one.trial.metrics | metrics)
    return dataclasses.replace(one, trial=trial)


def rows(sections: Iterable[ScoreSection]) -> dict[str, Figure | Fact]:
    """All rows by id."""
    return {row.id: row for section in sections for row in section.rows}
