"""How far off the resources are: memory, CPU, disk, and how many processes there were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.selftest.known import COMPANY, DISK_BYTES, STATS_CASE
from bench.selftest.score import Figure, Measurement, ScoreSection, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.selftest.evidence import Observed, SelfTestEvidence

_SPIKE = Target(share=1.0, relative=0.01)
_CPU = Target(share=0.95, within=0.02, relative=0.02)
_DISK = Target(share=1.0, relative=0.05)
_NO_DISK = "cgroup v1 misses buffered writes, so bench does not read it there"


def resources(evidence: SelfTestEvidence) -> list[ScoreSection]:
    """All figures about resources."""
    return [_memory(evidence), _cpu(evidence), _disk_and_processes(evidence)]


def _compared(
    trials: Iterable[Observed],
    truth: Callable[[Observed], float | None],
    measured: Callable[[Observed], float | None],
) -> tuple[Measurement, ...]:
    found = []
    for observed in trials:
        true, said = truth(observed), measured(observed)
        if true is not None and said is not None:
            found.append(Measurement(observed.trial.key.case, observed.trial.trial_id, true, said))
    return tuple(found)


def _metric(name: str) -> Callable[[Observed], float | None]:
    return lambda observed: observed.metric(name)


def _spike_bytes(observed: Observed) -> float | None:
    """The spike, the memory that the program had before it, and its page tables at the top."""
    values = [observed.stamps.value(name) for name in ("spike_begin", "spike_base", "spike_top")]
    return None if None in values else float(sum(value or 0 for value in values))


def _memory(evidence: SelfTestEvidence) -> ScoreSection:
    spikes = list(evidence.of(STATS_CASE))

    def by_stats(observed: Observed) -> float | None:
        return evidence.stats_bytes.get(observed.trial.trial_id)

    rows: list[tuple[str, str, Callable[[Observed], float | None], Target | None]] = [
        ("peak", "kernel's high-water mark", _metric("memory_peak_bytes"), _SPIKE),
        ("anon", "sampled, anon", _metric("memory_anon_peak_bytes"), None),
        ("stats", "docker stats in that time", by_stats, None),
    ]
    return ScoreSection(
        "MEMORY  a spike of 500 MB for 300 ms, against what the program had at its top",
        tuple(
            Figure(
                f"memory.{name}",
                title,
                "bytes",
                "spike and base",
                _compared(spikes, _spike_bytes, measured),
                target,
            )
            for name, title, measured, target in rows
        ),
    )


def _cpu(evidence: SelfTestEvidence) -> ScoreSection:
    floor = evidence.floor("cpu_s")

    def used_until(stamp: str) -> Callable[[Observed], float | None]:
        def used_s(observed: Observed) -> float | None:
            begun_ns, ended_ns = observed.stamps.value("main"), observed.stamps.value(stamp)
            return None if begun_ns is None or ended_ns is None else (ended_ns - begun_ns) / 1e9

        return used_s

    def less_floor(metric: str) -> Callable[[Observed], float | None]:
        def own_s(observed: Observed) -> float | None:
            value = observed.metric(metric)
            return None if value is None or floor is None else value - floor

        return own_s

    def figure(name: str, title: str, cases: Iterable[str], stamp: str, metric: str) -> Figure:
        found = _compared(evidence.of(*cases), used_until(stamp), less_floor(metric))
        return Figure(f"cpu.{name}", title, "s", "process clock", found, _CPU)

    return ScoreSection(
        "CPU  less what a container that does nothing takes, against the program's own clock",
        (
            figure("one", "CPU, one thread", ["works"], "last", "cpu_s"),
            figure("two", "CPU, two threads", ["works-by-two"], "last", "cpu_s"),
            figure("to_ready", "CPU to ready", ["works"], "ready", "cpu_to_ready_s"),
        ),
    )


def _disk_and_processes(evidence: SelfTestEvidence) -> ScoreSection:
    disk = list(evidence.of("reads-and-writes"))

    def moved(stamp: str, metric: str, title: str) -> Figure:
        def truth(observed: Observed) -> float | None:
            return observed.stamps.value(stamp)

        found = _compared(disk, truth, _metric(metric))
        is_v1 = bool(disk) and all(observed.trial.method == "cgroup-v1" for observed in disk)
        said = f"{DISK_BYTES >> 20} MiB"
        absent = _NO_DISK if is_v1 and not found else ""
        return Figure(f"disk.{stamp}", title, "bytes", said, found, _DISK, absent)

    found = _compared(
        evidence.of("has-company"), lambda _: 1.0 + 2 * COMPANY, _metric("processes_peak")
    )
    return ScoreSection(
        "DISK AND PROCESSES",
        (
            moved("written", "io_write_bytes", "written, with fsync"),
            moved("read", "io_read_bytes", "read, not from cache"),
            Figure(
                "processes", "processes and threads", "", "as started", found, Target(share=1.0)
            ),
        ),
    )
