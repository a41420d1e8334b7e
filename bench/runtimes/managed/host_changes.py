"""The private engine's changes to the host outside its own folders, and how they are undone.

The previous state is recorded when the engine goes up, so that going down can restore it. A setting
that another engine may rely on by then is left as it is.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.core.errors import HostError
from bench.runtimes.managed import network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.managed.daemons import Paths

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MADE_BY_DAEMONS = (
    Path("/etc/docker/key.json"),
    Path("/etc/docker"),
    Path("/run/docker"),
    Path("/run/containerd"),
    Path("/opt/containerd"),
    Path("/run/netns"),
)
"""Paths that dockerd, containerd and `ip netns` create outside their configured folders."""

_CGROUP = "container-bench"
_CGROUP_OF_ENGINES = "docker"
"""Where dockerd has containers made for which no parent is named, as those of a build."""

_ENGINES = {"dockerd", "containerd"}


@dataclass(frozen=True)
class HostChanges:
    """The changes of one private engine, whose folders are in `paths`."""

    paths: Paths

    @property
    def _file(self) -> Path:
        return self.paths.state / "host.json"

    def note(self) -> None:
        """Record the state of the host before anything is changed; an existing record is kept.

        After a reboot the kernel setting is what it was at boot.
        """
        noted, boot = self._noted(), _BOOT_ID.read_text().strip()
        if noted.get("boot") != boot:
            noted |= {"boot": boot, "ip_forward": network.forwarding()}
        noted.setdefault("made", [str(path) for path in _MADE_BY_DAEMONS if not path.exists()])
        fresh = self._file.with_suffix(".partial")
        fresh.write_text(json.dumps(noted))
        fresh.replace(self._file)

    def present(self, base: str) -> list[str]:
        """The changes in effect now, a line for each."""
        noted = self._noted()
        lines = network.present(base)
        before, now = noted.get("ip_forward", ""), network.forwarding()
        if before and before != now:
            lines.append(f"net.ipv4.ip_forward: {before} before, {now} now")
        lines += [f"file {path}" for path in noted.get("made", []) if Path(path).exists()]
        lines += [f"mount {target}" for target in dict.fromkeys(self._mounts())]
        return lines + [f"cgroups below {cgroup}" for cgroup in _cgroups(_CGROUP)]

    def undo(self) -> None:
        """Restore the previous state; the daemons have exited, and the networks are removed.

        Raises:
            HostError: a mount cannot be removed.
        """
        for cgroup in _cgroups(_CGROUP):
            _remove_empty(cgroup)
        noted = self._noted()
        if not _another_engine_runs():
            for cgroup in _cgroups(_CGROUP_OF_ENGINES):
                _remove_empty(cgroup)
            for path in noted.get("made", []):
                _remove(Path(path))
            if noted.get("ip_forward") == "0" and noted.get("boot") == _BOOT_ID.read_text().strip():
                network.forward("0")
        self._file.unlink(missing_ok=True)
        self._unmount_all()

    def _unmount_all(self) -> None:
        """Unmount everything; one unmount may remove others, and stacked mounts need several."""
        while mounts := [target for target in self._mounts() if Path(target).exists()]:
            trouble = _unmount(mounts[-1])
            if trouble and mounts[-1] in self._mounts() and Path(mounts[-1]).exists():
                raise HostError(
                    mounts[-1], f"cannot be unmounted: {trouble}", "end what uses it, and try again"
                )

    def _noted(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads(self._file.read_text())
            return found
        return {}

    def _mounts(self) -> list[str]:
        """Mount points in the engine's folders, in mount order."""
        own = (self.paths.state, self.paths.run)
        return [
            target for target in _targets() if any(folder in Path(target).parents for folder in own)
        ]


def _targets() -> list[str]:
    """All mount points; a folder mounted on itself is listed only here."""
    return [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]


def _unmount(target: str) -> str:
    """Unmount it; returns the error, if any."""
    done = network.run_program("umount", target)
    return done.stderr.strip() if done.returncode != 0 else ""


def _remove(path: Path) -> None:
    """Remove a daemon's files; a folder to which a user has added a file is kept."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
    elif all(inner.is_dir() for inner in path.rglob("*")):
        while str(path) in _targets() and not _unmount(str(path)):
            pass  # `ip netns` mounts it more than once
        shutil.rmtree(path, ignore_errors=True)


def _cgroups(name: str) -> list[Path]:
    """A cgroup in each hierarchy; runtimes also create one in those that bench does not use."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [Path(mount[1]) / name for mount in mounts if mount[2] in ("cgroup", "cgroup2")]
    return [place for place in places if place.is_dir()]


def _remove_empty(cgroup: Path) -> None:
    """Remove a cgroup and those below it, except those that contain a process."""
    folders = [folder for folder in cgroup.rglob("*") if folder.is_dir()]
    for folder in (*sorted(folders, key=lambda inner: -len(inner.parts)), cgroup):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _another_engine_runs() -> bool:
    return any(name in _ENGINES for name in _programs())


def _programs() -> Iterator[str]:
    """The names of the running programs; a process that has ended has no command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes().partition(b"\0")[0].decode(errors="replace").rpartition("/")[2]
