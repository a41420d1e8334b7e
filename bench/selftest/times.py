"""How far off the times are: ready, differences, first output, exit, stop, and their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.selftest.known import DELAYS_MS, GRACE_S, INTERVAL_S, SAME, TERM_MS
from bench.selftest.score import Figure, Measurement, ScoreSection, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.selftest.evidence import Observed, SelfTestEvidence

_SLACK_S = 0.005
_READY = Target(share=0.95, within=INTERVAL_S + _SLACK_S, never_below=True)
"""Never before the truth, and at most an interval and 5 ms after it."""

_EVENT = Target(share=0.95, within=0.01, never_below=True)
_DIFFERENCE = Target(share=0.99, within=0.01, relative=0.01)
_STOPPED = Target(share=0.95, within=0.02, never_below=True)

_AT_ONCE = ("spikes", "leaves-children", "honours-term", "ignores-term")
_BEFORE_READY = ("pull", "create", "arm", "start", "ready")


def times(evidence: SelfTestEvidence) -> list[ScoreSection]:
    """All figures about times."""
    return [_ready(evidence), _differences(evidence), _events(evidence)]


def _moments(
    trials: Iterable[Observed],
    truth_ns: Callable[[Observed], int | None],
    measured_ns: Callable[[Observed], int | None],
) -> tuple[Measurement, ...]:
    """Comparisons of moments, in seconds since the trial's zero."""
    found = []
    for observed in trials:
        zero_ns, truth, measured = observed.trial.zero_ns, truth_ns(observed), measured_ns(observed)
        if truth is not None and measured is not None:
            found.append(
                Measurement(
                    observed.trial.key.case,
                    observed.trial.trial_id,
                    (truth - zero_ns) / 1e9,
                    (measured - zero_ns) / 1e9,
                )
            )
    return tuple(found)


def _stamped(name: str) -> Callable[[Observed], int | None]:
    return lambda observed: observed.stamps.at_ns(name)


def _ready_ns(observed: Observed) -> int | None:
    return observed.facts.ready.at_ns if observed.facts.ready else None


def _ready(evidence: SelfTestEvidence) -> ScoreSection:
    def figure(
        name: str, title: str, cases: Iterable[str], target: Target | None = _READY
    ) -> Figure:
        found = _moments(evidence.of(*cases), _stamped("ready"), _ready_ns)
        return Figure(f"ready.{name}", title, "s", "ready stamp", found, target)

    late = [*DELAYS_MS, "refuses-first", "opens-early", "says-ready", "closes-stdout", "floods"]
    return ScoreSection(
        "READY  the confirming answer, against the moment the program could give it",
        (
            figure("http", "http, asked every 5 ms", DELAYS_MS),
            figure("refused", "503 before 200", ["refuses-first"]),
            figure("early", "port open 150 ms before", ["opens-early"]),
            figure("log", "line of output", ["says-ready"]),
            figure("closed", "stdout closed", ["closes-stdout"]),
            figure("flood", "20 MB of output in between", ["floods"]),
            figure("at_once", "ready before start returns", _AT_ONCE, None),
            _inside_resolution(evidence, late),
            _port_open(evidence),
        ),
    )


def _inside_resolution(evidence: SelfTestEvidence, cases: list[str]) -> Figure:
    """How long before the stretch that `ready_resolution_s` names the program was ready."""

    def earliest_ns(observed: Observed) -> int | None:
        said, ready_ns = observed.facts.ready, observed.stamps.at_ns("ready")
        if said is None or ready_ns is None:
            return None
        return max(ready_ns, said.at_ns - said.resolution_ns)

    found = _moments(evidence.of(*cases), _stamped("ready"), earliest_ns)
    target = Target(share=0.95, within=0.001)
    return Figure("ready.resolution", "outside the resolution", "s", "ready stamp", found, target)


def _port_open(evidence: SelfTestEvidence) -> Figure:
    def measured_ns(observed: Observed) -> int | None:
        started_ns, after_s = observed.end_ns("start"), observed.metric("port_open_s")
        if started_ns is None or after_s is None:
            return None
        return started_ns + round(after_s * 1e9)

    found = _moments(evidence.of("opens-early"), _stamped("open"), measured_ns)
    return Figure("ready.port_open", "port open", "s", "listen stamp", found, _READY)


def _differences(evidence: SelfTestEvidence) -> ScoreSection:
    """Pairs of the same round: as bench has their difference, and as it was."""
    base = SAME[0]
    figures = [
        Figure(
            f"difference.{name}",
            f"{DELAYS_MS[name]} and {DELAYS_MS[base]} ms",
            "s",
            "stamps of both",
            _pairs(evidence, base, name),
            _DIFFERENCE,
        )
        for name in DELAYS_MS
        if name != base
    ]
    figures += [
        Figure(
            f"as_set.{name}",
            f"{DELAYS_MS[name]} and {DELAYS_MS[base]} ms, ready_s",
            "s",
            "delays as set",
            _as_set(evidence, base, name),
        )
        for name in DELAYS_MS
        if name != base
    ]
    return ScoreSection("DIFFERENCES  of startup_s between two cases of one round", tuple(figures))


def _rounds(evidence: SelfTestEvidence, case: str) -> dict[int, Observed]:
    return {observed.trial.key.round: observed for observed in evidence.of(case)}


def _pairs(evidence: SelfTestEvidence, base: str, other: str) -> tuple[Measurement, ...]:
    def startup_s(observed: Observed, ready_ns: int | None) -> float | None:
        return None if ready_ns is None else (ready_ns - observed.trial.zero_ns) / 1e9

    found = []
    others = _rounds(evidence, other)
    for number, first in _rounds(evidence, base).items():
        second = others.get(number)
        if second is None:
            continue
        true = [startup_s(side, side.stamps.at_ns("ready")) for side in (first, second)]
        said = [side.metric("startup_s") for side in (first, second)]
        values = [value for value in (*true, *said) if value is not None]
        if len(values) == 4:
            pair = f"{first.trial.trial_id} {second.trial.trial_id}"
            found.append(Measurement(other, pair, values[1] - values[0], values[3] - values[2]))
    return tuple(found)


def _as_set(evidence: SelfTestEvidence, base: str, other: str) -> tuple[Measurement, ...]:
    found = []
    others = _rounds(evidence, other)
    injected_s = (DELAYS_MS[other] - DELAYS_MS[base]) / 1e3
    for number, first in _rounds(evidence, base).items():
        second = others.get(number)
        before = first.metric("ready_s")
        after = second.metric("ready_s") if second else None
        if second and before is not None and after is not None:
            pair = f"{first.trial.trial_id} {second.trial.trial_id}"
            found.append(Measurement(other, pair, injected_s, after - before))
    return tuple(found)


def _events(evidence: SelfTestEvidence) -> ScoreSection:
    def stop_ended_ns(observed: Observed) -> int | None:
        begun_ns, stop = observed.begin_ns("stop"), observed.facts.stop
        after_s = stop.ended_s if stop else None
        return None if begun_ns is None or after_s is None else begun_ns + round(after_s * 1e9)

    def grace_over_ns(observed: Observed) -> int | None:
        begun_ns = observed.begin_ns("stop")
        return None if begun_ns is None else begun_ns + round(GRACE_S * 1e9)

    def output_ns(observed: Observed) -> int | None:
        return observed.facts.first_output_ns

    def exit_ns(observed: Observed) -> int | None:
        return observed.facts.exit.at_ns if observed.facts.exit else None

    def stop_end_ns(observed: Observed) -> int | None:
        return observed.end_ns("stop")

    everything = list(evidence.everything())
    last = _stamped("last")
    honours, ignores = list(evidence.of("honours-term")), list(evidence.of("ignores-term"))
    rows = [
        ("output", "first output", "write stamp", everything, _stamped("output"), output_ns),
        ("exit", "end of the main process", "last stamp", everything, last, exit_ns),
        ("stop", f"SIGTERM honoured in {TERM_MS} ms", "last stamp", honours, last, stop_ended_ns),
        ("ignored", "SIGTERM ignored", "grace period", ignores, grace_over_ns, stop_ended_ns),
        ("stop_call", "the stop call's return", "last stamp", honours, last, stop_end_ns),
    ]
    targets = {"output": _EVENT, "exit": _EVENT, "stop": _STOPPED}
    figures = [
        Figure(
            f"event.{name}", title, "s", said, _moments(trials, truth, measured), targets.get(name)
        )
        for name, title, said, trials, truth, measured in rows
    ]
    return ScoreSection(
        "OUTPUT, END AND STOP  each moment, against the program's own stamp",
        (*figures, _sum_of_phases(everything)),
    )


def _sum_of_phases(trials: Iterable[Observed]) -> Figure:
    found = []
    for observed in trials:
        startup_s = observed.metric("startup_s")
        parts = [span.duration_s for span in observed.trial.phases if span.phase in _BEFORE_READY]
        if startup_s is not None:
            found.append(
                Measurement(observed.trial.key.case, observed.trial.trial_id, startup_s, sum(parts))
            )
    target = Target(share=0.99, relative=0.01)
    return Figure("phases", "sum of the phases", "s", "startup_s", tuple(found), target)
