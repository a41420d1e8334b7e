"""Programs that tests need on the host, found or installed; and whether one has ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bench.runtimes.managed.daemons import SEARCH_PATH

_PATIENCE_S = 10.0


def need(**packages: str) -> None:
    """Have every program of `packages` (program -> Debian package); `-` in a name is written `_`.

    As root on Debian what is missing is installed; elsewhere the test fails and says what to do.
    """
    missing = {
        package for program, package in packages.items() if find(program.replace("_", "-")) is None
    }
    if not missing:
        return
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *sorted(missing)]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.fail(f"not installed here: {', '.join(sorted(missing))}; {' '.join(install)}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True, env=quiet)
    subprocess.run(install, check=True, capture_output=True, env=quiet)


def find(program: str) -> str | None:
    """The path of a program, also where only root's PATH leads, or where Podman looks."""
    return shutil.which(program, path=f"{SEARCH_PATH}:/usr/lib/podman:/usr/libexec/podman")


def has_ended(pid: int) -> bool:
    """Whether it ends before patience does; a busy host takes its time to end what was killed."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.005)
    return False
