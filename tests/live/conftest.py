"""A real engine for the tests: bench's private one, with an image of 2 MB that serves HTTP."""

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

from bench.engine.docker import DockerEngine
from bench.engine.private import PrivateEngine, why_impossible
from bench.engine.protocol import LABEL
from bench.results.run import Run, load_run

if TYPE_CHECKING:
    from collections.abc import Callable

BUSYBOX = "bench-test/busybox:latest"


@pytest.fixture(scope="session")
def private() -> PrivateEngine:
    impossible = why_impossible()
    if impossible:
        pytest.fail(f"the engine tests need the private engine: {impossible}")
    engine = PrivateEngine()
    engine.up()
    return engine


@pytest.fixture(scope="session")
def building(private: PrivateEngine):
    engine = DockerEngine(private.address("building"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def measuring(private: PrivateEngine):
    engine = DockerEngine(private.address("measuring"))
    yield engine
    engine.close()


def _static_busybox() -> Path:
    path = shutil.which("busybox")
    if path is None:
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "busybox-static"],
            check=True,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
        )
        path = shutil.which("busybox")
    assert path is not None
    return Path(path)


@pytest.fixture(scope="session")
def busybox(private: PrivateEngine, building: DockerEngine, tmp_path_factory) -> str:
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
    building.import_rootfs(
        tar, reference, ('CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]', f"LABEL {LABEL}=kept")
    )
    building.push(reference)
    return reference


class Bench:
    """Runs the command line in a folder of its own, on the private engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def scenario(self, text: str, name: str = "s.yaml") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def _environment(self, environment: dict[str, str]) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if k not in ("BENCH_ENGINE", "DOCKER_HOST")}
        return clean | environment

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
            timeout=300,
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
        deadline = time.monotonic() + patience_s
        journal = self.folder / "reports" / "latest" / "events.jsonl"
        while time.monotonic() < deadline and process.poll() is None:
            if journal.exists() and has_come(journal.read_text(errors="replace")):
                return
            time.sleep(0.05)
        process.kill()
        pytest.fail(f"{what!r} never came; stderr: {process.communicate()[1][-2000:]}")


@pytest.fixture
def bench(private: PrivateEngine, tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if "tests/live" in str(item.path):
            item.add_marker(pytest.mark.engine)
