"""`--set path=value`: values put into the tree before the defaults are merged.

A path is keys with dots between; a value is YAML, so that `3` is a number. Faults in what an
override says are reported at `--set`, at their column in its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenario.loading.fields import ROOT_KEYS
from bench.scenario.model import CheckSetting, Waiver
from bench.yamldoc.nodes import Entry, Map, Node, Scalar
from bench.yamldoc.parse import fatal, parse_yaml
from bench.yamldoc.source import Place, Source
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from bench.core.errors import Diagnostic

_NAMED = ("cases", "services")
_CHECK_KEYS = frozenset({*CheckSetting.model_fields, *Waiver.model_fields})


def apply_override(root: Map, override: str, faults: list[Diagnostic]) -> Map:
    """`root` with the one value set that `override` names.

    Raises:
        ScenarioError: no `path=value`, a path that leads nowhere, or a value that is no YAML.
    """
    source = Source("--set", override)
    path, equals, value = override.partition("=")
    if not equals or not all(path.split(".")):
        fatal(source.at(1, 1), "this is not path=value", "write --set cases.good.repeat=3")
    offset = len(path) + 1
    node, found = parse_yaml(source, " " * offset + value)
    faults.extend(found)
    if node is None:
        place = source.at(1, offset + 1)
        node = Scalar(place, None, "")
    return _set(root, (), _Segments(source, path.split(".")), node)


class _Segments:
    """The keys of a path that are still to be followed, with their columns."""

    def __init__(self, source: Source, keys: list[str], offset: int = 0) -> None:
        self.keys = keys
        self.place: Place = source.at(1, offset + 1)
        self._offset = offset

    def take(self, count: int) -> tuple[str, _Segments]:
        """The next `count` segments as one key, and the rest."""
        key = ".".join(self.keys[:count])
        rest = _Segments(self.place.source, self.keys[count:], self._offset + len(key) + 1)
        return key, rest


def _set(node: Map, above: tuple[str, ...], path: _Segments, value: Node) -> Map:
    key, rest = path.take(_key_length(node, above, path.keys))
    place = path.place
    if above == () and key not in ROOT_KEYS:
        fatal(place, f"there is no key {shown(key)} in a scenario", did_you_mean(key, ROOT_KEYS))
    if len(above) == 1 and above[0] in _NAMED and key not in node.entries:
        what = above[0].removesuffix("s")
        suggestion = did_you_mean(key, node.entries)
        fatal(place, f"there is no {what} {shown(key)} in this scenario", suggestion)
    if not rest.keys:
        return node.replace({key: Entry(place, value)})
    inner = node.get(key)
    if inner is None or (isinstance(inner, Scalar) and inner.value is None):
        inner = Map(place, {})
    if not isinstance(inner, Map):
        whole = ".".join((*above, key))
        fatal(rest.place, f"{whole} is no mapping here", f"set it whole: --set '{whole}=…'")
    entry = node.entries.get(key)
    changed = _set(inner, (*above, key), rest, value)
    return node.replace({key: Entry(entry.place if entry else place, changed)})


def _key_length(node: Map, above: tuple[str, ...], keys: list[str]) -> int:
    """How many of `keys` make the next one: names of cases and ids of checks contain dots."""
    for count in range(len(keys), 0, -1):
        if ".".join(keys[:count]) in node.entries:
            return count
    if above == ("checks",):
        ends = [index for index, key in enumerate(keys) if index and key in _CHECK_KEYS]
        return ends[0] if ends else len(keys)
    return 1
