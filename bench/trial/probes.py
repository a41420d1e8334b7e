"""The probes: one attempt each, at the container's own address, by what the application answers.

A published port is never asked: the engine's proxy accepts on it before the application listens.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bench.engine.docker_health import why_no_health_checks
from bench.errors import EngineError, EngineRefusedError, EngineTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.clock import Clock
    from bench.engine.protocol import Engine
    from bench.scenario.model import HttpProbe as HttpProbeModel
    from bench.scenario.model import ProbeChoice
    from bench.trial.watch import ExitWatch, OutputWatch

_CONNECT_TIMEOUT_S = 1.0
_HEALTH_POLL_S = 0.05
_LAST_OUTPUT_S = 1.0
_LINE_LATENESS_NS = 1_000_000


class NotReadyError(Exception):
    """It never got ready; the text says why, without naming the container."""


@dataclass(frozen=True)
class Attempt:
    """One attempt: whether it succeeded, when it was sent and when its answer had arrived.

    Attributes:
        detail: in a few words, what came instead of success.
        resolution_ns: how finely the moment is known where that is not a matter of how often
            bench asks: it was stamped as it came, or the engine asks on its own. Else None.
        connected_ns: when a TCP connection stood, None where there was none.
        floor_ns: how often the engine makes its own check, None where bench asks by itself.
    """

    ok: bool
    sent_ns: int
    answered_ns: int
    detail: str = ""
    resolution_ns: int | None = None
    connected_ns: int | None = None
    floor_ns: int | None = None


class Probe(Protocol):
    """What decides that a container is ready.

    Attributes:
        name: what people call it.
        least_interval_s: no use in asking more often.
    """

    name: str
    least_interval_s: float

    def attempt(self, timeout_s: float) -> Attempt:
        """Ask once."""
        ...

    def abort(self) -> None:
        """End an attempt that another thread is waiting in; no other will succeed."""
        ...


class _Dialer:
    """Connects to one port; another thread may end whatever waits on the connection."""

    def __init__(self, address: str, port: int) -> None:
        self._address = address
        self._port = port
        self._socket: socket.socket | None = None
        self._aborted = threading.Event()

    @contextlib.contextmanager
    def connection(self, timeout_s: float) -> Iterator[socket.socket]:
        """A connection, made within a second or `timeout_s`, whichever is shorter.

        Raises:
            OSError: nobody listens, or it was given up.
        """
        if not self._address:
            raise OSError(errno.EADDRNOTAVAIL, "it has no address")
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as one:
            self._socket = one  # before it connects: of a container that dies nothing comes back
            try:
                self._go_on()  # whoever gave up before saw no socket to shut
                one.settimeout(min(_CONNECT_TIMEOUT_S, timeout_s))
                one.connect((self._address, self._port))
                self._go_on()  # and one that does not connect yet is not shut
                if one.getsockname() == one.getpeername():
                    # asked for often enough, the kernel lends the very port and joins both ends
                    raise OSError(errno.ECONNREFUSED, "Connection refused")
                yield one
            finally:
                self._socket = None

    def _go_on(self) -> None:
        if self._aborted.is_set():
            raise OSError(errno.ECONNABORTED, "given up")

    def abort(self) -> None:
        """Shut the connection down, and let no other be made."""
        self._aborted.set()
        one = self._socket
        if one is not None:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class HttpProbe:
    """Ready when a request is answered with the expected status."""

    least_interval_s = 0.0

    def __init__(self, model: HttpProbeModel, address: str, clock: Clock) -> None:
        self.name = f"http {model.port}{model.path}"
        self._model = model
        self._address = address
        self._dialer = _Dialer(address, model.port)
        self._clock = clock

    def attempt(self, timeout_s: float) -> Attempt:
        """Connect, send one GET, and read the head of the answer."""
        sent_ns, connected_ns = self._clock.monotonic_ns(), None
        request = http.client.HTTPConnection(self._address, self._model.port)
        try:
            with self._dialer.connection(timeout_s) as connection:
                connected_ns = self._clock.monotonic_ns()
                connection.settimeout(max(timeout_s, 0.001))
                request.sock = connection
                request.request("GET", self._model.path, headers={"Connection": "close"})
                status = request.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            now_ns = self._clock.monotonic_ns()
            return Attempt(False, sent_ns, now_ns, _said(error), connected_ns=connected_ns)
        finally:
            request.close()
        answered_ns = self._clock.monotonic_ns()
        expected = self._model.status
        ok = status == expected if expected is not None else 200 <= status < 300
        detail = "" if ok else f"status {status}"
        return Attempt(ok, sent_ns, answered_ns, detail, connected_ns=connected_ns)

    def abort(self) -> None:
        """Shut the connection down."""
        self._dialer.abort()


class TcpProbe:
    """Ready when the port accepts a connection."""

    least_interval_s = 0.0

    def __init__(self, port: int, address: str, clock: Clock) -> None:
        self.name = f"tcp {port}"
        self._dialer = _Dialer(address, port)
        self._clock = clock

    def attempt(self, timeout_s: float) -> Attempt:
        """Connect and close."""
        sent_ns = self._clock.monotonic_ns()
        try:
            with self._dialer.connection(timeout_s):
                now_ns = self._clock.monotonic_ns()
        except OSError as error:
            return Attempt(False, sent_ns, self._clock.monotonic_ns(), _said(error))
        return Attempt(True, sent_ns, now_ns, connected_ns=now_ns)

    def abort(self) -> None:
        """Let go of the connection that is being made."""
        self._dialer.abort()


class LogProbe:
    """Ready when a line of output matches; the stream is followed, nothing is polled."""

    least_interval_s = 0.0

    def __init__(
        self, pattern: str, output: OutputWatch, exit_watch: ExitWatch, clock: Clock
    ) -> None:
        self.name = f"log {pattern!r}"
        self._pattern = pattern
        self._output = output
        self._exit = exit_watch
        self._clock = clock

    def attempt(self, timeout_s: float) -> Attempt:
        """Whether the line has come, stamped when it did.

        The end of a process is known before its last lines have arrived: they are waited for.
        """
        if self._exit.ended:
            self._output.wait_end(min(timeout_s, _LAST_OUTPUT_S))
        at_ns = self._output.matched_ns.get(self._pattern)
        if at_ns is None:
            now_ns = self._clock.monotonic_ns()
            return Attempt(False, now_ns, now_ns, "no such line yet")
        return Attempt(True, at_ns, at_ns, resolution_ns=_LINE_LATENESS_NS)

    def abort(self) -> None:
        """Nothing is waiting."""


class ExecProbe:
    """Ready when a command in the container exits with 0; it is charged to the container."""

    least_interval_s = 0.0

    def __init__(
        self, command: Sequence[str], engine: Engine, container_id: str, clock: Clock
    ) -> None:
        self.name = f"exec {' '.join(command)[:40]}"
        self._command = tuple(command)
        self._engine = engine
        self._container_id = container_id
        self._clock = clock

    def attempt(self, timeout_s: float) -> Attempt:
        """Run it once."""
        sent_ns = self._clock.monotonic_ns()
        try:
            code = self._engine.execute(self._container_id, self._command, timeout_s)
        except (EngineRefusedError, EngineTimeoutError) as error:
            return Attempt(False, sent_ns, self._clock.monotonic_ns(), error.cause)
        detail = "" if code == 0 else f"exit code {code}"
        return Attempt(code == 0, sent_ns, self._clock.monotonic_ns(), detail)

    def abort(self) -> None:
        """The engine ends the command with the container."""


class HealthProbe:
    """Ready when the engine calls the container healthy: no finer than the health interval.

    The engine makes its first check one interval after the start, so that no container can be
    healthy sooner.
    """

    name = "healthcheck"
    least_interval_s = _HEALTH_POLL_S

    def __init__(
        self, engine: Engine, container_id: str, clock: Clock, *, is_final: bool = False
    ) -> None:
        """`is_final`: whether one that is unhealthy is given up."""
        self._engine = engine
        self._container_id = container_id
        self._clock = clock
        self._is_final = is_final

    def attempt(self, timeout_s: float) -> Attempt:  # noqa: ARG002 - an inspection takes 3 ms
        """Inspect once.

        Raises:
            NotReadyError: it is unhealthy, and that is final.
        """
        sent_ns = self._clock.monotonic_ns()
        state = self._engine.state(self._container_id)
        if self._is_final and state.health == "unhealthy":
            raise NotReadyError("unhealthy: its health check failed as often as `retries` allows")
        now_ns, health = self._clock.monotonic_ns(), state.health
        detail = health or "it has no healthcheck"
        if state.health_interval_s is None:
            return Attempt(health == "healthy", sent_ns, now_ns, detail)
        floor_ns = round(state.health_interval_s * 1e9)
        within_ns = floor_ns + round(_HEALTH_POLL_S * 1e9) + now_ns - sent_ns
        return Attempt(health == "healthy", sent_ns, now_ns, detail, within_ns, floor_ns=floor_ns)

    def abort(self) -> None:
        """Nothing is waiting."""


class ExitProbe:
    """Ready when the main process has ended with code 0: a batch job."""

    name = "exit"
    least_interval_s = 0.0

    def __init__(self, watch: ExitWatch, clock: Clock) -> None:
        self._watch = watch
        self._clock = clock

    def attempt(self, timeout_s: float) -> Attempt:  # noqa: ARG002 - it never waits
        """Whether it has ended, stamped when it did."""
        at_ns = self._watch.at_ns
        if at_ns is None:
            now_ns = self._clock.monotonic_ns()
            return Attempt(False, now_ns, now_ns, "still running")
        code = self._watch.exit_code()
        lateness_ns = self._watch.resolution_ns
        return Attempt(code == 0, at_ns, at_ns, f"exit code {code}", lateness_ns)

    def abort(self) -> None:
        """Nothing is waiting."""


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


@dataclass(frozen=True)
class ProbeTarget:
    """Everything that a probe may need of a running container.

    Attributes:
        unhealthy_is_final: whether it is given up once the engine calls it unhealthy, as Compose
            does, or may still get healthy.
    """

    engine: Engine
    container_id: str
    address: str
    output: OutputWatch
    exit: ExitWatch
    clock: Clock
    unhealthy_is_final: bool = False


def make_probe(choice: ProbeChoice, target: ProbeTarget) -> Probe:
    """The probe that a scenario names, for one container.

    Raises:
        EngineError: the engine makes no health checks, and this one waits for them.
    """
    if choice.http is not None:
        return HttpProbe(choice.http, target.address, target.clock)
    if choice.tcp is not None:
        return TcpProbe(choice.tcp.port, target.address, target.clock)
    if choice.log is not None:
        return LogProbe(choice.log.pattern, target.output, target.exit, target.clock)
    if choice.exec is not None:
        command = choice.exec.command
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
        return ExecProbe(words, target.engine, target.container_id, target.clock)
    if choice.healthcheck:
        impossible = why_no_health_checks(target.engine.facts)
        if impossible:
            raise EngineError("healthcheck", impossible)
        return HealthProbe(
            target.engine, target.container_id, target.clock, is_final=target.unhealthy_is_final
        )
    return ExitProbe(target.exit, target.clock)
