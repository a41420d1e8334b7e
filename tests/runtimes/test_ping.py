"""Whether somebody answers at an address of this host."""

from __future__ import annotations

import socket

from bench.runtimes.managed.ping import docker_answers, free_port, listens, listens_as_this_user


def test_the_preferred_port_is_taken_where_it_is_free():
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    assert free_port(port) == port


def test_the_preferred_port_is_left_where_somebody_has_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)


def test_an_engine_answers_a_ping_or_not(daemon, tmp_path):
    def ping(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"OK")

    assert not docker_answers(daemon.path)
    daemon.on("GET", "/_ping", ping)
    assert docker_answers(daemon.path)
    assert not docker_answers(tmp_path / "nowhere.sock")


def test_a_socket_with_a_listener_listens(daemon, tmp_path):
    assert listens(str(daemon.path))
    assert not listens(str(tmp_path / "nowhere.sock"))


def test_a_bound_port_listens_only_once_it_does():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert not listens(server.getsockname())
        server.listen()
        assert listens(server.getsockname())


def test_a_port_that_somebody_else_listens_at_is_not_the_daemons(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listens_as_this_user(port)
        monkeypatch.setattr("os.geteuid", lambda: 65533)
        assert not listens_as_this_user(port)
    assert not listens_as_this_user(port)
