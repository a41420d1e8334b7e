"""gRPC health, against a server that speaks HTTP/2 and the few bytes of that protocol."""

from __future__ import annotations

from typing import Any

import pytest

from bench.core.clock import SystemClock
from bench.probes.dial import Endpoint
from bench.probes.grpc import GrpcProbe
from bench.scenario.probes import GrpcProbeSpec as GrpcModel
from tests.probes.servers import Answering, over_tls, saying, speaking_http2
from tests.servers import FakeServer

CLOCK = SystemClock()
HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
SERVICES = {"": b"\x08\x01", "app.Greeter": b"\x08\x02", "app.New": b""}


def health(head: dict[str, str], body: bytes):
    """What grpc.health.v1 answers: a message with a status, or NOT_FOUND for an unknown service."""
    assert head[":path"] == "/grpc.health.v1.Health/Check"
    assert (head["content-type"], head["te"]) == ("application/grpc", "trailers")
    size = int.from_bytes(body[1:5], "big")
    assert (body[0], size) == (0, len(body) - 5)
    service = body[7:].decode() if size else ""
    if service not in SERVICES:
        return [*HEADERS, ("grpc-status", "5"), ("grpc-message", "unknown service")], b"", []
    message = SERVICES[service]
    return HEADERS, b"\x00" + len(message).to_bytes(4, "big") + message, [("grpc-status", "0")]


def without_health(*_: object):
    return [*HEADERS, ("grpc-status", "12")], b"", []


def probe(port: int, **keys: Any) -> GrpcProbe:
    model = GrpcModel.model_validate({"port": port, **keys})
    return GrpcProbe(model, Endpoint("127.0.0.1", port), CLOCK)


def test_a_server_that_serves_is_ready():
    with Answering(speaking_http2(health)) as server:
        attempt = probe(server.port).attempt(5.0)
    assert attempt.ok
    assert attempt.connected_ns is not None


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("app.Greeter", "NOT_SERVING"),
        ("app.New", "UNKNOWN"),
        ("app.Nothing", "gRPC status NOT_FOUND: unknown service"),
    ],
)
def test_a_service_that_does_not_serve_is_a_refusal_that_says_so(service, said):
    with Answering(speaking_http2(health)) as server:
        attempt = probe(server.port, service=service).attempt(5.0)
    assert (attempt.ok, attempt.detail) == (False, said)


def test_a_long_name_of_a_service_is_sent_whole():
    name = "app." + "x" * 300

    def answer(_: dict[str, str], body: bytes):
        assert body[5:8] == b"\x0a\xb0\x02"  # its length, 304, as a varint
        assert body[8:].decode() == name
        return HEADERS, b"\x00\x00\x00\x00\x02\x08\x01", [("grpc-status", "0")]

    with Answering(speaking_http2(answer)) as server:
        assert probe(server.port, service=name).attempt(5.0).ok


def test_a_server_without_the_health_service_hints_at_it():
    with Answering(speaking_http2(without_health)) as server:
        one = probe(server.port)
        assert one.attempt(5.0).detail == "gRPC status UNIMPLEMENTED"
        assert one.hint().startswith("it has no health service")


def test_a_service_that_is_not_known_hints_at_its_name():
    with Answering(speaking_http2(health)) as server:
        one = probe(server.port, service="app.Nothing")
        assert not one.attempt(5.0).ok
        assert "leave `service` out" in one.hint()


def test_health_is_asked_over_tls_too(tmp_path):
    with Answering(over_tls(speaking_http2(health), tmp_path, "h2")) as server:
        assert probe(server.port, scheme="https").attempt(5.0).ok
        plain = probe(server.port)
        assert not plain.attempt(1.0).ok
        assert plain.hint() == "it speaks TLS there: write `scheme: https`"


def test_a_server_of_http1_is_a_refusal_that_says_so():
    with Answering(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        attempt = probe(server.port).attempt(5.0)
    assert attempt.detail == 'answered, but not in HTTP/2: "HTTP/1.1 400 Bad Request"'


def test_a_web_server_of_http2_is_not_taken_for_one_of_grpc():
    with Answering(speaking_http2(lambda *_: ([(":status", "404")], b"", []))) as server:
        attempt = probe(server.port).attempt(5.0)
    assert attempt.detail == "status 404 of HTTP, and none of gRPC"


def test_a_server_that_never_answers_is_given_up_at_the_bound():
    with FakeServer("hang") as server:
        attempt = probe(server.port).attempt(0.1)
    assert (attempt.ok, attempt.unanswered) == (False, True)
