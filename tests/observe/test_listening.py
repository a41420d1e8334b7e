"""Which ports a container listens on: from made-up tables of the kernel, and from this process."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from bench.journal.facts.listener import Listener
from bench.observe.listening import (
    asked_ports,
    has_read,
    listeners,
    port_words,
    socket_paths,
    whereabouts,
)
from bench.scenario.probes import Ready
from tests.trial.proc_tree import Entry, write_proc

if TYPE_CHECKING:
    from pathlib import Path

HEAD = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode"
)
LOOPBACK, ANY = "0100007F", "00000000"
ANY6, LOOPBACK6 = "0" * 32, "0" * 24 + "01000000"
MAPPED = "0" * 16 + "FFFF0000" + LOOPBACK


def row(address: str, port: int, inode: int, state: str = "0A") -> str:
    zeros = "0" * len(address)
    return (
        f"   0: {address}:{port:04X} {zeros}:0000 {state} 0:0 00:0 0 0 0 {inode} 1 0 100 0 0 10 0"
    )


def container(folder: Path, tcp: list[str], tcp6: list[str], **sockets: int) -> Path:
    """A /proc with a container of `sh` and `gunicorn`, each holding the socket that it is given."""
    write_proc(folder, Entry(500, 400, "sh", 1), Entry(501, 500, "gunicorn", 7))
    write_proc(folder, Entry(600, 400, "dockerd"))
    for pid, name in ((500, "sh"), (501, "gunicorn"), (600, "dockerd")):
        place = folder / str(pid)
        (place / "comm").write_text(f"{name}\n")
        (place / "fd").mkdir()
        (place / "fd" / "0").symlink_to("/dev/null")
        if name in sockets:
            (place / "fd" / "5").symlink_to(f"socket:[{sockets[name]}]")
    net = folder / "500" / "net"
    net.mkdir()
    (net / "tcp").write_text("\n".join([HEAD, *tcp]) + "\n")
    (net / "tcp6").write_text("\n".join([HEAD, *tcp6]) + "\n")
    return folder


@pytest.mark.parametrize(
    ("tcp", "tcp6", "address"),
    [
        ([row(LOOPBACK, 5000, 77)], [], "127.0.0.1"),
        ([row(ANY, 5000, 77)], [], "0.0.0.0"),
        ([], [row(ANY6, 5000, 77)], "::"),
        ([], [row(LOOPBACK6, 5000, 77)], "::1"),
        ([], [row(MAPPED, 5000, 77)], "127.0.0.1"),
    ],
)
def test_a_port_is_found_with_its_address_and_its_process(tmp_path, tcp, tcp6, address):
    proc = container(tmp_path, tcp, tcp6, gunicorn=77)
    assert listeners(500, proc=proc) == [Listener(5000, address, "gunicorn")]


def test_connections_and_sockets_of_others_are_not_the_containers(tmp_path):
    tcp = [row(LOOPBACK, 5000, 77, state="01"), row(LOOPBACK, 53, 78), row(ANY, 80, 0)]
    assert listeners(500, proc=container(tmp_path, tcp, [], gunicorn=77, dockerd=78)) == []


def test_without_ipv6_there_is_one_table(tmp_path):
    proc = container(tmp_path, [row(ANY, 80, 77)], [], sh=77)
    (proc / "500" / "net" / "tcp6").unlink()
    assert listeners(500, proc=proc) == [Listener(80, "0.0.0.0", "sh")]


def test_what_is_gone_or_is_another_process_cannot_be_told(tmp_path):
    proc = container(tmp_path, [row(ANY, 80, 77)], [], sh=77)
    for pid in (7, 600):
        with pytest.raises(OSError, match=str(pid)):
            listeners(pid, proc=proc)


def test_a_socket_of_this_very_process_is_seen():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = listeners(os.getpid(), in_container=False)
    assert (port, "127.0.0.1") in [(one.port, one.address) for one in found]


GUNICORN = Listener(5000, "127.0.0.1", "gunicorn")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            [GUNICORN],
            "nothing listens on 8080; gunicorn listens on 127.0.0.1:5000 only",
        ),
        (
            [Listener(8080, "127.0.0.1", "node")],
            "node listens on 127.0.0.1:8080 only, which is not reached from outside the container",
        ),
        (
            [Listener(5000, "0.0.0.0", "nginx"), Listener(5000, "::", "nginx"), GUNICORN],
            (
                "nothing listens on 8080; nginx listens on 5000, "
                "gunicorn listens on 127.0.0.1:5000 only"
            ),
        ),
        ([], "nothing listens on 8080, nor on any other port"),
        ([Listener(8080, "0.0.0.0", "node")], ""),
        ([Listener(8080, "::", "node"), GUNICORN], ""),
    ],
)
def test_what_listens_elsewhere_is_said_where_nothing_listens_here(found, words):
    assert port_words([8080], found, "172.17.0.2") == words


def test_a_plain_process_is_asked_at_loopback():
    assert port_words([8080], [Listener(8080, "127.0.0.1", "node")], "127.0.0.1") == ""


def test_several_ports_are_named_together():
    found = [Listener(8080, "::", "node")]
    assert port_words([8080, 9090], found, "172.17.0.2") == (
        "nothing listens on 9090; node listens on 8080"
    )


def test_a_line_or_a_command_asks_at_no_port():
    ready = Ready.model_validate(
        {
            "all": [
                {"log": "up"},
                {"http": {"port": 80}},
                {"tcp": {"port": 90}},
                {"grpc": {"port": 7}},
            ]
        }
    )
    assert asked_ports(ready) == [80, 90, 7]
    assert asked_ports(Ready.model_validate({"exec": "true"})) == []


# What is said of it, whatever it is asked by


def unix(*rows: tuple[str, int, str]) -> str:
    """A table of Unix sockets: flags, inode and path of each."""
    head = "Num       RefCount Protocol Flags    Type St Inode Path"
    lines = [
        f"0000: 00000002 00000000 {flags} 0001 01 {inode} {path}" for flags, inode, path in rows
    ]
    return "\n".join([head, *lines]) + "\n"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A container whose gunicorn listens on loopback, and whose sh listens at a Unix socket."""
    proc = container(tmp_path, [row(LOOPBACK, 5000, 77)], [], gunicorn=77, sh=78)
    table = unix(("00010000", 78, "/run/app.sock"), ("00000000", 78, "/run/other"),
                 ("00010000", 99, "/run/of another"), ("00010000", 78, "@abstract"))  # fmt: skip
    (proc / "500" / "net" / "unix").write_text(table)
    return proc


def words(proc: Path, probe: object, address: str = "172.17.0.2") -> str:
    return whereabouts(Ready.model_validate(probe), address, 500, proc=proc).words


def test_unix_sockets_are_found_with_their_process(web):
    assert socket_paths(500, proc=web) == {"/run/app.sock": "sh"}


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ({"http": {"port": 5000}}, "gunicorn listens on 127.0.0.1:5000 only, which is not reached"),
        ({"grpc": {"port": 9}}, "nothing listens on 9; gunicorn listens on 127.0.0.1:5000 only"),
        ({"log": "x"}, "gunicorn listens on 127.0.0.1:5000 only"),
        ({"exec": "x"}, "gunicorn listens on 127.0.0.1:5000 only"),
        ({"healthcheck": True}, "gunicorn listens on 127.0.0.1:5000 only"),
        ({"http": {"socket": "/tmp/x"}}, "nothing listens at /tmp/x; sh listens at /run/app.sock"),
        ({"exit": True}, ""),
    ],
)
def test_where_a_container_listens_is_said_for_every_probe(web, probe, said):
    found = words(web, probe)
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_a_socket_that_is_listened_at_by_another_way_to_its_folder_is_not_missing(web):
    root = web / "500" / "root"
    (root / "run").mkdir(parents=True)
    (root / "run" / "app.sock").touch()
    (root / "var").mkdir()
    (root / "var" / "run").symlink_to("/run")
    assert words(web, {"http": {"socket": "/var/run/app.sock"}}) == ""
    assert words(web, {"http": {"socket": "/run/app.sock"}}) == ""


def test_a_socket_of_that_name_elsewhere_is_another(web):
    (web / "500" / "root" / "tmp").mkdir(parents=True)
    said = words(web, {"http": {"socket": "/tmp/app.sock"}})
    assert said == "nothing listens at /tmp/app.sock; sh listens at /run/app.sock"


def test_what_listens_where_it_is_asked_is_said_too_and_not_missing(web):
    place = whereabouts(Ready.model_validate({"tcp": {"port": 5000}}), "127.0.0.1", 500, proc=web)
    assert (place.words, place.is_missing) == ("gunicorn listens on 127.0.0.1:5000 only", False)


def test_a_container_that_listens_nowhere_is_said_to(tmp_path):
    proc = container(tmp_path, [], [])
    (proc / "500" / "net" / "unix").write_text(unix())
    assert words(proc, {"log": "x"}) == "nothing listens on any port"
    assert words(proc, {"tcp": {"socket": "/x"}}) == "nothing listens at /x"


def test_where_nothing_can_be_read_nothing_is_said(tmp_path):
    assert words(tmp_path, {"log": "x"}) == ""
    assert whereabouts(Ready.model_validate({"log": "x"}), "", 0).words == ""


def connection(port: int, from_port: int, unread: int, inode: int) -> str:
    return (
        f"   1: {LOOPBACK}:{port:04X} {LOOPBACK}:{from_port:04X} 01 0:{unread:08X} 00:0 0 0 0 "
        f"{inode} 1 0 100 0 0 10 0"
    )


@pytest.mark.parametrize(
    ("unread", "inode", "is_read"), [(0, 77, True), (40, 77, False), (0, 0, False)]
)
def test_a_request_is_read_when_its_connection_is_taken_and_nothing_of_it_is_left(
    tmp_path, unread, inode, is_read
):
    rows = [row(ANY, 80, 76), connection(80, 41001, 0, 75), connection(80, 41000, unread, inode)]
    proc = container(tmp_path, rows, [])
    assert has_read(500, 80, 41000, proc=proc) is is_read


def test_of_a_connection_that_is_not_in_the_table_nothing_is_known(tmp_path):
    assert not has_read(500, 80, 41000, proc=container(tmp_path, [], []))
    assert not has_read(7, 80, 41000, proc=tmp_path / "none")
