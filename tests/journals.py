"""Journals as a real run leaves them, made up from a seed: two cases, every arm, some trouble.

`bad` is a heavy image that ignores SIGTERM, `good` a light one; both serve HTTP. Trials come in
the order of `bench.runner.plan`, so ids, rounds and attempts fit together as they do in a run.
"""

from __future__ import annotations

import dataclasses
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.core.domain import CALIBRATION_CASE, TrialKey
from bench.journal.lines import JournalPosition, Lines
from bench.journal.writer import FILE_NAME, SCHEMA_VERSION
from bench.runner.plan import CheckTrials, make_plan
from bench.scenario.model import Scenario
from bench.standard.checklist import load_checklist
from bench.trial.container_network import way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MIB = 2**20
SECOND = 1_000_000_000
RUN_ID = "20261122T083107Z-bad-vs-good"


@dataclass(frozen=True)
class Shape:
    """What a made-up image is like; times in seconds, sizes in MiB."""

    layers: tuple[tuple[str, float], ...]
    pull_mib_s: float
    ready_s: float
    anon_mib: float
    file_mib: float
    cores: float
    waiting: float
    stop_s: float
    waste_mib: float = 0.0
    unpacked: float = 2.4
    batch: bool = False
    reaches_out: bool = False


BAD = Shape(
    layers=(
        ("FROM bench/python:3.11", 148.0),
        ("RUN apt-get install build-essential", 219.5),
        ("COPY . /app", 61.2),
        ("RUN pip install -r requirements.txt", 168.0),
        ("RUN chown -R app /app", 61.2),
    ),
    pull_mib_s=45.0,
    ready_s=8.2,
    anon_mib=910.0,
    file_mib=640.0,
    cores=2.4,
    waiting=0.9,
    stop_s=3.05,
    waste_mib=187.0,
    reaches_out=True,
)
GOOD = Shape(
    layers=(
        ("FROM bench/python:3.11-slim", 41.0),
        ("COPY --from=build /venv /venv", 38.4),
        ("COPY app /app", 0.3),
    ),
    pull_mib_s=48.0,
    ready_s=1.35,
    anon_mib=118.0,
    file_mib=92.0,
    cores=0.9,
    waiting=0.1,
    stop_s=0.21,
)
NOTHING = Shape((("ADD nothing /", 0.001),), 1.0, 0.02, 1.4, 0.6, 0.05, 0.0, 0.0, batch=True)

SHAPES = {"bad": BAD, "good": GOOD, CALIBRATION_CASE: NOTHING}


@dataclass(frozen=True)
class Trouble:
    """How an attempt at a trial goes wrong."""

    status: str
    reason: str
    log_tail: tuple[str, ...] = ()


REPEATED = {
    ("good", 1, 0): Trouble("invalid", "not a cold pull: 1 of 3 layers were already there"),
}
"""By case, round and attempt: a trial that was not in its state, and is made again."""

CRASHED = {
    ("bad", 3, 0): Trouble(
        "failed",
        "exited with code 1 before it was ready",
        ("Traceback (most recent call last):", "OSError: [Errno 98] Address already in use"),
    ),
}
"""A trial in which the image failed."""


STUCK = Trouble(
    "failed",
    "exited with code 1 before it was ready (network cut off: connections are refused)",
    ("ERROR: Could not find a version that satisfies the requirement uvicorn",),
)
"""A trial with the network cut off of an image that needs one."""


@dataclass
class Build:
    """What a journal is to hold; the defaults are the run that most tests look at."""

    rounds: int = 6
    cases: tuple[str, ...] = ("bad", "good")
    calibrate: bool = True
    need: bool = True
    need_trials: int = 2
    cut: bool = True
    replicas: tuple[int, ...] = (3,)
    troubles: dict[tuple[str, int, int], Trouble] = field(default_factory=lambda: dict(REPEATED))
    interval_s: float = 0.02
    samples_each: int | None = None
    shapes: dict[str, Shape] = field(default_factory=lambda: dict(SHAPES))
    scenario: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = "complete"
    seed: int = 7


def scenario_tree(build: Build) -> dict[str, Any]:
    """The scenario as a journal keeps it: defaults merged, values in the form of the file."""
    folder = {"bad": "bad.Dockerfile", "good": "good.Dockerfile"}
    case = {
        "repeat": build.rounds,
        "limits": {"cpus": 4, "memory": "8g", "pids": 512},
        "ready": {
            "http": {"port": 8080, "path": "/healthz", "status": 200},
            "timeout": "60s",
        },
        "observe": "1s",
        "stop_grace_period": "3s",
    }
    cases = {
        name: {"build": {"context": "../images/web", "dockerfile": folder.get(name, name)}} | case
        for name in build.cases
    }
    if "bad" in cases:
        cases["bad"] = cases["bad"] | {
            "expect": {"fail": ["CI-3", "CI-4", "CI-5", "RS-3.1"], "may_fail": ["READY"]}
        }
    tree: dict[str, Any] = {
        "version": 1,
        "name": "bad-vs-good",
        "description": "The same web service from two Dockerfiles.",
        "checklist": "cloud-native",
        "cases": cases,
        "thresholds": {"startup_s": "max <= 15s"},
    }
    if {"bad", "good"} <= set(build.cases):
        tree["compare"] = {"baseline": "bad", "candidates": ["good"]}
    return tree | build.scenario


def write_journal(folder: Path, build: Build | None = None) -> Path:
    """Write the journal that `build` describes into `folder`, and return that folder."""
    return write_events(folder, _Writer(build or Build()).events())


def write_events(folder: Path, events: Iterable[dict[str, Any]]) -> Path:
    """Write a journal of these events into `folder`, as the bench that had them would."""
    folder.mkdir(parents=True, exist_ok=True)
    link = JournalPosition()
    with (folder / FILE_NAME).open("wb") as file:
        for event in events:
            line, link = link.seal(text_of(event))
            file.write(line)
    return folder


def rewrite(folder: Path, change: Callable[[str], str]) -> None:
    """Write a journal again with the text of its events changed, an event a line."""
    lines = [text_of(event) for event in Lines(folder / FILE_NAME).events()]
    changed = change("".join(f"{one}\n" for one in lines))
    write_events(folder, [json.loads(one) for one in changed.splitlines()])


def shifted(value: Any, by_ns: int, name: str = "") -> Any:
    """An event, or a part of one, at another moment: all of its stamps are later by so much."""
    if isinstance(value, dict):
        return {key: shifted(one, by_ns, key) for key, one in value.items()}
    if isinstance(value, list):
        return [shifted(one, by_ns, name) for one in value]
    return value + by_ns if name in _STAMPS and value is not None else value


_STAMPS = {"start_ns", "end_ns", "t_ns", "zero_ns", "start_sent_ns", "first_output_ns", "at_ns"}


def text_of(event: dict[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"))


def events(build: Build | None = None) -> list[dict[str, Any]]:
    """The same events in memory."""
    return list(_Writer(build or Build()).events())


class _Writer:
    def __init__(self, build: Build) -> None:
        self.build = build
        self.random = random.Random(build.seed)
        self.now_ns = 40_000 * SECOND
        self.tree = scenario_tree(build)

    def events(self) -> Iterator[dict[str, Any]]:
        scenario = Scenario.model_validate(self.tree)
        checks = CheckTrials(
            need=dict.fromkeys(scenario.cases, self.build.need_trials) if self.build.need else {},
            cut=list(scenario.cases) if self.build.cut else [],
            replicas=dict.fromkeys(scenario.cases, self.build.replicas),
        )
        plan = make_plan(scenario.cases, 1, checks=checks, calibrate=self.build.calibrate)
        yield self._header(plan)
        names = [*scenario.cases, *([CALIBRATION_CASE] if self.build.calibrate else [])]
        for name in names:
            yield self._image(name)
        for number, key in enumerate(plan):
            if key.replicas:
                yield from self._at_once(number, key)
                continue
            for attempt in range(3):
                trouble = self.build.troubles.get((key.case, key.round, attempt))
                trouble = trouble if key.arm == "fit" else None
                if key.network == "cut" and self.build.shapes[key.case].reaches_out:
                    trouble = STUCK
                yield from self._trial(number, key, attempt, trouble)
                if trouble is None or trouble.status != "invalid":
                    break
        if self.build.outcome:
            yield {
                "event": "run_ended",
                "at": "2026-11-22T08:45:11+00:00",
                "outcome": self.build.outcome,
            }

    def _header(self, plan: list[TrialKey]) -> dict[str, Any]:
        return {
            "event": "run_started",
            "schema_version": SCHEMA_VERSION,
            "run_id": RUN_ID,
            "name": self.tree["name"],
            "bench_version": "0.1.0",
            "at": "2026-11-22T08:31:07+00:00",
            "seed": 1,
            "scenario_file": "scenarios/bad_vs_good.yaml",
            "scenario": self.tree,
            "checklist": load_checklist("cloud-native", Path()).data,
            "plan": [dataclasses.asdict(key) for key in plan],
            "host": _host(),
            "engine": _engine(),
            "builder": {"kind": "classic", "version": "20.10.24", "address": "unix:///b.sock"},
            "link": {"rate_bit_s": None, "text": "loopback, not shaped"},
        } | self.build.header

    def _image(self, name: str) -> dict[str, Any]:
        shape = self.build.shapes[name]
        transfer = sum(size for _, size in shape.layers)
        is_case = name != CALIBRATION_CASE
        return {
            "event": "image_ready",
            "role": "case" if is_case else "calibration",
            "case": name,
            "reference": f"127.0.0.1:5000/bad-vs-good/{name}@sha256:{_digest(name)}",
            "digest": f"sha256:{_digest(name)}",
            "source": "built",
            "build_s": 74.25 if name == "bad" else 21.5,
            "size_bytes": round(transfer * shape.unpacked * MIB),
            "transfer_bytes": round(transfer * MIB),
            "waste_bytes": round(shape.waste_mib * MIB),
            "engine_size_bytes": round(transfer * shape.unpacked * MIB * 1.03),
            "layers": [
                {
                    "digest": f"sha256:{_digest(f'{name}{index}')}",
                    "instruction": instruction,
                    "transfer_bytes": round(size * MIB),
                    "unpacked_bytes": round(size * shape.unpacked * MIB),
                }
                for index, (instruction, size) in enumerate(shape.layers)
            ],
            "config": {"user": "", "entrypoint": None, "command": ["python", "-m", "app"]},
            "bases": [
                {
                    "name": shape.layers[0][0].removeprefix("FROM "),
                    "image_id": f"sha256:{_digest(f'base {name}')}",
                    "source": "bootstrapped",
                }
            ]
            if is_case
            else [],
        }

    def _spread(self, value: float, share: float = 0.04) -> float:
        return value * (1 + share * self.random.uniform(-1, 1))

    def _phase(
        self, trial_id: str, name: str, took_s: float, resolution_ns: int | None = None
    ) -> dict[str, Any]:
        start_ns, self.now_ns = self.now_ns, self.now_ns + round(took_s * SECOND)
        return {
            "event": "phase",
            "trial_id": trial_id,
            "phase": name,
            "start_ns": start_ns,
            "end_ns": self.now_ns,
            "clock": "monotonic",
            "resolution_ns": resolution_ns,
        }

    def _at_once(self, number: int, key: TrialKey) -> Iterator[dict[str, Any]]:
        """Several containers that begin together and share the cores."""
        begin_ns, end_ns = self.now_ns, self.now_ns
        for replica in range(1, key.replicas + 1):
            self.now_ns = begin_ns
            yield from self._trial(number, dataclasses.replace(key, replica=replica), 0, None)
            end_ns = max(end_ns, self.now_ns)
        self.now_ns = end_ns

    def _trial(
        self, number: int, key: TrialKey, attempt: int, trouble: Trouble | None
    ) -> Iterator[dict[str, Any]]:
        shape = self.build.shapes[key.case]
        if key.replicas:
            shape = dataclasses.replace(shape, ready_s=shape.ready_s * key.replicas / 2)
        trial_id = f"t{number:04d}" if attempt == 0 else f"t{number:04d}.{attempt}"
        if key.replica:
            trial_id += f"-r{key.replica}"
        facts: dict[str, Any] = {"host": _load()}
        self.now_ns += SECOND
        yield {
            "event": "trial_started",
            "trial_id": trial_id,
            "key": dataclasses.asdict(key),
            "attempt": attempt,
            "at": "2026-11-22T08:32:00.000+00:00",
        }
        yield self._phase(trial_id, "prepare", self._spread(0.4))
        facts["zero_ns"] = self.now_ns
        if key.cache in ("cold", "base"):
            layers, pull_s, fetched = self._pull(shape, key.case)
            yield self._phase(trial_id, "pull", pull_s)
            facts["downloaded_bytes"] = fetched
            yield {"event": "layers", "trial_id": trial_id, "layers": layers}
        invalid = trouble is not None and trouble.status == "invalid"
        if not invalid:
            yield self._phase(trial_id, "create", self._spread(0.06))
            facts["start_sent_ns"] = self.now_ns
            yield self._phase(trial_id, "start", self._spread(0.24))
            facts["egress"] = _egress(key, shape)
            yield from self._life(trial_id, key, shape, facts, trouble)
        yield {
            "event": "trial_ended",
            "trial_id": trial_id,
            "status": trouble.status if trouble else "ok",
            "reason": trouble.reason if trouble else "",
            "facts": facts,
            "log_tail": list(trouble.log_tail) if trouble else ["serving on :8080"],
        }

    def _pull(self, shape: Shape, case: str) -> tuple[list[dict[str, Any]], float, int]:
        layers: list[dict[str, Any]] = []
        held_until, total_s = 0.0, 0.0
        for index, (instruction, size) in enumerate(shape.layers):
            queue_s = 0.02 + 0.4 * max(0, index - 2)
            download_s = self._spread(size / shape.pull_mib_s + 0.01)
            ready_s = queue_s + download_s
            begin_s = max(ready_s, held_until)
            extract_s = self._spread(size / 90 + 0.02)
            held_until = begin_s + extract_s
            total_s = held_until
            layers.append(
                {
                    "index": index,
                    "digest": f"sha256:{_digest(f'{case}{index}')}",
                    "instruction": instruction,
                    "transfer_bytes": round(size * MIB),
                    "unpacked_bytes": round(size * shape.unpacked * MIB),
                    "queue_s": queue_s,
                    "download_s": download_s,
                    "hold_s": begin_s - ready_s,
                    "extract_s": extract_s,
                    "status": "Pull complete",
                    "announced_s": 0.03,
                }
            )
        return layers, total_s + 0.05, sum(layer["transfer_bytes"] for layer in layers)

    def _life(
        self,
        trial_id: str,
        key: TrialKey,
        shape: Shape,
        facts: dict[str, Any],
        trouble: Trouble | None,
    ) -> Iterator[dict[str, Any]]:
        started_ns = self.now_ns
        ready_s = self._spread(shape.ready_s, 0.06)
        ended_early = trouble is not None
        facts["first_output_ns"] = started_ns + 90_000_000
        if not ended_early:
            yield self._phase(trial_id, "ready", ready_s, 5_400_000)
            facts["ready"] = {"at_ns": self.now_ns, "resolution_ns": 5_400_000, "attempts": 40,
                              "probe": "http", "floor_ns": None}  # fmt: skip
            if not shape.batch:
                facts["port_open"] = {"at_ns": started_ns + round(0.7 * ready_s * SECOND),
                                      "resolution_ns": 5_200_000, "probe": "http"}  # fmt: skip
            yield self._phase(trial_id, "observe", 0.01 if shape.batch else 1.0)
        else:
            self.now_ns += round(ready_s * SECOND * 0.4)
        end_s = (self.now_ns - started_ns) / SECOND
        columns, waits_ns, peak = self._columns(key, shape, started_ns, ready_s, end_s)
        cpu_at_ready = max(
            used or 0
            for at_ns, used in zip(columns["t_ns"], columns["cpu_ns"], strict=True)
            if at_ns is not None and at_ns <= started_ns + round(ready_s * SECOND)
        )
        facts["cpu_ns_at_ready"] = cpu_at_ready
        if ended_early:
            facts.pop("cpu_ns_at_ready")
            facts["exit"] = {"code": 1, "at_ns": self.now_ns, "resolution_ns": 200_000}
        elif shape.batch:
            facts["exit"] = {"code": 0, "at_ns": self.now_ns, "resolution_ns": 200_000}
        else:
            yield self._phase(trial_id, "stop", self._spread(shape.stop_s, 0.02))
            killed = shape.stop_s > 3
            facts |= _behaviour(shape, key, killed=killed)
            facts["exit"] = {
                "code": 137 if killed else 143,
                "at_ns": self.now_ns,
                "resolution_ns": 200_000,
            }
        step = 50
        for start in range(0, len(columns["t_ns"]), step):
            part = {name: values[start : start + step] for name, values in columns.items()}
            yield {"event": "samples", "trial_id": trial_id, "method": "cgroup-v2",
                   "columns": part}  # fmt: skip
        yield _threads(trial_id, columns, waits_ns, started_ns + round(ready_s * SECOND))
        facts["counters"] = {"method": "cgroup-v2", "memory_peak_bytes": peak}
        if key.replica == 1:
            yield self._phase(trial_id, "restart", self._spread(shape.ready_s + 0.3))
        yield self._phase(trial_id, "remove", self._spread(0.05))

    def _columns(
        self, key: TrialKey, shape: Shape, started_ns: int, ready_s: float, end_s: float
    ) -> tuple[dict[str, list[int | None]], list[int], int]:
        count = self.build.samples_each or max(2, int((end_s + 0.1) / self.build.interval_s))
        step_ns = round((end_s + 0.1) * SECOND / count)
        top = self._spread(1.0, 0.03)
        columns: dict[str, list[int | None]] = {
            name: []
            for name in (
                "t_ns", "memory_usage_bytes", "memory_anon_bytes", "memory_shmem_bytes",
                "memory_file_bytes", "memory_inactive_file_bytes", "memory_kernel_bytes",
                "cpu_ns", "throttled_ns", "tasks", "oom_kills", "io_read_bytes", "io_write_bytes",
                "net_rx_bytes", "net_tx_bytes", "pressure_io_us", "threads",
            )
        }  # fmt: skip
        if key.arm == "need":
            columns |= {"cpu_wait_ns": [], "cpu_seen_ns": [], "cpu_ending_ns": []}
        waits_ns: list[int] = []
        cpu_ns, wait_ns, peak = 0.0, 0.0, 0
        for index in range(count):
            t_s = index * step_ns / SECOND - 0.1
            grown = min(1.0, max(0.0, t_s / max(ready_s, 0.01))) ** 0.8
            running = 0.0 if t_s < 0 else shape.cores if t_s < ready_s else 0.03
            running *= self.random.uniform(0.6, 1.25)
            cpu_ns += running * step_ns
            wait_ns += shape.waiting * running * step_ns / 2
            waits_ns.append(round(wait_ns))
            anon = round(shape.anon_mib * MIB * grown * top)
            file = round(shape.file_mib * MIB * grown)
            kernel = round((2 + shape.anon_mib * 0.01) * MIB * min(1.0, grown * 4))
            usage = anon + file + kernel
            peak = max(peak, usage)
            row = {
                "t_ns": started_ns + round(t_s * SECOND),
                "memory_usage_bytes": usage,
                "memory_anon_bytes": anon,
                "memory_shmem_bytes": 0,
                "memory_file_bytes": file,
                "memory_inactive_file_bytes": file // 2,
                "memory_kernel_bytes": kernel,
                "cpu_ns": round(cpu_ns),
                "throttled_ns": 0,
                "tasks": 0 if t_s < 0 else 1 + round(7 * grown),
                "oom_kills": 0,
                "io_read_bytes": file,
                "io_write_bytes": 4096 * index,
                "net_rx_bytes": 900 + 120 * index if t_s >= 0 else None,
                "net_tx_bytes": 700 + 110 * index if t_s >= 0 else None,
                "pressure_io_us": round(file / MIB * 700),
                "threads": 0 if t_s < 0 else 1 + round(7 * grown),
                "cpu_wait_ns": round(wait_ns) if index % 5 == 0 else None,
                "cpu_seen_ns": round(cpu_ns) if index % 5 == 0 else None,
                "cpu_ending_ns": 0 if index % 5 == 0 else None,
            }
            for name, values in columns.items():
                values.append(row[name])
        return columns, waits_ns, round(peak * 1.01)


def _threads(
    trial_id: str, columns: dict[str, list[int | None]], waits_ns: list[int], ready_ns: int
) -> dict[str, Any]:
    """The times of one thread that does all the work until it is ready."""
    rows = [
        (at_ns, used, waited)
        for at_ns, used, waited in zip(columns["t_ns"], columns["cpu_ns"], waits_ns, strict=True)
        if at_ns is not None and at_ns <= ready_ns
    ]
    return {
        "event": "threads",
        "trial_id": trial_id,
        "t_ns": [at_ns for at_ns, _, _ in rows],
        "thread": [4242] * len(rows),
        "run_ns": [used for _, used, _ in rows],
        "wait_ns": [waited for _, _, waited in rows],
    }


def _egress(key: TrialKey, shape: Shape) -> dict[str, Any]:
    """What is recorded of contacts: a name asked for, and a connection where it was found."""
    attempts: list[dict[str, Any]] = []
    if shape.reaches_out:
        asked = {"t_s": 0.61, "kind": "dns", "name": "pip.test", "address": "10.0.0.2", "port": 53,
                 "process": "pip", "question": "A, AAAA", "allowed": False, "times": 2}  # fmt: skip
        called = asked | {"t_s": 0.66, "kind": "tcp", "address": "192.0.2.63", "port": 443,
                          "question": "", "times": 31}  # fmt: skip
        attempts = [asked] if key.network == "cut" else [asked, called]
    return {
        "observed": True,
        "reach": "every packet it sent over bridge cbench0, from before its start",
        "way_out": way_out(key).value,
        "attempts": attempts,
        "dropped": 0,
    }


def _behaviour(shape: Shape, key: TrialKey, *, killed: bool) -> dict[str, Any]:
    """What is recorded of process 1 and its stop, and of what a replica did."""
    chain = ["bash", "uvicorn"] if killed else ["uvicorn"]
    below = [{"inner_pid": 7, "name": "uvicorn"}] if killed else []
    facts: dict[str, Any] = {
        "process": {
            "signal": "SIGTERM",
            "disposition": "default" if killed else "handler",
            "command": "bash start.sh" if killed else "uvicorn app.main:app",
            "chain": chain,
            "shell": killed,
            "init": False,
            "children": chain[1:],
            "zombies": 0,
        },
        "stop": {
            "killed": killed,
            "grace_s": 3.0,
            "ended_s": shape.stop_s - 0.05,
            "killed_below": below,
        },
    }
    if not key.replicas:
        return facts
    use = {"is_init": False, "observed_cpu_s": 0.0}
    worker = {"name": "uvicorn", "is_shell": False, "cpu_s": 1.2, "anon_bytes": 60 * MIB} | use
    shell = {"name": "bash", "is_shell": True, "cpu_s": 0.02, "anon_bytes": MIB} | use
    facts["processes"] = [{"inner_pid": 1, "parent": 0} | worker]
    facts["writes"] = {"count": 0, "folders": [], "paths": []}
    if killed:
        facts["processes"] = [
            {"inner_pid": 7, "parent": 1} | worker,
            {"inner_pid": 1, "parent": 0} | shell,
        ]
        facts["writes"] = {
            "count": 812,
            "folders": [
                {"path": "/usr/local/lib/python3.11/site-packages", "paths": 806},
                {"path": "/usr/local/bin", "paths": 6},
            ],
            "paths": [{"path": "/usr/local/bin/uvicorn", "kind": "added"}],
        }
    return facts


def _digest(text: str) -> str:
    return random.Random(text).randbytes(32).hex()


def _load() -> dict[str, Any]:
    """A quiet host of 16 cores, on which a trial lasted 10 s."""
    return {
        "wall_s": 10.0,
        "core_s": 160.0,
        "steal_share": 0.001,
        "busy_share": 0.05,
        "other_share": 0.01,
        "swapped_pages": 0,
        "swap_used_bytes": 0,
        "memory_available_bytes": 40 * 2**30,
        "clock_step_s": 0.0,
        "cpu_s": {
            "bench": 0.4,
            "measuring": 3.0,
            "containerd": 0.2,
            "building": 0.0,
            "registry": 0.1,
            "workload": 2.5,
        },
        "stalled_s": {"cpu": 0.2, "io": 0.3, "memory": 0.0},
    }


def _host() -> dict[str, Any]:
    return {
        "hostname": "build-7",
        "kernel": "6.1.0-28-amd64",
        "architecture": "x86_64",
        "os": "Debian GNU/Linux 12 (bookworm)",
        "cpu_model": "AMD EPYC 7B13",
        "cores": 16,
        "memory_bytes": 64 * 2**30,
        "swap_bytes": 0,
        "cgroup": "v2",
        "schedstat": True,
        "virtualised": True,
        "python": "3.11.7",
        "load_1min": 0.4,
        "gpus": [],
        "gpus_memory_bytes": [],
        "gpu_driver": "",
        "gpu_absent_because": "the driver's library is not there",
        "root": True,
    }


def _engine() -> dict[str, Any]:
    return {
        "kind": "docker",
        "version": "20.10.24",
        "api_version": "1.41",
        "engine_id": "ABCD",
        "address": "unix:///run/bench/docker.sock",
        "storage_driver": "overlay2",
        "image_store": "graphdriver",
        "cgroup_driver": "cgroupfs",
        "cgroup_version": "2",
        "runtime": "runc",
        "kernel": "6.1.0-28-amd64",
        "cpus": 16,
        "memory_bytes": 64 * 2**30,
        "is_local": True,
        "decoder": "",
        "security": [],
        "private": True,
        "chosen_by": "default",
    }
