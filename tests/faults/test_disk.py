"""Disks that are full: that of the run's folder, and that of an engine."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.runtimes.known import connect
from bench.runtimes.managed.ping import docker_answers
from tests.faults.checks import left, of
from tests.faults.images import put_image

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

SCENARIO = """
version: 1
name: full
defaults:
  repeat: 2
  image: {image}
  cache: {cache}
  observe: 3s
  stop_grace_period: 1s
  volumes: ["data:/data"]
  ready: {ready}
cases:
  web: {{{case}}}
thresholds: {{ready_s: "<= 30s"}}
"""
HTTP = "{http: {port: 8080, path: /healthz}, timeout: 15s}"
STORE_MIB = 24


def fill(folder: Path) -> None:
    """Leave no byte on the disk of `folder`."""
    with (folder / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_run_whose_folder_is_full_ends_with_a_remedy_and_is_finished_after_it(
    bench, busybox, measuring, building, small_disk
):
    text = SCENARIO.format(image=busybox, cache="cold", ready=HTTP, case="")
    path = bench.scenario(text)
    (bench.folder / "reports").symlink_to(small_disk)
    process = bench.begin("run", path, "--progress", "quiet")
    bench.wait_for_phase("web", "ready", process)
    fill(small_disk)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    assert "the journal cannot be written: No space left on device" in errors
    assert "free some disk space" in errors
    assert "--resume" in errors
    cut = bench.latest()
    assert cut.outcome == "cut off"
    assert [one.status for one in of(cut, "web")][-1] == "interrupted"
    assert left(cut.run_id, measuring, building) == []

    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    resumed = bench("run", "--resume", "latest", "--progress", "quiet")
    assert resumed.returncode == 0, resumed.stderr
    run = bench.latest()
    assert [str(one.status) for one in of(run, "web")].count("ok") == 2
    assert left(run.run_id, measuring, building) == []


def test_a_folder_that_is_full_from_the_start_begins_no_run(bench, busybox, measuring, small_disk):
    text = SCENARIO.format(image=busybox, cache="cold", ready=HTTP, case="")
    fill(small_disk)
    done = bench("run", bench.scenario(text), "--out", small_disk)
    assert done.returncode == 3, done.stderr
    assert "No space left on device" in done.stderr
    assert "what to do" in done.stderr
    (folder,) = [one for one in small_disk.iterdir() if one.is_dir()]
    assert left(folder.name, measuring) == []


def test_reports_that_do_not_fit_do_not_lose_the_journal(bench, busybox, measuring, small_disk):
    text = SCENARIO.format(image=busybox, cache="warm", ready=HTTP, case="observe: 0s, repeat: 1")
    subprocess.run(["mount", "-o", "remount,size=100k", str(small_disk)], check=True)
    done = bench("run", bench.scenario(text), "--out", small_disk, "--progress", "quiet")
    assert done.returncode == 3, done.stderr
    assert "cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert bench("report", small_disk / "latest", "--format", "md", "-o", "-").returncode == 0


@pytest.fixture
def small_engine(tmp_path) -> Iterator[str]:
    """Somebody's own engine, with a store of a few MiB on a disk of its own."""
    folder = Path(tempfile.mkdtemp(prefix="small-"))  # sockets have short paths
    size = f"size={STORE_MIB}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    socket = folder / "docker.sock"
    (tmp_path / "daemon.json").write_text("{}")
    with (tmp_path / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(
            [
                shutil.which("dockerd", path="/usr/sbin:/usr/bin:/sbin") or "dockerd",
                "--config-file", str(tmp_path / "daemon.json"),
                "--data-root", str(folder / "root"),
                "--exec-root", str(folder / "exec"),
                "--pidfile", str(folder / "pid"),
                "--host", f"unix://{socket}",
                "--bridge", "none",
                "--max-download-attempts", "1",
                "--iptables=false",
                "--ip-masq=false",
            ],
            stdout=log,
            stderr=log,
        )  # fmt: skip
    deadline = time.monotonic() + 30
    while not docker_answers(socket):
        assert daemon.poll() is None, (tmp_path / "dockerd.log").read_text()[-2000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"unix://{socket}"
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(30)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def test_an_engine_whose_store_is_full(bench, private, small_engine):
    noise = random.Random(1).randbytes(STORE_MIB * 2**20)
    image = put_image(private, "faults/large", layers=2, random_bytes=noise)
    text = SCENARIO.format(
        image=image, cache="warm", ready="{log: up}", case="network_mode: none, command: [echo, up]"
    )
    done = bench("run", bench.scenario(text), "--engine", small_engine, "--progress", "quiet")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "no space left on device" in done.stdout + done.stderr
    run = bench.latest()
    assert "no space left on device" in run.failed_images["web"]
    assert of(run, "web") == []
    assert {str(one.verdict) for one in run.verdicts} == {"error"}
    engine = connect(small_engine)
    try:
        assert left(run.run_id, engine) == []
    finally:
        engine.close()
