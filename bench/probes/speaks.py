"""Detection of a server's protocol, for the hint after a probe that never got a valid response."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.probes.answer import is_http2
from bench.probes.dial import Dialer, Endpoint, Tls, speaks_of_tls

if TYPE_CHECKING:
    from bench.core.clock import Clock

_WITHIN_S = 1.0
_EMPTY_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _EMPTY_SETTINGS


def speaks_tls(place: Endpoint, clock: Clock) -> bool:
    """Whether the server answers a TLS handshake, even with a refusal."""
    try:
        with Dialer(place, clock, Tls(protocols=("h2", "http/1.1"))).connection(_WITHIN_S):
            return True
    except OSError as error:
        return speaks_of_tls(error)


def speaks_http2(place: Endpoint, clock: Clock) -> bool:
    """Whether the server answers HTTP/2 without TLS."""
    return is_http2(_answer(place, clock, _PREFACE, 9))


def speaks_plain_http(place: Endpoint, clock: Clock) -> bool:
    """Whether the server answers HTTP/1 without TLS."""
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return _answer(place, clock, request, 7).startswith(b"HTTP/1.")


def _answer(place: Endpoint, clock: Clock, request: bytes, least: int) -> bytes:
    """The first bytes of the response to `request`; empty if there is none."""
    got, until_s = b"", time.monotonic() + _WITHIN_S
    try:
        with Dialer(place, clock).connection(_WITHIN_S) as link:
            link.sendall(request)
            while len(got) < least and time.monotonic() < until_s:
                data = link.recv(4096)
                if not data:
                    break
                got += data
    except OSError:
        pass
    return got
