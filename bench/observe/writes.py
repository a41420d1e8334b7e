"""Files that a container wrote into its own layer, outside the places where it may write."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from bench.journal.facts.behaviour import Folder, Write, Writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.runtimes.workload import Change

SCRATCH = ("/tmp", "/run", "/var/run")  # noqa: S108 - of the container
"""Folders in which written files are not state."""

_ENGINES = (
    "/dev",
    "/proc",
    "/sys",
    "/.dockerenv",
    "/sbin/docker-init",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/mtab",
)
"""Paths that engines create in a container themselves."""

_BYTECODE = "__pycache__"
_MOST_PATHS = 100
_MOST_FOLDERS = 8


def outside(changes: Iterable[Change], mounts: Sequence[str]) -> Writes:
    """The changes that are the program's own, outside of `mounts`, scratch and bytecode.

    A folder is named by engines wherever something in it has changed; only what is in it counts.

    Args:
        changes: as the engine has them.
        mounts: where volumes and file systems in memory are mounted.
    """
    found = {change.path: change.kind for change in changes}
    no_write = {folder for path in (*found, *mounts) for folder in _folders(path)}
    free = (*SCRATCH, *_ENGINES, *(mount.rstrip("/") for mount in mounts))
    below_free = tuple(f"{path}/" for path in free)
    written = sorted(
        path
        for path in found
        if path not in no_write
        and path not in free
        and not path.startswith(below_free)
        and _BYTECODE not in path.split("/")
    )
    return Writes(
        count=len(written),
        folders=tuple(fold(written, _MOST_FOLDERS)),
        paths=tuple(Write(path, found[path]) for path in written[:_MOST_PATHS]),
    )


def _folders(path: str) -> Iterator[str]:
    """The folders that lead to `path`, the root apart."""
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)


def fold(paths: Sequence[str], most: int) -> list[Folder]:
    """At most `most` folders that hold all of `paths`, each as deep as that allows.

    The one with the most paths is opened up first; a path that stands alone stays itself.
    """
    counts: Counter[str] = Counter({"/": len(paths)} if paths else {})
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for path in paths:
        below = path
        for folder in (*_folders(path), "/"):
            counts[below] += 1
            inside[folder].add(below)
            below = folder
    shown = {"/"} & set(counts)
    while True:
        widest = sorted(shown, key=lambda folder: (-counts[folder], folder))
        opened = next(
            (
                folder
                for folder in widest
                if inside[folder] and len(shown) - 1 + len(inside[folder]) <= most
            ),
            None,
        )
        if opened is None:
            return [Folder(folder, counts[folder]) for folder in widest]
        shown = (shown - {opened}) | inside[opened]
