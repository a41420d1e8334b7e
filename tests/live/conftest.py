"""A real engine for the tests, with an image of 2 MB that serves HTTP.

It is bench's private one unless `engines.py` is told of another.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.core.capability import Capability
from bench.results.run import Run, load_run
from bench.runtimes.known import connect
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.requirements import why_impossible
from bench.runtimes.protocol import LABEL
from tests.live import engines
from tests.programs import find, need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.runtimes.protocol import ContainerEngine

ANY_HOST = "max_other_load: any\nmax_steal: any\n"
BUSYBOX = "bench-test/busybox:latest"


@pytest.fixture(scope="session")
def private() -> PrivateEngine:
    impossible = why_impossible()
    if impossible:
        pytest.fail(f"the engine tests need the private engine: {impossible}")
    engine = PrivateEngine()
    engine.up(registry_alone=not engines.is_private())
    return engine


@pytest.fixture(scope="session")
def own_address(private: PrivateEngine) -> Iterator[str]:
    """Of an engine that is somebody's own; the private engine's builder may play that part."""
    if engines.is_private():
        yield private.address("building")
        return
    with engines.own_engine(private.registry_address()) as address:
        yield address


@pytest.fixture(scope="session")
def building(private: PrivateEngine, own_address: str):
    engine = connect(own_address, private.login())
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def measuring(private: PrivateEngine, own_address: str):
    address = private.address("measuring") if engines.is_private() else own_address
    engine = connect(address, private.login(), is_exclusive=engines.is_private())
    yield engine
    engine.close()


def _static_busybox() -> Path:
    need(busybox="busybox-static")
    path = find("busybox")
    assert path is not None
    return Path(path)


@pytest.fixture(scope="session")
def busybox(private: PrivateEngine, building: ContainerEngine, tmp_path_factory) -> str:
    """Reference of an image in the registry: a shell, httpd and dd, in one small layer."""
    folder = tmp_path_factory.mktemp("busybox")
    root = folder / "root"
    for name in ("bin", "www", "tmp", "dev", "etc"):
        (root / name).mkdir(parents=True)
    shutil.copy(_static_busybox(), root / "bin" / "busybox")
    for applet in ("sh", "httpd", "sleep", "dd", "echo", "cat", "nc", "mkdir", "true", "wget"):
        (root / "bin" / applet).symlink_to("busybox")
    (root / "www" / "healthz").write_text("ok\n")
    tar = folder / "rootfs.tar"
    with tarfile.open(tar, "w") as archive:
        archive.add(root, arcname=".")
    reference = f"{private.registry_address()}/{BUSYBOX}"
    building.images.import_rootfs(
        tar, reference, ('CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]', f"LABEL {LABEL}=kept")
    )
    building.images.push(reference)
    return reference


class Bench:
    """Runs the command line in a folder of its own, on the private engine or the one named."""

    def __init__(self, folder: Path, engine: str = "") -> None:
        self.folder = folder
        self._engine = {"BENCH_ENGINE": engine} if engine else {}

    def scenario(self, text: str, name: str = "s.yaml") -> Path:
        """A file with this text; a scenario in which other work of the host makes nothing invalid.

        A test of what bench does is not one of how quiet the host is: `test_busy_host.py` is.
        """
        path = self.folder / name
        path.write_text(f"{text.rstrip()}\n{ANY_HOST}" if "version: 1\n" in text else text)
        return path

    def _environment(self, environment: dict[str, str]) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if k not in ("BENCH_ENGINE", "DOCKER_HOST")}
        return clean | self._engine | environment

    def __call__(
        self, *arguments: str | Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bench", *map(str, arguments)],
            cwd=self.folder,
            env=self._environment(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=600 * engines.PATIENCE,
        )

    def begin(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bench", *map(str, arguments)],
            cwd=self.folder,
            env=self._environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def latest(self) -> Run:
        return load_run(self.folder / "reports" / "latest")

    def wait_for(self, text: str, process: subprocess.Popen[str], patience_s: float = 90) -> None:
        """Wait until the journal of the running process holds `text`."""
        self._wait(lambda journal: text in journal, text, process, patience_s)

    def wait_for_phase(self, case: str, phase: str, process: subprocess.Popen[str]) -> None:
        """Wait until a trial of `case` has ended `phase`; trials of other cases may come before."""

        def has_come(journal: str) -> bool:
            _, begun, rest = journal.partition(f'"key":{{"case":"{case}"')
            return bool(begun) and f'"phase":"{phase}"' in rest

        self._wait(has_come, f"{phase} of {case}", process, 90)

    def _wait(
        self,
        has_come: Callable[[str], bool],
        what: str,
        process: subprocess.Popen[str],
        patience_s: float,
    ) -> None:
        deadline = time.monotonic() + patience_s * engines.PATIENCE
        journal = self.folder / "reports" / "latest" / "events.jsonl"
        while time.monotonic() < deadline and process.poll() is None:
            if journal.exists() and has_come(journal.read_text(errors="replace")):
                return
            time.sleep(0.05)
        process.kill()
        pytest.fail(f"{what!r} never came; stderr: {process.communicate()[1][-2000:]}")


@pytest.fixture
def health_checks(measuring: ContainerEngine) -> None:
    """Leave the test out where the engine makes none."""
    impossible = measuring.capabilities.why_not(Capability.HEALTH_CHECKS)
    if impossible:
        pytest.skip(impossible)


@pytest.fixture(scope="session")
def chosen(own_address: str) -> str:
    """What `Bench` is to be told of its engine."""
    return "" if engines.is_private() else own_address


@pytest.fixture
def bench(chosen: str, tmp_path: Path) -> Bench:
    return Bench(tmp_path, chosen)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items) -> None:
    private_only = pytest.mark.skip(reason="stands on what only the private engine can do")
    no_times = pytest.mark.skip(reason="times mean nothing on this machine")
    for item in items:
        if "tests/live" not in str(item.path):
            continue
        item.add_marker(pytest.mark.engine)
        if item.get_closest_marker("private") and not engines.is_private():
            item.add_marker(private_only)
        if item.get_closest_marker("times") and engines.PATIENCE > 1:
            item.add_marker(no_times)
