"""Where the keys of one service of a Compose file stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.yamldoc.nodes import locate

if TYPE_CHECKING:
    from bench.yamldoc.nodes import Map
    from bench.yamldoc.source import Place


class Places:
    """The places of the keys of one service, or of a part of it."""

    def __init__(self, root: Map, service: str, *above: str) -> None:
        """Those of `service` in the file `root`, under the keys `above`."""
        self._root = root
        self._above = ("services", service, *above)

    def inside(self, key: str) -> Places:
        """Those of the mapping under `key`."""
        return Places(self._root, *self._above[1:], key)

    def key(self, *path: str | int) -> Place:
        """The place of the last of these keys, or numbers of items, that the service has."""
        return locate(self._root, (*self._above, *path))[0]
