"""An engine newer than the host's: Debian's current one, unpacked into a folder of bench's own.

The host's installed packages are not changed. The programs of Debian 13 run with the libraries of
Debian 12, except runc, for which the host's is used.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.child_process import child_process
from bench.core.errors import HostError
from bench.runtimes.managed.daemons import SEARCH_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.runtimes.managed.daemons import Paths

SUITE = "trixie"
"""The Debian release whose engine is taken: Engine 26 with buildx 0.13."""

_OLDEST_WELCOME = 23
"""The first Engine with BuildKit as its builder, which current Dockerfiles need."""

_PACKAGES = ("docker.io", "tini", "containerd", "docker-buildx")
_PROGRAMS = {
    "dockerd": "--version",
    "containerd": "--version",
    "containerd-shim-runc-v2": "-v",
    "docker-proxy": "",
    "docker-init": "--version",
    "docker-buildx": "version",
}
"""Programs taken from the packages, with an option that shows that each runs, if it has one."""

_TOOLS = ("apt-get", "dpkg-deb")
_VERSION = re.compile(r"version (\d+)\.")


def installed_engine() -> int | None:
    """The major version of the host's own dockerd; None without one."""
    program = shutil.which("dockerd", path=SEARCH_PATH)
    if program is None:
        return None
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            [program, "--version"], check=True, capture_output=True, text=True, timeout=30
        )
        number = _VERSION.search(said.stdout)
        return int(number[1]) if number else None
    return None


def wants_newer(paths: Paths) -> bool:
    """Whether the host's own engine is too old, and no newer one has been downloaded."""
    if (paths.programs / "dockerd").exists():
        return False
    version = installed_engine()
    return version is not None and version < _OLDEST_WELCOME


def fetch_programs(paths: Paths, sources: Sequence[Path], say: Callable[[str], None]) -> None:
    """Install Debian's current engine in `paths.programs`, whole or not at all.

    Args:
        paths: of the private engine.
        sources: files of apt sources of SUITE.
        say: receives progress messages.

    Raises:
        HostError: it is not available here, or does not run here.
    """
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=SEARCH_PATH) is None]
    if missing or not sources:
        why = f"not installed here: {', '.join(missing)}" if missing else "no sources of Debian's"
        raise HostError("newer engine", why, "install Docker Engine 23 or newer yourself")
    with tempfile.TemporaryDirectory(prefix="container-bench-") as name:
        scratch = Path(name)
        _download(scratch, sources, say)
        fresh = paths.programs.with_name("bin.partial")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            fresh.mkdir(parents=True)
            for program in _PROGRAMS:
                shutil.copy(_unpacked(scratch / "root", program), fresh / program)
            for program, argument in _PROGRAMS.items():
                if argument:
                    _run([str(fresh / program), argument], scratch)
            shutil.rmtree(paths.programs, ignore_errors=True)
            fresh.rename(paths.programs)
        except OSError as error:
            cause = f"cannot be kept: {error.strerror}"
            raise HostError(str(paths.programs), cause, "look at the disk") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _download(scratch: Path, sources: Sequence[Path], say: Callable[[str], None]) -> None:
    """Download the packages and unpack them below `root`, with an apt that changes nothing else."""
    parts, lists, cache = (scratch / name for name in ("parts", "lists", "cache"))
    for folder in (parts, lists / "partial", cache / "archives" / "partial"):
        folder.mkdir(parents=True)
    for source in sources:
        shutil.copy(source, parts / source.name)
    (scratch / "status").touch()
    settings = (
        ("Dir::Etc::sourcelist", "/dev/null"),
        ("Dir::Etc::sourceparts", str(parts)),
        ("Dir::State::lists", str(lists)),
        ("Dir::State::status", str(scratch / "status")),
        ("Dir::Cache", str(cache)),
        ("APT::Sandbox::User", "root"),  # the folder is closed to everybody else
    )
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings)]
    say(f"downloading {', '.join(_PACKAGES)} of Debian {SUITE}")
    _run([*apt, "update"], scratch)
    _run([*apt, "download", *_PACKAGES], scratch)
    for package in sorted(scratch.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(scratch / "root")], scratch)


def _unpacked(root: Path, program: str) -> Path:
    found = [path for path in root.rglob(program) if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        raise HostError(program, f"is not in the packages of Debian {SUITE}")
    return found[0]


def _run(command: list[str], folder: Path) -> None:
    """Run a program to its end.

    Raises:
        HostError: it cannot be run, or fails.
    """
    environment = os.environ | {"PATH": SEARCH_PATH, "LC_ALL": "C"}
    try:
        with child_process(command, cwd=folder, environment=environment) as process:
            said, _ = process.communicate()
    except OSError as error:
        raise HostError(command[0], f"cannot be run: {error.strerror}") from error
    if process.returncode:
        lines = [line for line in said.splitlines() if line.strip()]
        raise HostError(
            Path(command[0]).name,
            f"failed: {lines[-1] if lines else f'code {process.returncode}'}",
        )
