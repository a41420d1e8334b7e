"""The cut network on this kernel, in a namespace of the test's own: no engine, but root."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import socket
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.errors import EngineError, HostError
from bench.egress import cut as module
from bench.egress.cut import DNS_STAND_IN, CutNetwork, why_not_cut
from bench.egress.ledger import Ledger
from bench.egress.namespace import inside, run_ip
from bench.journal.facts.contacts import Observation, WayOut
from bench.runtimes.workload import WorkloadState
from tests.egress import frames
from tests.fakes import FACTS, FakeRuntime, FakeWorkload, Script, local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.runtimes.specs import WorkloadSpec

HOST, OWN = "10.255.77.1", "10.255.77.2"
DEVICE = "cbtest0"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Holder(FakeRuntime):
    """An engine whose containers are in the namespace of one process."""

    def __init__(self, pid: int) -> None:
        super().__init__(Script())
        self._pid = pid

    def create(self, spec: WorkloadSpec) -> Joined:
        return Joined(self, super().create(spec).id, self._pid)


class Joined(FakeWorkload):
    """A container in the namespace of that process."""

    def __init__(self, runtime: FakeRuntime, name: str, pid: int) -> None:
        super().__init__(runtime, name)
        self._pid = pid

    def state(self) -> WorkloadState:
        return WorkloadState(
            running=True, pid=self._pid, address=OWN, exit_code=0, oom_killed=False, health=""
        )


@pytest.fixture
def room() -> Iterator[int]:
    """A process in a network namespace as an engine makes one: lo, and eth0 on the host's side."""
    process = subprocess.Popen(["unshare", "--net", "sleep", "60"])
    try:
        _await_namespace(process.pid)
        run_ip(
            [
                f"link add {DEVICE} type veth peer name eth0 netns {process.pid}",
                f"addr add {HOST}/24 dev {DEVICE}",
                f"link set {DEVICE} up",
            ]
        )
        inside(process.pid, _furnish)
        yield process.pid
    finally:
        process.kill()
        process.wait()
        _await(lambda: DEVICE not in [name for _, name in socket.if_nameindex()])


def _await_namespace(pid: int) -> None:
    own = _namespace("self")
    _await(lambda: _namespace(pid) != own)


def _namespace(process: int | str) -> int:
    return Path(f"/proc/{process}/ns/net").stat().st_ino


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _furnish() -> None:
    run_ip(
        [
            "link set lo up",
            "link set eth0 up",
            f"addr add {OWN}/24 dev eth0",
            f"route add default via {HOST}",
        ]
    )


class Room:
    """The cut namespace, and what was seen of what was done in it."""

    def __init__(self, pid: int, way_out: WayOut, *allow: str) -> None:
        self.pid = pid
        self.engine = Holder(pid)
        self.network = CutNetwork(self.engine, way_out)
        reachable = [ipaddress.ip_network(one) for one in allow]
        self.network.make("t0001-network", {"a": "b"}, {"index": "10.9.8.7"}, reachable)
        names = {ipaddress.ip_address("10.9.8.7"): ["index"]}
        self._watch = self.network.watch(Ledger((), names, stand_in=DNS_STAND_IN))
        self._watch.start()
        self._begun_ns = time.monotonic_ns()

    def do(self, action: Callable[[], Any]) -> Any:
        return inside(self.pid, action)

    def seen(self) -> Observation:
        return self._watch.finish(self._begun_ns)

    def tried(self) -> list[tuple[str, str]]:
        return [(one.kind, one.destination) for one in self.seen().attempts]


def connect(address: str, port: int, timeout_s: float = 0.2) -> str:
    """What becomes of a connection: `connected`, or the name of the error."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(timeout_s)
        try:
            one.connect((address, port))
        except OSError as error:
            return type(error).__name__
        return "connected"


def exchange(address: str, port: int, payload: bytes, timeout_s: float = 0.2) -> bytes | str:
    """The reply to a datagram, or the name of the error."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.settimeout(timeout_s)
        one.connect((address, port))
        try:
            one.send(payload)
            return one.recv(600)
        except OSError as error:
            return type(error).__name__


OUTSIDE = ["198.51.100.9", "10.9.8.7", "10.255.77.200", "2001:db8::9"]
"""Far away, a service, on its own network, and by IPv6."""


@needs_root
@pytest.mark.parametrize(
    ("way_out", "expected"),
    [(WayOut.REFUSED, "ConnectionRefusedError"), (WayOut.SILENT, "TimeoutError")],
)
def test_every_connection_leads_nowhere_and_is_seen(room, way_out, expected):
    here = Room(room, way_out)
    assert [here.do(partial(connect, to, 443)) for to in OUTSIDE] == [expected] * 4
    assert here.tried() == [
        ("tcp", "198.51.100.9:443"),
        ("tcp", "index:443"),
        ("tcp", "10.255.77.200:443"),
        ("tcp", "[2001:db8::9]:443"),
    ]


@needs_root
def test_names_do_not_exist_and_datagrams_are_refused_where_it_refuses(room):
    here = Room(room, WayOut.REFUSED)
    question = frames.question("a.example")
    reply = here.do(lambda: exchange(str(DNS_STAND_IN), 53, question))
    assert reply[3] & 0xF == 3
    for target in ("198.51.100.7", "2001:db8::7"):
        assert here.do(partial(exchange, target, 8125, b"x")) == "ConnectionRefusedError"
    assert here.tried() == [
        ("dns", "a.example"),
        ("udp", "198.51.100.7:8125"),
        ("udp", "[2001:db8::7]:8125"),
    ]


@needs_root
def test_nothing_answers_where_it_is_silent(room):
    here = Room(room, WayOut.SILENT)
    question = frames.question("a.example")
    assert here.do(lambda: exchange(str(DNS_STAND_IN), 53, question)) == "TimeoutError"
    assert here.tried() == [("dns", "a.example")]


@needs_root
@pytest.mark.parametrize("way_out", [WayOut.REFUSED, WayOut.SILENT])
def test_a_namespace_in_which_nothing_happens_is_quiet(room, way_out):
    here = Room(room, way_out)
    time.sleep(0.3)
    seen = here.seen()
    assert (seen.observed, seen.attempts, seen.dropped, seen.way_out) == (True, (), 0, way_out)


@needs_root
def test_loopback_is_untouched_and_no_contact(room):
    here = Room(room, WayOut.SILENT)

    def talk() -> list[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            own = connect(OWN, port)  # its own address, where nobody listens on this port
            return [connect("127.0.0.1", port), own, connect("::1", port)]

    first, own, six = here.do(talk)
    assert (first, own) == ("connected", "ConnectionRefusedError")
    assert six in ("ConnectionRefusedError", "OSError"), "never a time-out"
    assert here.tried() == []


@needs_root
def test_probes_from_the_host_reach_it_and_their_answers_are_no_contacts(room):
    here = Room(room, WayOut.SILENT)
    server = here.do(lambda: socket.create_server((OWN, 8080)))
    with server:
        assert connect(OWN, 8080) == "connected"
    assert here.tried() == []


@needs_root
def test_the_host_itself_is_outside(room):
    here = Room(room, WayOut.SILENT)
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        here.do(lambda: connect(HOST, port))
    assert here.tried() == [("tcp", f"{HOST}:{port}")]


@needs_root
def test_what_is_declared_is_routed_over_the_host_and_still_seen(room):
    run_ip(["addr add 10.255.78.1/32 dev lo"])
    try:
        with socket.create_server(("10.255.78.1", 0)) as server:
            port = server.getsockname()[1]
            here = Room(room, WayOut.SILENT, "10.255.78.0/24", "2001:db8::/32")
            assert here.do(lambda: connect("10.255.78.1", port)) == "connected"
            assert here.do(lambda: connect("2001:db8::9", port)) == "TimeoutError"
            assert here.tried()[0] == ("tcp", f"10.255.78.1:{port}")
    finally:
        run_ip(["addr del 10.255.78.1/32 dev lo"])


@needs_root
def test_the_holder_has_the_hosts_and_a_dns_server_that_leads_nowhere(room):
    here = Room(room, WayOut.SILENT)
    (made,) = here.engine.made
    assert made.spec.extra_hosts == {"index": "10.9.8.7"}
    assert made.spec.dns == (str(DNS_STAND_IN),)
    assert made.spec.labels == {"a": "b"}
    here.seen()
    here.network.remove()
    assert here.engine.leftovers == []


@needs_root
def test_who_tried_is_known_while_the_connection_waits(room):
    here = Room(room, WayOut.SILENT)
    code = "import socket; s = socket.socket(); s.settimeout(0.3); s.connect(('198.51.100.9', 1))"
    subprocess.run(
        ["nsenter", "--target", str(room), "--net", "python3", "-c", code],
        check=False,
        capture_output=True,
    )
    (one,) = here.seen().attempts
    assert one.process is not None
    assert one.process.startswith("python")


@needs_root
def test_a_namespace_that_cannot_be_cut_leaves_no_tap_open(room):
    inside(room, lambda: run_ip(["link set eth0 down"]))
    engine = Holder(room)
    network = CutNetwork(engine, WayOut.SILENT)
    before = _descriptors()
    with pytest.raises(HostError):
        network.make("t0001-network", {}, {}, [])
    assert _descriptors() == before
    network.remove()
    assert engine.leftovers == []


def test_a_holder_that_does_not_run_is_an_error():
    engine = FakeRuntime(Script(life_s=0.0))
    network = CutNetwork(engine, WayOut.SILENT)
    with pytest.raises(EngineError, match="is not running"):
        network.make("t0001-network", {}, {}, [])
    network.remove()
    assert engine.leftovers == []


def test_the_image_of_the_holder_is_made_once():
    engine = FakeRuntime(Script(life_s=0.0))
    for _ in range(2):
        with pytest.raises(EngineError):
            CutNetwork(engine, WayOut.SILENT).make("t0001-network", {"a": "b"}, {}, [])
    assert engine.order.count("import_rootfs") == 1
    _, tag, changes = engine.arguments_of("import_rootfs")[0]
    assert tag == "container-bench/pause:latest"
    assert changes == ('ENTRYPOINT ["/pause"]', "LABEL a=b")


@pytest.mark.parametrize(
    ("change", "mode", "why"),
    [
        ({}, "host", "shares the host's network"),
        ({"is_local": False}, "bridge", "under another kernel"),
        ({"security": ("name=rootless",)}, "bridge", "runs without root"),
        ({}, "bridge", ""),
    ],
)
def test_why_a_container_cannot_be_cut_off(monkeypatch, change, mode, why):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(module, "ip_program", lambda: "/sbin/ip")
    found = why_not_cut(dataclasses.replace(local(), **change), mode)
    assert why in found
    assert bool(found) is bool(why)


def test_cutting_off_needs_root_and_a_program(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "needs root" in why_not_cut(local())
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(module, "ip_program", lambda: None)
    assert "iproute2" in why_not_cut(local())
    monkeypatch.setattr(module, "ip_program", lambda: "/sbin/ip")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "riscv64" in why_not_cut(local())
    assert why_not_cut(FACTS)


def test_a_namespace_of_nobody_cannot_be_entered():
    with pytest.raises(HostError, match="cannot be entered"):
        inside(2**22 + 1, lambda: None)


@needs_root
def test_entering_a_namespace_moves_no_other_thread(room):
    own = _namespace("self")
    there = inside(room, lambda: _namespace("thread-self"))
    assert there != own
    assert _namespace("thread-self") == own
