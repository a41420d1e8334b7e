"""Ready when an HTTP request is answered with an expected status."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from bench.probes.answer import Answer, AnswerError
from bench.probes.attempt import Attempt
from bench.probes.dial import Dialer, Endpoint, Tls, said
from bench.probes.speaks import speaks_http2, speaks_plain_http, speaks_tls

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from bench.core.clock import Clock
    from bench.probes.target import ProbeTarget
    from bench.scenario.probes import HttpProbeSpec

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})
_OF_ANOTHER_PROTOCOL = frozenset({400, 426, 505})
"""Statuses with which servers answer unknown protocols, including TLS."""
_OF_AN_UNKNOWN_HOST = frozenset({400, 403, 404, 421})
_TLS_REMEDIES = {
    "certificate is not valid": "it shows a certificate that cannot be verified: leave `verify` "
    "out, or write the `host` that the certificate is for",
    "certificate required": "it wants a certificate of its client, and a probe has none: ask "
    "another port, or use `exec`",
    "unrecognized name": "it takes only the host names it knows: write `host: NAME`",
    "handshake failure": "it may want a host name, or a certificate: write `host: NAME`",
    "protocol": "it speaks a version of TLS that is no longer in use: use `exec`",
}
"""By what the handshake ended with."""
_LOCAL = "localhost"
_NAME = re.compile(r"(?:\[([^]]+)\]|([^:]+))(?::[0-9]+)?")
"""A host without its port, and an address of IPv6 without its brackets."""


class Receiver:
    """Reads from a connection, with a bound on silence and on the total time.

    Attributes:
        has_begun: whether any bytes have arrived.
    """

    def __init__(self, link: socket.socket, within_s: float, until_s: float) -> None:
        """`until_s`: deadline on the monotonic clock, even for a server that keeps sending."""
        self._link = link
        self._within_s = within_s
        self._until_s = until_s
        self.has_begun = False

    def __call__(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            OSError: nothing arrived in time, or the connection broke.
        """
        if self.has_begun:
            left_s = min(self._within_s, self._until_s - time.monotonic())
            if left_s <= 0:
                raise TimeoutError
            self._link.settimeout(left_s)
        data = self._link.recv(65536)
        self.has_begun = self.has_begun or bool(data)
        return data


class HttpProbe:
    """Ready when a request is answered with the expected status, and the body, if one is set."""

    least_interval_s = 0.0

    def __init__(
        self,
        model: HttpProbeSpec,
        place: Endpoint,
        clock: Clock,
        has_read: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """No connection is made yet.

        Args:
            model: as in the scenario.
            place: where to connect.
            clock: stamps.
            has_read: whether the application has accepted the connection from this local port and
                read everything sent on it.
        """
        secure = "s" if model.scheme == "https" else ""
        self.name = f"http{secure} {model.place}{model.path}"
        self._model = model
        self._place = place
        self._clock = clock
        self._has_read = has_read
        self._accepted = model.accepted
        self._body = re.compile(model.body) if model.body else None
        self._dialer = Dialer(place, clock, _tls(model))
        self._request = b"" if model.http2 else _request(model, place, model.host_header)
        self._last: Attempt | None = None
        self._last_status: int | None = None
        self._was_answered = False

    def attempt(self, within_s: float, at_most_s: float = float("inf")) -> Attempt:
        """Connect, send the request, and read the response as far as it decides."""
        self._last = self._ask(within_s, at_most_s)
        return self._last

    def _ask(self, within_s: float, at_most_s: float) -> Attempt:
        sent_ns, until_s = self._clock.monotonic_ns(), time.monotonic() + at_most_s
        within_s = max(0.001, min(within_s, at_most_s))
        self._last_status = None
        try:
            with self._dialer.connection(within_s) as link:
                receiver = Receiver(link, within_s, until_s)
                try:
                    detail = self._exchange(link, receiver)
                except TimeoutError:
                    # while the connection stands: its end would count as something unread
                    working = receiver.has_begun or self._has_read(self._dialer.local_port)
                    what = "nothing more of the answer" if receiver.has_begun else "no answer"
                    return self._given_up(sent_ns, f"{what} within {within_s:.3g} s", working)
        except TimeoutError:
            return self._given_up(sent_ns, f"no connection within {within_s:.3g} s", working=False)
        except AnswerError as error:
            detail = str(error)
        except OSError as error:
            detail = said(error)
        answered_ns = self._clock.monotonic_ns()
        self._was_answered = self._was_answered or self._last_status is not None
        connected_ns = self._dialer.connected_ns
        return Attempt(not detail, sent_ns, answered_ns, detail, connected_ns=connected_ns)

    def _exchange(self, link: socket.socket, receiver: Receiver) -> str:
        """Send a request over an open connection; returns the fault in the response, if any."""
        if self._model.http2:
            return self._exchange_http2(link, receiver)
        link.sendall(self._request)
        return self._judge(Answer(receiver))

    def _judge(self, answer: Answer) -> str:
        """The fault in a response; empty if it is the expected one."""
        self._last_status = status = answer.status()
        if status not in self._accepted:
            return f"status {status}"
        if self._body is None:
            return ""
        for so_far, is_all in answer.body():
            if self._body.search(so_far) if is_all else self._is_settled(so_far):
                return ""
        coded = f", which came as {answer.coding}" if answer.coding else ""
        return f"status {status}, and nothing in the body matches{coded}"

    def _is_settled(self, so_far: str) -> bool:
        """Whether the body already matches, regardless of the rest."""
        assert self._body is not None, "it is asked for"
        found = {
            match.span() if (match := self._body.search(so_far + more)) else None
            for more in ("", "a", " ", "\n\0")
        }
        span = found.pop()
        return not found and span is not None and span[1] <= len(so_far)

    def _exchange_http2(self, link: socket.socket, receiver: Receiver) -> str:
        from bench.probes.http2 import exchange

        model = self._model
        names = {name.lower(): value for name, value in model.headers.items()}
        names.pop("host", None)
        head = [
            (":method", model.method),
            (":scheme", model.scheme),
            (":authority", model.host_header or _authority(model.scheme, self._place)),
            (":path", model.path),
            *names.items(),
        ]
        answer = exchange(link, receiver, head, wants_body=self._body is not None)
        self._last_status = answer.status
        if answer.status not in self._accepted:
            return f"status {answer.status}"
        if self._body is None or self._body.search(answer.body.decode(errors="replace")):
            return ""
        return f"status {answer.status}, and nothing in the body matches"

    def _given_up(self, sent_ns: int, detail: str, working: bool) -> Attempt:
        """An attempt that reached its time-out."""
        return Attempt(
            ok=False,
            sent_ns=sent_ns,
            answered_ns=self._clock.monotonic_ns(),
            detail=detail,
            connected_ns=self._dialer.connected_ns,
            unanswered=True,
            working=working,
        )

    def hint(self) -> str:
        """The setting of the probe that is probably wrong, found by one more request."""
        last = self._last
        if last is None or last.connected_ns is None:
            return ""
        status = self._last_status
        if status is None or status in _OF_ANOTHER_PROTOCOL:
            found = self._protocol_hint()
            if found:
                return found
        if status is None:
            return self._silence_hint() if last.unanswered else ""
        return self._status_hint(status)

    def _protocol_hint(self) -> str:
        is_tls = speaks_tls(self._place, self._clock)
        if self._model.scheme == "https":
            if is_tls:
                return self._tls_hint()
            if speaks_plain_http(self._place, self._clock):
                return "it speaks HTTP without TLS there: leave `scheme: https` out"
            return ""
        if is_tls:
            return "it speaks TLS there: write `scheme: https`"
        if not self._model.http2 and speaks_http2(self._place, self._clock):
            return "it speaks HTTP/2 there and not HTTP/1: write `http2: true`"
        return ""

    def _tls_hint(self) -> str:
        """A remedy if the server uses TLS, and closed the connection before a response."""
        detail = self._last.detail if self._last else ""
        for words, remedy in _TLS_REMEDIES.items():
            if words in detail:
                return remedy
        return ""

    def _silence_hint(self) -> str:
        if self._was_answered:
            return ""
        return "it takes connections and does not answer in time: raise `attempt_timeout`"

    def _status_hint(self, status: int) -> str:
        if status in _OF_AN_UNKNOWN_HOST and self._model.host_header is None:
            if not self._model.http2 and self._is_accepted_as(_LOCAL):
                return (
                    f"asked as {_LOCAL} it answers as expected: write `headers: {{Host: {_LOCAL}}}`"
                )
            if status in (400, 421):
                return (
                    "a server that takes only the host names it knows answers so: "
                    "write `headers: {Host: NAME}`"
                )
        if 300 <= status < 400 and self._model.status is None:
            return "it redirects: ask the page it leads to, or write `status: 200-399`"
        if status == 401 and self._model.status is None:
            return "it wants credentials: write `headers`, or `status: [200, 401]`"
        return ""

    def _is_accepted_as(self, host: str) -> bool:
        try:
            with self._dialer.connection(1.0) as link:
                link.sendall(_request(self._model, self._place, host))
                return not self._judge(Answer(Receiver(link, 1.0, time.monotonic() + 2.0)))
        except (OSError, AnswerError):
            return False

    def abort(self) -> None:
        """Shut the connection down."""
        self._dialer.abort()


def _tls(model: HttpProbeSpec) -> Tls | None:
    if model.scheme != "https":
        return None
    match = _NAME.fullmatch(model.host_header or "")
    name = (match[1] or match[2]) if match else model.host_header
    return Tls(model.verify, ("h2",) if model.http2 else ("http/1.1",), name)


def _authority(scheme: str, place: Endpoint) -> str:
    if place.path:
        return _LOCAL
    address = f"[{place.address}]" if ":" in place.address else place.address
    return address if _DEFAULT_PORTS[scheme] == place.port else f"{address}:{place.port}"


def _request(model: HttpProbeSpec, place: Endpoint, host: str | None) -> bytes:
    headers = {
        "Host": host or _authority(model.scheme, place),
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if model.method not in _WITHOUT_BODY:
        headers["Content-Length"] = "0"
    own = {name.lower() for name in model.headers}
    kept = {name: value for name, value in headers.items() if name.lower() not in own - {"host"}}
    given = {name: value for name, value in model.headers.items() if name.lower() != "host"}
    lines = [f"{model.method} {model.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (kept | given).items()]
    return "\r\n".join([*lines, "", ""]).encode()


def make(spec: HttpProbeSpec, target: ProbeTarget) -> HttpProbe:
    """The probe of a container."""
    return HttpProbe(
        spec, target.endpoint(spec), target.clock, lambda port: target.has_read(spec, port)
    )
