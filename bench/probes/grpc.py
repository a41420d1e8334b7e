"""Ready when the gRPC health service answers SERVING.

The protocol: https://github.com/grpc/grpc/blob/master/doc/health-checking.md, with one message of a
few bytes in each direction.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.probes.answer import AnswerError
from bench.probes.attempt import Attempt
from bench.probes.dial import Dialer, Endpoint, Tls, said
from bench.probes.http import Receiver
from bench.probes.http2 import exchange
from bench.probes.speaks import speaks_tls
from bench.probes.words import plain

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from bench.core.clock import Clock
    from bench.probes.http2 import Http2Answer
    from bench.probes.target import ProbeTarget
    from bench.scenario.probes import GrpcProbeSpec

_CHECK = "/grpc.health.v1.Health/Check"
_STATUSES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_CODES = {
    "2": "UNKNOWN",
    "4": "DEADLINE_EXCEEDED",
    "5": "NOT_FOUND",
    "7": "PERMISSION_DENIED",
    "8": "RESOURCE_EXHAUSTED",
    "12": "UNIMPLEMENTED",
    "13": "INTERNAL",
    "14": "UNAVAILABLE",
    "16": "UNAUTHENTICATED",
}
"""gRPC status codes that a health request may be answered with."""


class GrpcProbe:
    """Ready when the health status of a service is SERVING."""

    least_interval_s = 0.0

    def __init__(
        self,
        model: GrpcProbeSpec,
        place: Endpoint,
        clock: Clock,
        has_read: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """No connection is made yet; arguments as for an HTTP probe."""
        service = f" {model.service}" if model.service else ""
        self.name = f"grpc {model.place}{service}"
        self._model = model
        self._place = place
        self._clock = clock
        self._has_read = has_read
        tls = Tls(protocols=("h2",)) if model.scheme == "https" else None
        self._dialer = Dialer(place, clock, tls)
        self._last: Attempt | None = None
        self._last_code = ""

    def attempt(self, within_s: float, at_most_s: float = float("inf")) -> Attempt:
        """Connect, and send one request."""
        sent_ns, until_s = self._clock.monotonic_ns(), time.monotonic() + at_most_s
        within_s = max(0.001, min(within_s, at_most_s))
        unanswered = working = False
        self._last_code = ""
        try:
            with self._dialer.connection(within_s) as link:
                try:
                    detail = self._check(link, Receiver(link, within_s, until_s))
                except TimeoutError:
                    # while the connection stands: its end would count as something unread
                    unanswered, working = True, self._has_read(self._dialer.local_port)
                    detail = f"no answer within {within_s:.3g} s"
        except TimeoutError:
            unanswered, detail = True, f"no connection within {within_s:.3g} s"
        except AnswerError as error:
            detail = str(error)
        except OSError as error:
            detail = said(error)
        self._last = Attempt(
            ok=not detail,
            sent_ns=sent_ns,
            answered_ns=self._clock.monotonic_ns(),
            detail=detail,
            connected_ns=self._dialer.connected_ns,
            unanswered=unanswered,
            working=working,
        )
        return self._last

    def _check(self, link: socket.socket, receiver: Receiver) -> str:
        """Send a request over an open connection; returns the fault in the response, if any."""
        body = _request(self._model.service)
        return self._judge(exchange(link, receiver, self._head(), body, wants_body=True))

    def _head(self) -> list[tuple[str, str]]:
        place = self._place
        address = f"[{place.address}]" if ":" in place.address else place.address
        return [
            (":method", "POST"),
            (":scheme", self._model.scheme),
            (":authority", "localhost" if place.path else f"{address}:{place.port}"),
            (":path", _CHECK),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ]

    def _judge(self, answer: Http2Answer) -> str:
        code = answer.trailers.get("grpc-status")
        if code is None:
            return f"status {answer.status} of HTTP, and none of gRPC"
        self._last_code = code
        if code != "0":
            message = plain(answer.trailers.get("grpc-message", ""))
            return f"gRPC status {_CODES.get(code, plain(code))}" + (
                f": {message}" if message else ""
            )
        number = _status(answer.body)
        return "" if number == 1 else _STATUSES.get(number, f"health status {number}")

    def hint(self) -> str:
        """The setting of the probe that is probably wrong."""
        last = self._last
        if last is None or last.connected_ns is None:
            return ""
        if self._last_code == "12":
            return "it has no health service (grpc.health.v1): use `tcp`, or another probe"
        if self._last_code == "5" and self._model.service:
            return "its health service does not know that service: leave `service` out, or mend it"
        if not self._last_code and self._model.scheme == "http":
            if speaks_tls(self._place, self._clock):
                return "it speaks TLS there: write `scheme: https`"
            if last.unanswered:
                return "it takes connections and does not answer in time: raise `attempt_timeout`"
        return ""

    def abort(self) -> None:
        """Shut the connection down."""
        self._dialer.abort()


def _request(service: str) -> bytes:
    """A HealthCheckRequest: its single field, with gRPC's message prefix."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\x00" + len(message).to_bytes(4, "big") + message


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def _status(body: bytes) -> int:
    """The field `status` of a HealthCheckResponse; 0, its default, if absent."""
    message = body[5 : 5 + int.from_bytes(body[1:5], "big")]
    return message[1] if len(message) >= 2 and message[0] == 0x08 else 0


def make(spec: GrpcProbeSpec, target: ProbeTarget) -> GrpcProbe:
    """The probe of a container."""
    return GrpcProbe(
        spec, target.endpoint(spec), target.clock, lambda port: target.has_read(spec, port)
    )
