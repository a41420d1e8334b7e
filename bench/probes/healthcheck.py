"""Ready when the engine reports the container as healthy; no finer than its check interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.errors import EngineError
from bench.probes.attempt import Attempt, NotReadyError

if TYPE_CHECKING:
    from bench.core.clock import Clock
    from bench.probes.target import ProbeTarget
    from bench.runtimes.workload import Workload

_HEALTH_POLL_S = 0.05


class HealthProbe:
    """Ready when the engine's check succeeds.

    The times of its checks are taken from the engine's own log. The container may have become
    ready right after the check before the successful one, but not before the first.
    """

    name = "healthcheck"
    least_interval_s = _HEALTH_POLL_S

    def __init__(self, workload: Workload, clock: Clock, *, is_final: bool = False) -> None:
        """`is_final`: whether the wait ends once the container is unhealthy."""
        self._workload = workload
        self._clock = clock
        self._is_final = is_final
        self._begun_ns = clock.monotonic_ns()
        self._floor_ns: int | None = None

    def attempt(self, within_s: float, at_most_s: float = float("inf")) -> Attempt:  # noqa: ARG002 - an inspection takes 3 ms
        """Inspect once.

        Raises:
            NotReadyError: it has no check; or it is unhealthy, and that is final.
        """
        sent_ns = self._clock.monotonic_ns()
        state = self._workload.state()
        now_ns, health = self._clock.monotonic_ns(), state.health
        if self._is_final and health == "unhealthy":
            raise NotReadyError("unhealthy: its health check failed as often as `retries` allows")
        checks = state.health_checks
        if checks is None:
            if state.running and health in ("", "none"):
                raise NotReadyError(
                    "`ready: {healthcheck: true}` waits for a health check, and neither the image "
                    "nor the case has one: give it a `healthcheck`, or use another probe"
                )
            return Attempt(health == "healthy", sent_ns, now_ns, health or "no check was made yet")
        if self._floor_ns is None and checks.first_s is not None:
            # the engine remembers no more than its last five
            self._floor_ns = round(checks.first_s * 1e9)
        if checks.span_s is None:
            within_ns = now_ns - self._begun_ns
        else:
            within_ns = round((checks.span_s + _HEALTH_POLL_S) * 1e9) + now_ns - sent_ns
        said = health or "no check was made yet"
        is_healthy = health == "healthy"
        return Attempt(is_healthy, sent_ns, now_ns, said, within_ns, floor_ns=self._floor_ns)

    def hint(self) -> str:
        """Empty: only the engine's status is known."""
        return ""

    def abort(self) -> None:
        """Do nothing: no call is pending."""


def make(_: bool, target: ProbeTarget) -> HealthProbe:
    """The probe of a container.

    Raises:
        EngineError: the engine makes no health checks.
    """
    impossible = target.workload.capabilities.why_not(Capability.HEALTH_CHECKS)
    if impossible:
        raise EngineError("healthcheck", impossible)
    return HealthProbe(target.workload, target.clock, is_final=target.unhealthy_is_final)
