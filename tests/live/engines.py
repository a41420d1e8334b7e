"""Which engine the tests run on, and how patient they are with it; said by the environment.

`BENCH_TEST_ENGINE` is `private` where it is not set. `podman` is a Podman service that the tests
start for themselves; an address is somebody's own engine. `BENCH_TEST_PATIENCE` says how many
times slower than a real machine this one is: above 1, tests of times are left out.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.cgroup.mounts import CgroupVersion, find_mounts
from bench.runtimes.managed.daemon import Daemon
from bench.runtimes.managed.ping import docker_answers
from tests.programs import find, need

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE = os.environ.get("BENCH_TEST_ENGINE", "private")
PATIENCE = float(os.environ.get("BENCH_TEST_PATIENCE", "1"))

_START_TIMEOUT_S = 30 * PATIENCE

_CONTAINERS_CONF = """\
[containers]
{limits}
[engine]
cgroup_manager = "{manager}"
events_logger = "file"
{runtime}
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
_ON_CGROUP_V1 = {
    # crun, the default, does not start there without the right to raise limits
    "runtime": 'runtime = "runc"',
    "limits": 'default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]',
}
_REGISTRIES_CONF = """\
[[registry]]
location = "{registry}"
insecure = true
"""


def is_private() -> bool:
    """Whether the tests run on bench's own engine."""
    return ENGINE == "private"


own_builder = pytest.mark.skipif(not is_private(), reason="Podman builds by a builder of its own")
"""Marks tests of what bench builds by its own builder."""


@contextmanager
def own_engine(registry: str) -> Iterator[str]:
    """The address of the engine to test on where it is not bench's own."""
    if ENGINE != "podman":
        yield ENGINE
        return
    with (
        tempfile.TemporaryDirectory(prefix="bench-podman-", dir="/var/tmp") as folder,
        podman_service(Path(folder), registry) as address,
    ):
        yield address


@contextmanager
def podman_service(folder: Path, registry: str) -> Iterator[str]:
    """A Podman service with nothing of the host's own Podman in it; gives its address.

    Args:
        folder: for its store, its configuration and its socket; a short path.
        registry: host:port that it is to reach without TLS.
    """
    need(
        podman="podman", netavark="netavark", aardvark_dns="aardvark-dns", runc="runc",
        iptables="iptables",
    )  # fmt: skip
    mounts = find_mounts()
    is_v1 = mounts is not None and mounts.version is CgroupVersion.V1
    own = _ON_CGROUP_V1 if is_v1 else dict.fromkeys(_ON_CGROUP_V1, "")
    manager = "systemd" if Path("/run/systemd/system").is_dir() else "cgroupfs"
    (folder / "containers.conf").write_text(
        _CONTAINERS_CONF.format(folder=folder, manager=manager, **own)
    )
    (folder / "registries.conf").write_text(_REGISTRIES_CONF.format(registry=registry))
    socket = folder / "podman.sock"
    daemon = Daemon(
        name="podman",
        arguments=(
            # its conmon leaves a file `oom` where it was started, when one is killed for memory
            "env", f"--chdir={folder}", find("podman") or "podman",
            "--root", f"{folder}/root",
            "--runroot", f"{folder}/runroot",
            "--tmpdir", f"{folder}/tmp",
            "system", "service", "--time", "0", f"unix://{socket}",
        ),
        marker=str(socket),
        pid_file=folder / "podman.pid",
        log_file=folder / "podman.log",
        environment=(
            ("CONTAINERS_CONF", f"{folder}/containers.conf"),
            ("CONTAINERS_REGISTRIES_CONF", f"{folder}/registries.conf"),
            ("TMPDIR", str(folder)),  # it leaves a file there for each image loaded
        ),
    )  # fmt: skip
    daemon.start()
    try:
        if not daemon.comes_up(lambda: docker_answers(socket), _START_TIMEOUT_S):
            raise RuntimeError(f"podman did not come up:\n    {daemon.log_tail()}")
        yield f"unix://{socket}"
    finally:
        daemon.stop()
        _unmount_below(folder)


def _unmount_below(folder: Path) -> None:
    """Podman leaves its store mounted."""
    targets = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for target in reversed([one for one in targets if Path(one).is_relative_to(folder)]):
        subprocess.run(["umount", target], check=True)
