"""Waiting for a quiet host before a trial, so that the trial need not be discarded afterwards.

A host that is permanently busy is waited for once: after a wait that timed out the trials continue,
and the next wait comes only after the host has been quiet again. Waits lie between trials and are
part of no figure; each leaves an event in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.units import format_seconds
from bench.host.present import Present, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.journal.facts.host import Busy
    from bench.scenario.host_bounds import HostBounds
    from bench.trial.context import TrialContext

WAIT_QUIET_S = 60.0
"""Default for the longest wait for a quiet host."""

_GLANCE_S = 0.25
"""Before every trial: too short to make a run longer, and long enough for ticks of 10 ms."""

_LOOK_S = 1.0
"""While it waits: long enough that a pause between two compiler runs does not count as quiet."""

_NAMED = 3


@dataclass
class QuietHost:
    """Waits until other programs leave the host idle.

    Attributes:
        patience_s: longest wait before one trial; 0 to disable waiting.
        bounds: load of other programs allowed in a trial; loads without a bound are ignored.
        look: measures the load of other programs, as `bench.host.present.look` does.
        in_vain: whether the last wait timed out, and the host has not been quiet since.
    """

    patience_s: float
    bounds: HostBounds
    look: Callable[..., Present] = look
    in_vain: bool = False

    def wait(self, context: TrialContext) -> None:
        """Return when the host is quiet, or when the wait timed out."""
        if self.patience_s <= 0 or not context.runtime.info.is_local:
            return
        now = self._see(context, _GLANCE_S)
        if now.is_quiet(self.bounds):
            self.in_vain = False
        elif not self.in_vain:
            self._wait(context)

    def _wait(self, context: TrialContext) -> None:
        begun_ns = context.clock.monotonic_ns()
        seen: list[Present] = []
        try:
            while not self.in_vain:
                now = self._see(context, min(_LOOK_S, self.patience_s), names=_NAMED)
                if now.is_quiet(self.bounds):
                    break
                if not seen:
                    context.progress.say(
                        f"waiting up to {format_seconds(self.patience_s)} for a quiet host: {now}"
                    )
                seen.append(now)
                self.in_vain = _since(context, begun_ns) >= self.patience_s
        finally:
            if seen:
                self._tell(context, _since(context, begun_ns), seen)

    def _see(self, context: TrialContext, seconds: float, names: int = 0) -> Present:
        own = context.daemons.values()
        return self.look(context.load_now, seconds, names=names, own=own)

    def _tell(self, context: TrialContext, waited_s: float, seen: list[Present]) -> None:
        busy = busiest_of(program for now in seen for program in now.busy)[:_NAMED]
        context.journal.append(
            "host_wait",
            at=context.clock.utc_now().isoformat(timespec="seconds"),
            waited_s=round(waited_s, 3),
            in_vain=self.in_vain,
            other_share=max(look.other_share for look in seen),
            steal_share=max(look.steal_share for look in seen),
            busy=[
                {"name": program.name, "pid": program.pid, "cores": round(program.cores, 2)}
                for program in busy
            ],
        )
        waited = format_seconds(waited_s)
        if not self.in_vain:
            context.progress.say(f"waited {waited} for a quiet host")
            return
        context.progress.say(
            f"the host is still busy after {waited}: {seen[-1]}; going on, with no more waiting "
            f"until it has been quiet. A trial is invalid where they take more than "
            f"{self.bounds.other_share:.0%} (--max-other-load)"
        )


def busiest_of(seen: Iterable[Busy]) -> list[Busy]:
    """Each program once, with its highest number of cores; the busiest first."""
    most: dict[tuple[str, int], Busy] = {}
    for program in seen:
        key = program.name, program.pid
        if key not in most or most[key].cores < program.cores:
            most[key] = program
    return sorted(most.values(), key=lambda program: program.cores, reverse=True)


def _since(context: TrialContext, begun_ns: int) -> float:
    return (context.clock.monotonic_ns() - begun_ns) / 1e9
