"""Of the files that were opened at a start: their bytes by layer, package and folder."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from bench.images.waste import hidden_files
from bench.journal.facts.opened import OpenedBytes, OpenedFiles, OpenedGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.images.layers import LayerContent

_MOST_GROUPS = 10
_PYTHON = re.compile(r"/(?:site|dist)-packages/(?:__pycache__/)?([^/]+)")
_STANDARD_LIBRARY = re.compile(r"/lib(?:64)?/python3[\d.]*/")
_NODE = re.compile(r"/node_modules/(?:\.pnpm/[^/]+/node_modules/)?((?:@[^/]+/)?[^/]+)")
_PYTHON_ENDING = re.compile(
    r"(?:-[^/]*)?\.(?:dist-info|egg-info|data)$|(?:\.[^/]*)?\.(?:pyc?|so|pth)$"
)

STANDARD_LIBRARY = "Python's standard library"


def opened_files(
    opened: Sequence[tuple[int, str]], ready_ns: int, layers: Sequence[LayerContent]
) -> OpenedFiles:
    """The bytes of the files that were opened, and of all.

    Args:
        opened: when a file was opened, and its path in the image, in the order of time.
        ready_ns: what came later does not count. The last file before has no seconds: what is
            waited for after it is unknown.
        layers: of the image, base first.
    """
    before = [(at_ns, path) for at_ns, path in opened if at_ns <= ready_ns]
    paths = {path for _, path in before}
    seconds: dict[str, float] = defaultdict(float)
    for (at_ns, path), (next_ns, _) in itertools.pairwise(before):
        seconds[group_of(path)] += (next_ns - at_ns) / 1e9
    sizes: dict[str, int] = defaultdict(int)
    opened_sizes: dict[str, int] = defaultdict(int)
    by_layer, files, opened_count = [], 0, 0
    hidden = {(file.layer, file.path) for file in hidden_files(layers)}
    for index, layer in enumerate(layers):
        size = opened_size = 0
        for path, length in layer.files.items():
            if not length or (index, path) in hidden:
                continue
            group = group_of(path)
            files, size = files + 1, size + length
            sizes[group] += length
            if path in paths:
                opened_count, opened_size = opened_count + 1, opened_size + length
                opened_sizes[group] += length
        by_layer.append(OpenedBytes(size, opened_size))
    groups = [
        OpenedGroup(name, sizes[name], opened_sizes[name], round(seconds[name], 6))
        for name in {*sizes, *seconds}
    ]
    return OpenedFiles(
        total=OpenedBytes(
            sum(layer.size_bytes for layer in by_layer),
            sum(layer.opened_bytes for layer in by_layer),
        ),
        layers=tuple(by_layer),
        groups=tuple(_most_telling(groups)),
        files=files,
        opened_files=opened_count,
    )


def _most_telling(groups: Sequence[OpenedGroup]) -> list[OpenedGroup]:
    """Those with the most seconds, then those of the others with the most bytes not opened."""
    timed = [group for group in groups if group.seconds]
    slow = sorted(timed, key=lambda group: (-group.seconds, group.name))[:_MOST_GROUPS]
    large = sorted(
        (group for group in groups if group not in slow),
        key=lambda group: (group.opened_bytes - group.size_bytes, group.name),
    )[:_MOST_GROUPS]
    return [*slow, *large]


def group_of(path: str) -> str:
    """The package that a file belongs to, or else its first two folders."""
    if found := _NODE.search(path):
        return found[1]
    if found := _PYTHON.search(path):
        return _PYTHON_ENDING.sub("", found[1]) or found[1]
    if _STANDARD_LIBRARY.search(path):
        return STANDARD_LIBRARY
    parts = path.split("/")
    return "/".join(parts[:3]) if len(parts) > 3 else "/".join(parts[:2]) or "/"
