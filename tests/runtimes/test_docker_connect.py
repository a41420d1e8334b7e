"""Reaching an engine: what it says of itself, and why it cannot be reached."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
import requests
import urllib3
from docker.errors import DockerException, StreamParseError

from bench.core.errors import (
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    PullError,
)
from bench.runtimes.docker.connect import translated, unreachable
from bench.runtimes.known import connect
from tests.runtimes.fake_docker import INFO, VERSION, FakeDocker, answer, hang_up, refusal

if TYPE_CHECKING:
    from bench.runtimes.protocol import RuntimeInfo


def test_an_engine_says_what_it_is(daemon):
    engine = connect(daemon.address)
    facts = engine.info
    engine.close()
    assert (facts.kind, facts.version, facts.api_version) == ("docker", "20.10.24", "1.41")
    assert (facts.storage_driver, facts.image_store) == ("overlay2", "graphdriver")
    assert (facts.cgroup_driver, facts.cgroup_version) == ("cgroupfs", "1")
    assert (facts.cpus, facts.memory_bytes) == (2, 25_000_000_000)
    assert facts.address == daemon.address


def facts_with(daemon: FakeDocker, **changes: Any) -> RuntimeInfo:
    daemon.on("GET", "/info", answer(INFO | changes))
    engine = connect(daemon.address)
    engine.close()
    return engine.info


def test_an_engine_under_this_kernel_is_local(daemon):
    assert facts_with(daemon, KernelVersion=os.uname().release).is_local


def test_an_engine_in_a_virtual_machine_is_not_local(daemon):
    assert not facts_with(daemon, KernelVersion="5.15.90.1-microsoft-standard-WSL2").is_local


def test_the_containerd_store_is_told_from_the_graph_drivers(daemon):
    status = [["driver-type", "io.containerd.snapshotter.v1"]]
    facts = facts_with(daemon, Driver="overlayfs", DriverStatus=status)
    assert facts.image_store == "containerd"


def test_podman_behind_the_same_interface_is_told_apart(daemon):
    daemon.on("GET", "/version", answer(VERSION | {"Components": [{"Name": "Podman Engine"}]}))
    assert facts_with(daemon, DriverStatus=None).kind == "podman"


@pytest.mark.parametrize(
    ("options", "bridge"), [({"com.docker.network.bridge.name": "docker0"}, "docker0"), (None, "")]
)
def test_an_engine_says_which_bridge_its_containers_are_on(daemon, options, bridge):
    daemon.on("GET", "/networks/bridge", answer({"Options": options}))
    assert facts_with(daemon).bridge == bridge


@pytest.mark.parametrize(
    ("said", "bridge"),
    [
        (answer({"name": "podman", "network_interface": "podman0"}), "podman0"),
        (answer({"name": "podman"}), ""),
        (refusal(400, "given version is not supported"), ""),
    ],
)
def test_podman_says_it_in_its_own_api(daemon, said, bridge):
    daemon.on("GET", "/version", answer(VERSION | {"Components": [{"Name": "Podman Engine"}]}))
    daemon.on("GET", "/networks/podman", answer({"Options": {}}))
    daemon.on("GET", "/libpod/networks/podman/json", said)
    assert facts_with(daemon).bridge == bridge


def test_an_engine_without_a_default_network_is_an_engine_all_the_same(daemon):
    assert facts_with(daemon).bridge == ""


def test_without_a_socket_the_remedy_is_to_start_the_engine(tmp_path):
    with pytest.raises(EngineUnavailableError, match="no socket at this address") as caught:
        connect(f"unix://{tmp_path}/docker.sock")
    assert "bench engine up" in caught.value.remedy


def test_nobody_listens_at_a_plain_file(tmp_path):
    (tmp_path / "docker.sock").write_text("")
    with pytest.raises(EngineUnavailableError, match="nobody listens"):
        connect(f"unix://{tmp_path}/docker.sock")


def test_nobody_listens_at_a_closed_port():
    with socket.socket() as held:  # bound and not listening: refused, and nobody else takes it
        held.bind(("127.0.0.1", 0))
        with pytest.raises(EngineUnavailableError, match="nobody listens"):
            connect(f"tcp://127.0.0.1:{held.getsockname()[1]}")


def test_a_socket_of_another_group_needs_permission(monkeypatch):
    inner = urllib3.exceptions.ProtocolError(
        "Connection aborted.", PermissionError(13, "Permission denied")
    )
    outer = DockerException("Error while fetching server API version")
    outer.__cause__ = requests.exceptions.ConnectionError(inner)

    def refuse(**_):
        raise outer

    monkeypatch.setattr("bench.runtimes.docker.connect._Client", refuse)
    with pytest.raises(EngineUnavailableError, match="may not be opened by this user") as caught:
        connect("unix:///var/run/docker.sock")
    assert "group" in caught.value.remedy


def test_an_engine_with_an_old_api_is_refused(daemon):
    daemon.on("GET", "/version", answer({"ApiVersion": "1.39", "Version": "18.09"}))
    with pytest.raises(EngineUnavailableError, match=r"1\.39 is too old") as caught:
        connect(daemon.address)
    assert "1.40" in caught.value.remedy


@pytest.mark.parametrize("reply", [answer({}), answer([]), refusal(500, "boom"), hang_up])
def test_what_is_no_engine_is_unavailable(daemon, reply):
    daemon.on("GET", "/version", reply)
    with pytest.raises(EngineUnavailableError):
        connect(daemon.address)


def test_an_engine_that_cannot_describe_itself_is_an_error(daemon):
    daemon.on("GET", "/info", refusal(500, "boom"))
    with pytest.raises(EngineError, match="boom"):
        connect(daemon.address)


@pytest.mark.parametrize("address", ["foo://somewhere", "tcp://", "unix://", "ssh://host", ""])
def test_an_address_that_cannot_be_one_is_unavailable(monkeypatch, tmp_path, address):
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "")
    with pytest.raises(EngineUnavailableError) as caught:
        connect(address)
    assert caught.value.remedy


def test_an_error_without_words_still_has_an_explanation():
    error = unreachable("tcp://host:1", ValueError())
    assert "ValueError" in error.cause


@pytest.mark.parametrize(
    "raised",
    [
        requests.exceptions.ReadTimeout("read"),
        requests.exceptions.ConnectionError("UnixHTTPConnectionPool: Read timed out."),
        urllib3.exceptions.ReadTimeoutError(None, "", "Read timed out."),  # type: ignore[arg-type]
        TimeoutError("timed out"),
    ],
)
def test_every_timeout_of_the_sdk_is_the_same_one(raised):
    with pytest.raises(EngineTimeoutError), translated("web", "unix:///s"):
        raise raised


@pytest.mark.parametrize(
    "raised",
    [
        requests.exceptions.ConnectionError("Connection aborted."),
        urllib3.exceptions.ProtocolError("Connection broken: IncompleteRead"),
        ConnectionResetError(104, "Connection reset by peer"),
        BrokenPipeError(32, "Broken pipe"),
        StreamParseError("Unterminated string"),
    ],
)
def test_a_connection_that_breaks_means_no_engine(raised):
    with pytest.raises(EngineUnavailableError, match="unix:///s"), translated("web", "unix:///s"):
        raise raised


@pytest.mark.parametrize(
    "raised", [DockerException("bad argument"), OSError(28, "No space left on device")]
)
def test_a_fault_on_this_side_keeps_its_own_words(raised):
    with pytest.raises(EngineError) as caught, translated("web", "unix:///s"):
        raise raised
    assert not isinstance(caught.value, EngineUnavailableError)
    assert str(raised) in caught.value.cause
    assert caught.value.__cause__ is raised


def test_errors_of_bench_pass_through():
    with pytest.raises(PullError, match="as it was"), translated("web", "unix:///s"):
        raise PullError("web", "as it was")
