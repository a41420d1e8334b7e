"""Which engine is used, and that what was named is used or nothing."""

from __future__ import annotations

import os
import socket

import pytest

from bench.core.errors import EngineUnavailableError, HostError
from bench.runtimes import known, select
from bench.runtimes.known import connect
from bench.runtimes.managed.daemons import Paths
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.registry import Registry
from bench.runtimes.select import Choice, Session, choose, open_session

POSSIBLE = None
IMPOSSIBLE = EngineUnavailableError("private engine", "it needs root", "run bench as root")


@pytest.fixture
def host(monkeypatch, tmp_path):
    """A host on which nothing is found; tests put things there."""

    class Host:
        docker = tmp_path / "docker.sock"
        podman = tmp_path / "podman.sock"

        @staticmethod
        def private(reason: EngineUnavailableError | None) -> None:
            monkeypatch.setattr(select, "why_impossible", lambda: reason)

        @staticmethod
        def serves(path) -> str:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
            return f"unix://{path}"

    Host.private(IMPOSSIBLE)
    monkeypatch.setattr(known, "DOCKER_SOCKET", f"unix://{Host.docker}")
    monkeypatch.setattr(known, "PODMAN_SOCKET", f"unix://{Host.podman}")
    return Host


def test_the_option_comes_before_everything(host):
    environ = {"BENCH_ENGINE": "podman", "DOCKER_HOST": "tcp://host:2376"}
    choice = choose("tcp://other:2376", environ)
    assert choice == Choice("tcp://other:2376", explicit=True, origin="--engine")


def test_bench_engine_comes_before_docker_host(host):
    environ = {"BENCH_ENGINE": "private", "DOCKER_HOST": "tcp://host:2376"}
    assert choose(None, environ) == Choice("private", explicit=True, origin="BENCH_ENGINE")


def test_docker_host_comes_before_what_is_found(host):
    host.private(POSSIBLE)
    host.serves(host.docker)
    choice = choose(None, {"DOCKER_HOST": "unix:///run/other.sock"})
    assert choice == Choice("unix:///run/other.sock", explicit=True, origin="DOCKER_HOST")


def test_the_private_engine_comes_before_any_socket(host):
    host.private(POSSIBLE)
    host.serves(host.docker)
    assert choose(None, {}) == Choice("private", explicit=False, origin="found")


def test_without_it_the_docker_socket_comes_before_podmans(host):
    address = host.serves(host.docker)
    host.serves(host.podman)
    assert choose(None, {}) == Choice(address, explicit=False, origin="found")


def test_podmans_socket_is_the_last_resort(host):
    address = host.serves(host.podman)
    assert choose(None, {}).address == address


def test_a_users_own_podman_comes_before_the_systems(host, tmp_path):
    host.serves(host.podman)
    (tmp_path / "podman").mkdir()
    own = host.serves(tmp_path / "podman" / "podman.sock")
    assert choose(None, {"XDG_RUNTIME_DIR": str(tmp_path)}).address == own
    assert choose("podman", {"XDG_RUNTIME_DIR": str(tmp_path)}).address == own


def test_where_nothing_is_found_the_private_engine_says_what_is_missing(host):
    choice = choose(None, {})
    assert choice == Choice("private", explicit=False, origin="found")
    with (
        pytest.raises(EngineUnavailableError, match="needs root"),
        open_session(choice, "test", pytest.fail),
    ):
        pass


def test_a_socket_in_a_folder_of_somebody_elses_is_passed_over(host, monkeypatch):
    address = host.serves(host.podman)
    real = os.stat

    def stat(path, *args, **options):
        if str(path) == str(host.docker):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "stat", stat)
    assert choose(None, {}).address == address


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("private", "private"),
        ("unix:///run/docker.sock", "unix:///run/docker.sock"),
        ("/run/docker.sock", "unix:///run/docker.sock"),
        ("tcp://host:2376", "tcp://host:2376"),
    ],
)
def test_an_engine_is_named_in_several_ways(host, value, address):
    assert choose(value, {}).address == address
    assert choose(None, {"BENCH_ENGINE": value}).address == address


def test_docker_and_podman_are_their_usual_sockets(host):
    assert choose("docker", {}).address == f"unix://{host.docker}"
    assert choose("podman", {}).address == f"unix://{host.podman}"


def test_an_unknown_name_lists_the_known_ones(host):
    with pytest.raises(EngineUnavailableError, match="dokcer") as caught:
        choose("dokcer", {})
    assert "private, docker, podman" in caught.value.remedy
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("named", ["docker", "podman", "tcp://127.0.0.1:1", "/nowhere/docker.sock"])
def test_what_was_named_and_is_absent_never_falls_through(host, monkeypatch, tmp_path, named):
    monkeypatch.setattr(
        select, "PrivateEngine", lambda: PrivateEngine(Paths(tmp_path / "s", tmp_path / "r"))
    )
    monkeypatch.setattr(PrivateEngine, "up", lambda *_, **__: pytest.fail("started another"))
    choice = choose(named, {})
    with pytest.raises(EngineUnavailableError), open_session(choice, "test", pytest.fail):
        pytest.fail("got an engine")


@pytest.fixture
def beside(monkeypatch, tmp_path):
    """The private daemons beside somebody's own engine; nothing of it is really started."""
    started: list[str] = []

    def up(_: PrivateEngine, *, registry_alone: bool = False) -> None:
        started.append("registry" if registry_alone else "all")

    monkeypatch.setattr(
        select, "PrivateEngine", lambda: PrivateEngine(Paths(tmp_path / "s", tmp_path / "r"))
    )
    monkeypatch.setattr(PrivateEngine, "up", up)
    monkeypatch.setattr(PrivateEngine, "registry_address", lambda _: "127.0.0.1:5599")
    return started


def test_beside_somebodys_own_engine_only_the_registry_is_started(beside, daemon):
    choice = Choice(daemon.address, explicit=True, origin="--engine")
    with open_session(choice, "test", pytest.fail) as session:
        assert session.measuring is session.building
        assert session.measuring.info.address == daemon.address
        assert session.users_engine() is session.measuring
        assert session.registry.address == "127.0.0.1:5599"
        assert not session.is_exclusive
        session.revive()
    assert beside == ["registry", "registry"]


def test_a_registry_that_cannot_be_started_is_named_as_such(beside, daemon, monkeypatch):
    def fail(*_, **__):
        raise HostError("registry", "no free port on loopback", "free one")

    monkeypatch.setattr(PrivateEngine, "up", fail)
    choice = Choice(daemon.address, explicit=True, origin="--engine")
    with (
        pytest.raises(EngineUnavailableError, match=r"registry of its own.*no free port") as caught,
        open_session(choice, "test", pytest.fail),
    ):
        pass
    assert caught.value.remedy == "free one"


def test_a_private_session_holds_the_engine_and_may_wipe_it(beside, daemon, host, monkeypatch):
    host.private(POSSIBLE)
    monkeypatch.setattr(PrivateEngine, "address", lambda *_: daemon.address)
    choice = Choice("private", explicit=False, origin="found")
    with open_session(choice, "bench run a.yaml", pytest.fail) as session:
        assert session.is_exclusive
        assert session.measuring is not session.building
        assert "a.yaml" in session.private.paths.lock.read_text()
        assert session.users_engine() is None  # no Docker socket on this host
    assert beside == ["all"]


def test_an_error_inside_a_session_comes_out_as_it_was(beside, daemon):
    choice = Choice(daemon.address, explicit=True, origin="--engine")
    with pytest.raises(ZeroDivisionError), open_session(choice, "test", pytest.fail):
        raise ZeroDivisionError


def test_images_of_the_user_are_reached_by_the_docker_socket(host, monkeypatch, daemon, private):
    monkeypatch.setattr(known, "DOCKER_SOCKET", daemon.address)
    registry = Registry("127.0.0.1:5599")
    engine = connect(daemon.address)
    choice = Choice("private", explicit=False, origin="found")
    session = Session(choice, engine, engine, registry, private)
    own = session.users_engine()
    assert own is not None
    assert own.info.address == daemon.address
    own.close()
    engine.close()
    registry.close()


@pytest.fixture
def private(tmp_path) -> PrivateEngine:
    return PrivateEngine(Paths(tmp_path / "s", tmp_path / "r"))


def test_plain_processes_need_no_engine_unless_bench_is_told_of_one(host):
    assert choose(None, {"DOCKER_HOST": "tcp://host:2376"}, plain=True).runs_images is False
    assert choose(None, {"BENCH_ENGINE": "podman"}, plain=True).address.endswith("podman.sock")


def test_a_session_without_containers_starts_nothing_and_holds_the_lock(monkeypatch, tmp_path):
    paths = Paths(tmp_path / "s", tmp_path / "r")
    monkeypatch.setattr(select, "PrivateEngine", lambda: PrivateEngine(paths))
    monkeypatch.setattr("bench.runtimes.process.runtime.why_no_processes", lambda: None)
    monkeypatch.setattr(PrivateEngine, "up", lambda *_, **__: pytest.fail("started an engine"))
    choice = Choice("host", explicit=True, origin="--engine")
    with open_session(choice, "bench run a.yaml", pytest.fail) as session:
        assert session.measuring is session.building is session.host
        assert session.measuring.info.kind == "host"
        assert not session.is_exclusive
        assert "a.yaml" in paths.lock.read_text()


def test_without_root_the_host_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    choice = Choice("host", explicit=True, origin="--engine")
    with (
        pytest.raises(EngineUnavailableError, match="need root"),
        open_session(choice, "test", pytest.fail),
    ):
        pass
