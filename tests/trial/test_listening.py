"""Which ports a container listens on: from made-up tables of the kernel, and from this process."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from bench.scenario.model import Ready
from bench.trial.listening import Listener, asked_ports, listeners, port_words
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
        {"all": [{"log": "up"}, {"http": {"port": 80}}, {"tcp": {"port": 90}}]}
    )
    assert asked_ports(ready) == [80, 90]
    assert asked_ports(Ready.model_validate({"exec": "true"})) == []
