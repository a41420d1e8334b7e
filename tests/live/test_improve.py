"""`bench improve` on a small image: built, tried, measured, and the diff on stdout."""

from __future__ import annotations

import subprocess

import pytest

from bench.results.run import load_run

pytestmark = pytest.mark.engine

SCENARIO = """
version: 1
name: small
cases:
  image:
    build: {context: image}
    repeat: 1
    cache: image
    ready: {log: ready, timeout: 30s}
    observe: 0s
    stop_grace_period: 1s
"""
SCRIPT = "#!/bin/sh\nhttpd -p 8080\necho ready\nsleep 600\n"
MENDED = "#!/bin/sh\nhttpd -p 8080\necho ready\nexec sleep 600\n"


def test_the_mends_that_work_are_measured_and_printed_as_a_diff(bench, busybox):
    folder = bench.folder / "image"
    folder.mkdir()
    text = f"FROM {busybox}\nWORKDIR /srv\nCOPY . .\nCMD sh start.sh\n"
    (folder / "Dockerfile").write_text(text)
    (folder / "start.sh").write_text(SCRIPT)
    done = bench(
        *("improve", "image/Dockerfile", "--scenario", bench.scenario(SCENARIO)),
        *("--progress", "plain", "--max-other-load", "any", "--wait-quiet", "0s"),
    )
    assert done.returncode == 0, done.stderr
    assert '+CMD ["sh", "start.sh"]' in done.stdout
    assert (folder / "Dockerfile").read_text() == text
    patched = subprocess.run(
        ["patch", "-p1"], cwd=folder, input=done.stdout, text=True, check=True, capture_output=True
    )
    assert "start.sh" in patched.stdout
    assert (folder / "start.sh").read_text() == MENDED
    run = load_run(bench.folder / "reports/latest")
    assert {"original", "exec-form", "script-exec", "user"} <= run.scenario.cases.keys()
    assert (run.folder / "improve.diff").read_text() == done.stdout
    checked = bench("validate", str(run.folder / "improve.yaml"))
    assert checked.returncode == 0, checked.stderr
