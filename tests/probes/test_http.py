"""HTTP probes, against servers that answer as real ones do, and as no client library expects."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.clock import SystemClock
from bench.observe.listening import has_read
from bench.probes.dial import Endpoint
from bench.probes.http import HttpProbe
from bench.scenario.probes import HttpProbeSpec as HttpModel
from tests.probes.servers import (
    Answering,
    certificate,
    over_tls,
    saying,
    speaking_http2,
    wait_for_the_end,
)
from tests.servers import FakeServer

if TYPE_CHECKING:
    from bench.probes.attempt import Attempt

CLOCK = SystemClock()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def probe(port: int, **keys: Any) -> HttpProbe:
    model = HttpModel.model_validate({"port": port, **keys})
    return HttpProbe(model, Endpoint("127.0.0.1", port), CLOCK)


def asked(answer: bytes, **keys: Any) -> Attempt:
    with Answering(saying(answer)) as server:
        return probe(server.port, **keys).attempt(5.0)


# The final status decides, whatever stands around it


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % one for one in range(5000)) + b"\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 200_000 + b"\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nSet-Cookie: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.0 200 OK\n\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon in this line\r\n\r\n",
        b"HTTP/1.1 200 \xff\xfe\r\n\r\n",
    ],
)
def test_the_final_status_line_decides_whatever_else_is_sent(answer):
    assert asked(answer).ok


def test_an_answer_is_read_however_its_bytes_are_cut():
    def one_by_one(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 204 No Content\r\n":
            connection.sendall(bytes([byte]))

    with Answering(one_by_one) as server:
        assert probe(server.port).attempt(5.0).ok


def test_nothing_is_waited_for_after_the_status_line():
    def goes_on(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        connection.recv(1)

    with Answering(goes_on) as server:
        begun = time.monotonic()
        assert probe(server.port).attempt(30.0).ok
        assert time.monotonic() - begun < 10


def test_a_server_that_changes_the_protocol_has_answered_so():
    attempt = asked(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    assert (attempt.ok, attempt.detail) == (False, "status 101")


@pytest.mark.parametrize(
    ("expected", "answered", "ok"),
    [
        ([200, 401], 401, True),
        ([200, 401], 403, False),
        ("200-399", 302, True),
        ("200-399", 404, False),
        (["200-299", 404], 404, True),
        (None, 299, True),
        (None, 300, False),
    ],
)
def test_a_status_may_be_one_of_several_or_of_a_range(expected, answered, ok):
    with FakeServer(answered) as server:
        assert probe(server.port, status=expected).attempt(5.0).ok is ok


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", 'answered, but not in HTTP/1: "SSH-2.0-OpenSSH_9.2p1"'),
        (
            b"\x4a\x00\x00\x00\x0a8.0",
            "answered, but not in HTTP/1: the bytes 4a 00 00 00 0a 38 2e 30",
        ),
        (
            b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18),
            "answered, but not in HTTP/1: with a frame of HTTP/2",
        ),
        (b"\x15\x03\x03\x00\x02\x02\x46", "answered, but not in HTTP/1: with a TLS alert"),
        (b"", "the connection was closed without an answer"),
        (b"HTTP/1.1 abc\r\n", 'answered, but not in HTTP/1: "HTTP/1.1 abc"'),
        (b"HTTP/1.1 2000 OK\r\n", 'answered, but not in HTTP/1: "HTTP/1.1 2000 OK"'),
        (b"\x1b[31mhello\r\n", "answered, but not in HTTP/1: the bytes 1b 5b 33 31 6d 68 65 6c"),
    ],
)
def test_what_is_no_http_is_named_without_control_characters(answer, said):
    attempt = asked(answer)
    assert (attempt.ok, attempt.detail) == (False, said)


def test_a_protocol_of_its_own_is_not_waited_on_for_the_end_of_a_line():
    def greets(connection: socket.socket) -> None:
        connection.sendall(b"\x4a\x00\x00\x00")
        connection.recv(1)
        connection.recv(65536)
        connection.recv(1)

    with Answering(greets) as server:
        begun = time.monotonic()
        assert not probe(server.port).attempt(30.0).ok
        assert time.monotonic() - begun < 10


# The request


def request_of(**keys: Any) -> bytes:
    with FakeServer(200) as server:
        assert probe(server.port, **keys).attempt(5.0).ok
        return server.requests[0].replace(str(server.port).encode(), b"PORT")


def test_a_request_names_the_address_that_is_asked():
    assert b"\r\nHost: 127.0.0.1:PORT\r\n" in request_of()


@pytest.mark.parametrize("keys", [{"host": "app.test"}, {"headers": {"host": "app.test"}}])
def test_a_request_names_the_host_that_it_is_told_once(keys):
    request = request_of(**keys)
    assert b"\r\nHost: app.test\r\n" in request
    assert request.lower().count(b"host:") == 1


def test_headers_and_method_are_sent_and_take_the_place_of_bench_s_own():
    request = request_of(
        method="POST", headers={"X-Api": "ä", "accept-encoding": "gzip", "Connection": "x"}
    )
    assert request.startswith(b"POST / HTTP/1.1\r\n")
    assert "\r\nX-Api: ä\r\naccept-encoding: gzip\r\nConnection: x\r\n".encode() in request
    assert b"Content-Length: 0\r\n" in request
    assert request.lower().count(b"accept-encoding") == 1


# The body


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n" + b'{"state": "up"}',
        b"HTTP/1.1 200 OK\r\n\r\n" + b'{"state": "up"}',
        CHUNKED + b'8\r\n{"state"\r\n7;x=y\r\n: "up"}\r\n0\r\n\r\n',
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + b'{"state": "up"}',
    ],
)
def test_a_body_is_searched_however_it_is_delimited(answer):
    assert asked(answer, body='^{"state": "up"}$').ok
    attempt = asked(answer, body="down")
    assert (attempt.ok, attempt.detail) == (False, "status 200, and nothing in the body matches")


@pytest.mark.parametrize(
    ("body", "is_ready"),
    [("^ready$", False), (r"ready\b", False), ("^ready", True), ("way$", True)],
)
def test_what_has_come_of_a_body_decides_only_where_the_rest_cannot_change_it(body, is_ready):
    def drips(connection: socket.socket) -> None:
        connection.recv(65536)
        for piece in (b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nready", b"ing: way"):
            connection.sendall(piece)
            time.sleep(0.1)

    with Answering(drips) as server:
        assert probe(server.port, body=body).attempt(5.0).ok is is_ready


def test_a_stream_without_an_end_is_ready_as_soon_as_it_matches():
    def streams(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\ndata: ready\n\n")
        connection.recv(1)

    with Answering(streams) as server:
        assert probe(server.port, body="ready").attempt(5.0).ok


def test_a_body_that_came_compressed_says_so():
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"
    detail = asked(answer, body="up").detail
    assert detail == "status 200, and nothing in the body matches, which came as gzip"


def test_a_body_counts_only_with_the_expected_status():
    answer = b"HTTP/1.1 503 No\r\n\r\nup"
    assert asked(answer, body="up").detail == "status 503"


def test_of_a_body_without_an_end_the_first_mebibyte_is_searched():
    def floods(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with Answering(floods) as server:
        assert not probe(server.port, body="ready").attempt(5.0).ok


# How long an attempt may take


def test_a_server_that_goes_on_sending_is_read_on():
    def drips(connection: socket.socket) -> None:
        connection.recv(65536)
        for piece in (b"HTTP/1.1 10", b"3 x\r\n\r\n", b"HTTP/1.1 ", b"200 OK\r\n"):
            time.sleep(0.15)
            connection.sendall(piece)

    with Answering(drips) as server:
        assert probe(server.port).attempt(0.4, 20.0).ok


def test_and_no_longer_than_there_is_time():
    def drips(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 ")
        while True:
            time.sleep(0.02)
            connection.sendall(b"x")

    with Answering(drips) as server:
        begun = time.monotonic()
        attempt = probe(server.port).attempt(0.5, 0.6)
        assert (attempt.ok, attempt.unanswered) == (False, True)
        assert time.monotonic() - begun < 5


def test_an_attempt_without_an_answer_says_that_nothing_was_refused():
    with FakeServer("hang") as server:
        attempt = probe(server.port).attempt(0.05)
    assert (attempt.unanswered, attempt.working) == (True, False)
    assert attempt.detail == "no answer within 0.05 s"


def test_a_server_that_has_read_the_request_is_working_on_it():
    import os

    with FakeServer("hang") as server:
        model = HttpModel(port=server.port)
        place = Endpoint("127.0.0.1", server.port)
        one = HttpProbe(
            model, place, CLOCK, lambda local: has_read(os.getpid(), server.port, local)
        )
        assert one.attempt(0.3).working


def test_a_connection_that_nobody_has_taken_is_not_worked_on():
    import os

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        one = HttpProbe(
            HttpModel(port=port),
            Endpoint("127.0.0.1", port),
            CLOCK,
            lambda local: has_read(os.getpid(), port, local),
        )
        attempt = one.attempt(0.05)
    assert (attempt.unanswered, attempt.working) == (True, False)


# TLS


def test_over_tls_a_certificate_of_nobody_will_do(tmp_path):
    with Answering(over_tls(saying(OK), tmp_path)) as server:
        assert probe(server.port, scheme="https").attempt(5.0).ok


def test_a_certificate_is_verified_where_that_is_asked_for(tmp_path, monkeypatch):
    served, other = tmp_path / "served", tmp_path / "other"
    served.mkdir()
    other.mkdir()
    with Answering(over_tls(saying(OK), served)) as server:
        keys = {"scheme": "https", "verify": True, "host": "app.test"}
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate(other, "other.test")[0]))
        attempt = probe(server.port, **keys).attempt(5.0)
        assert not attempt.ok
        assert attempt.detail.startswith("the certificate is not valid: ")
        monkeypatch.setenv("SSL_CERT_FILE", str(served / "cert.pem"))
        assert probe(server.port, **keys).attempt(5.0).ok
        wrong = probe(server.port, **keys | {"host": "other.test:8443"}).attempt(5.0)
        assert "certificate is not valid" in wrong.detail


def test_an_abort_ends_a_handshake_that_hangs():
    with FakeServer("hang") as server:
        one = probe(server.port, scheme="https")

        def give_up() -> None:
            server.asked.wait(5)
            one.abort()

        threading.Thread(target=give_up).start()
        begun = time.monotonic()
        assert not one.attempt(30.0).ok
        assert time.monotonic() - begun < 10


def test_a_handshake_is_bounded_like_any_attempt():
    with FakeServer("hang") as server:
        attempt = probe(server.port, scheme="https").attempt(0.1)
    assert attempt.unanswered


# HTTP/2


def fine(head: dict[str, str], _: bytes):
    status = "200" if head[":path"] == "/healthz" else "404"
    return [(":status", status)], head.get("x-api", "").encode(), []


def test_http2_is_spoken_at_once_where_that_is_asked_for():
    with Answering(speaking_http2(fine)) as server:
        assert probe(server.port, http2=True, path="/healthz").attempt(5.0).ok
        assert probe(server.port, http2=True).attempt(5.0).detail == "status 404"
        keys = {"path": "/healthz", "headers": {"X-Api": "seen"}, "body": "^seen$"}
        assert probe(server.port, http2=True, **keys).attempt(5.0).ok


def test_http2_goes_over_tls_too(tmp_path):
    with Answering(over_tls(speaking_http2(fine), tmp_path, "h2")) as server:
        keys = {"http2": True, "scheme": "https", "path": "/healthz"}
        assert probe(server.port, **keys).attempt(5.0).ok


def test_what_answers_http2_in_http1_says_so():
    with Answering(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        attempt = probe(server.port, http2=True).attempt(5.0)
    assert attempt.detail == 'answered, but not in HTTP/2: "HTTP/1.1 400 Bad Request"'


@pytest.mark.parametrize("headers", [{"Connection": "x"}, {"TE": "gzip"}, {"Upgrade": "x"}])
def test_headers_that_http2_does_not_have_are_no_traceback(headers):
    with Answering(speaking_http2(fine)) as server:
        attempt = probe(server.port, http2=True, path="/healthz", headers=headers).attempt(5.0)
    assert attempt.ok or attempt.detail.startswith("cannot be asked in HTTP/2: ")


@pytest.mark.parametrize("host", [".app.test", "x" * 300, "a..b", "[::1]:8443", "::1", "1.2.3.4:5"])
def test_a_host_that_no_certificate_can_have_is_no_traceback(tmp_path, host):
    with Answering(over_tls(saying(OK), tmp_path)) as server:
        attempt = probe(server.port, scheme="https", host=host).attempt(5.0)
    assert attempt.ok or attempt.detail


# What would help


def hint_after(serve: Any, **keys: Any) -> str:
    with Answering(serve) as server:
        one = probe(server.port, **keys)
        assert not one.attempt(0.5).ok
        return one.hint()


CLIENT_SENT_HTTP = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent HTTP to an HTTPS server"


def wants_client_certificate(context: ssl.SSLContext) -> None:
    context.load_verify_locations(ssl.get_default_verify_paths().openssl_cafile)
    context.verify_mode = ssl.CERT_REQUIRED


def wants_host_name(context: ssl.SSLContext) -> None:
    def choose(_: object, name: str | None, __: object) -> int | None:
        return None if name == "app.test" else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context.sni_callback = choose


DEMANDS = [lambda _: None, wants_client_certificate, wants_host_name]


@pytest.mark.parametrize("plain", [b"x", CLIENT_SENT_HTTP])
@pytest.mark.parametrize("change", DEMANDS)
def test_where_tls_is_spoken_the_scheme_is_named(tmp_path, plain, change):
    serve = over_tls(saying(OK), tmp_path, change=change, without=plain)
    assert hint_after(serve) == "it speaks TLS there: write `scheme: https`"


@pytest.mark.parametrize(
    ("change", "answer", "keys", "words"),
    [
        (wants_client_certificate, OK, {}, "a probe has none"),
        (wants_host_name, OK, {}, "write `host: NAME`"),
        (lambda _: None, OK, {"verify": True, "host": "other.test"}, "leave `verify` out"),
        (lambda _: None, b"HTTP/1.1 400 Bad\r\n\r\n", {}, "write `headers: {Host: NAME}`"),
        (lambda _: None, b"HTTP/1.1 401 No\r\n\r\n", {}, "status: [200, 401]"),
        (lambda _: None, b"HTTP/1.1 503 No\r\n\r\n", {}, ""),
    ],
)
def test_over_tls_nobody_is_told_to_go_without(tmp_path, change, answer, keys, words):
    serve = over_tls(saying(answer), tmp_path, change=change, without=CLIENT_SENT_HTTP)
    hint = hint_after(serve, scheme="https", **keys)
    assert words in hint
    assert "leave `scheme" not in hint


def test_an_old_version_of_tls_is_told_from_none(tmp_path):
    def old(context: ssl.SSLContext) -> None:
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1

    serve = over_tls(saying(OK), tmp_path, change=old, without=CLIENT_SENT_HTTP)
    assert "version of TLS" in hint_after(serve, scheme="https")


def test_where_only_http2_is_spoken_that_is_named():
    hint = hint_after(speaking_http2(fine))
    assert hint == "it speaks HTTP/2 there and not HTTP/1: write `http2: true`"


def test_where_no_tls_is_spoken_https_is_named():
    hint = hint_after(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), scheme="https")
    assert hint == "it speaks HTTP without TLS there: leave `scheme: https` out"


def test_a_server_that_knows_only_some_hosts_is_asked_as_localhost_once():
    def django(connection: socket.socket) -> None:
        request = connection.recv(65536)
        known = b"\r\nHost: localhost\r\n" in request
        connection.sendall(OK if known else b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert hint_after(django) == (
        "asked as localhost it answers as expected: write `headers: {Host: localhost}`"
    )


def test_a_400_hints_at_the_host_even_where_localhost_is_not_known_either():
    assert "headers: {Host: NAME}" in hint_after(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert hint_after(saying(b"HTTP/1.1 400 Bad\r\n\r\n"), host="app.test") == ""


@pytest.mark.parametrize(
    ("status", "words"), [(302, "status: 200-399"), (401, "status: [200, 401]"), (503, "")]
)
def test_statuses_with_a_usual_cause_hint_at_it(status, words):
    hint = hint_after(saying(b"HTTP/1.1 %d X\r\n\r\n" % status))
    assert words in hint
    assert bool(hint) == bool(words)


def test_a_server_that_never_answers_hints_at_the_bound():
    def silent(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.recv(1)

    assert "raise `attempt_timeout`" in hint_after(silent)


# frames of HTTP/2 as a server may send them


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + payload


SETTINGS = frame(4, 0, 0)
STATUS_200 = bytes([0x88])


@pytest.mark.parametrize("fields", [b"", b"\x08\x03abc"], ids=["none", "no number"])
def test_an_http2_answer_without_a_status_is_no_answer_and_no_traceback(fields):
    attempt = asked(SETTINGS + frame(1, 5, 1, fields), http2=True)
    assert not attempt.ok
    assert "without a status" in attempt.detail


def test_an_http2_body_in_many_small_frames_is_read_to_its_end():
    body = b"".join(frame(0, 0, 1, b"x" * 40) for _ in range(3000))
    whole = SETTINGS + frame(1, 4, 1, STATUS_200) + body + frame(0, 1, 1, b"ready")

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(whole)
        wait_for_the_end(connection)  # which sends what it has read

    with Answering(serve) as server:
        assert probe(server.port, http2=True, body="ready$").attempt(5.0).ok


def test_a_server_that_takes_no_further_request_has_still_answered_this_one():
    goaway = frame(7, 0, 0, (1).to_bytes(4, "big") + (0).to_bytes(4, "big"))
    whole = SETTINGS + frame(1, 4, 1, STATUS_200) + frame(0, 0, 1, b"rea") + goaway
    assert asked(whole + frame(0, 1, 1, b"dy"), http2=True, body="^ready$").ok
