"""Programs that tests need on the host: found, or installed where that can be done."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from bench.engine.daemons import SEARCH_PATH


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
