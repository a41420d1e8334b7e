"""Unix sockets in the files of a container, and paths as it sees them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.core.clock import SystemClock
from bench.core.errors import HostError
from bench.observe.inside import open_below
from bench.probes.dial import Dialer, Endpoint
from bench.probes.http import HttpProbe
from bench.probes.tcp import TcpProbe
from bench.scenario.probes import HttpProbeSpec as HttpModel
from tests.probes.servers import Answering, saying

CLOCK = SystemClock()


def opened(root: Path, path: str) -> Path:
    """What `path` leads to below `root`."""
    found = open_below(root, path)
    try:
        return Path(f"/proc/self/fd/{found}").readlink()
    finally:
        os.close(found)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of a container: /var/run is a link to /run, as in Debian's images."""
    folder = tmp_path / "root"
    (folder / "run" / "app").mkdir(parents=True)
    (folder / "var").mkdir()
    (folder / "run" / "app" / "app.sock").touch()
    (folder / "var" / "run").symlink_to("/run")
    (folder / "run" / "current").symlink_to("app")
    (folder / "run" / "up").symlink_to("../../../../run/app")
    (folder / "run" / "around").symlink_to("around")
    return folder


@pytest.mark.parametrize(
    "path",
    [
        "/run/app/app.sock",
        "//run/./app/../app/app.sock",
        "/var/run/app/app.sock",
        "/run/current/app.sock",
        "/run/up/app.sock",
        "/../../run/app/app.sock",
    ],
)
def test_links_lead_to_where_they_lead_in_the_container(root, path):
    assert opened(root, path) == root / "run" / "app" / "app.sock"


@pytest.mark.parametrize("path", ["/run/none", "/run/around/x", "/run/app/app.sock/x"])
def test_what_is_not_there_is_an_error(root, path):
    with pytest.raises(OSError, match=r"No such file|Too many levels|Not a directory"):
        open_below(root, path)


def test_no_descriptor_is_left_open(root):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("/var/run/app/app.sock", "/run/none", "/run/around/x"):
        try:
            os.close(open_below(root, path))
        except OSError:
            continue
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def inside(path: Path, pid: int | None = None) -> Endpoint:
    return Endpoint("", path=str(path), pid=os.getpid() if pid is None else pid)


def test_a_request_over_a_unix_socket_is_answered(tmp_path):
    path = tmp_path / ("x" * 150 + ".sock")  # longer than the address of a socket may be
    short = tmp_path / "s"
    with Answering(saying(b"HTTP/1.1 200 OK\r\n\r\n"), short):
        short.rename(path)
        model = HttpModel(socket=str(path))
        attempt = HttpProbe(model, inside(path), CLOCK).attempt(5.0)
        assert attempt.ok, attempt.detail
        assert attempt.connected_ns is not None
        assert TcpProbe(inside(path), CLOCK).attempt(5.0).ok


def test_a_socket_that_is_not_there_yet_is_a_refusal(tmp_path):
    attempt = TcpProbe(inside(tmp_path / "none"), CLOCK).attempt(5.0)
    assert (attempt.ok, attempt.detail) == (False, "No such file or directory")


def test_a_socket_that_nobody_listens_on_is_a_refusal(tmp_path):
    (tmp_path / "file").touch()
    attempt = TcpProbe(inside(tmp_path / "file"), CLOCK).attempt(5.0)
    assert (attempt.ok, attempt.detail) == (False, "Connection refused")


def test_where_bench_may_not_look_into_the_container_that_is_no_refusal_but_an_error(
    tmp_path, monkeypatch
):
    def refused(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bench.probes.dial.open_inside", refused)
    with pytest.raises(HostError, match="only root may look into") as error:
        TcpProbe(inside(tmp_path), CLOCK).attempt(5.0)
    assert "run bench as root, or use `exec`" in error.value.remedy


def test_the_files_of_a_container_elsewhere_cannot_be_reached(tmp_path):
    dialer = Dialer(inside(tmp_path, 0), CLOCK)
    with pytest.raises(HostError, match="no process of this host"), dialer.connection(1.0):
        pass
