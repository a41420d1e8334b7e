"""`matrix:` of a case: one case becomes several, one for each combination of values.

A dimension is either a dotted path within the case with a list of values, or a name of its own
with a mapping of labels to parts of a case that are laid over it. This happens to the tree after
the defaults were merged, so that the journal keeps the cases as they were run, and every fault
of a value is found where it was written.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.errors import ScenarioError
from bench.scenario.loading.merge import laid_over, long_build
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series, value_of
from bench.yamldoc.parse import MOST_NODES, fatal
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place

MOST_CASES = 100
"""Cases that a scenario may have once they are expanded."""

_LONGEST_NAME = 63
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class _Setting:
    """One value of one dimension.

    Attributes:
        label: what the case's name says of it.
        place: where it was written.
        path: keys that lead to what it replaces; empty where it is laid over the whole case.
        node: the value.
    """

    label: str
    place: Place
    path: tuple[str, ...]
    node: Node


@dataclass(frozen=True)
class _Dimension:
    """A setting that is varied, and its values: one of each dimension makes a case."""

    name: str
    settings: tuple[_Setting, ...]


def expand_matrices(root: Map, faults: list[Diagnostic]) -> Map:
    """`root`, whose defaults are merged, with every case that has a `matrix` expanded.

    Faults in a matrix go to `faults`, and its case is left as it is without it.

    Raises:
        ScenarioError: the cases would be more, or together larger, than a scenario can be.
    """
    cases = root.get("cases")
    if not isinstance(cases, Map):
        return root
    expanded: dict[str, Entry] = {}
    size = 0
    for name, entry in cases.entries.items():
        made = _expanded(name, entry, MOST_CASES - len(expanded), faults)
        for new, case in made.items():
            if new in expanded or (new != name and new in cases.entries):
                fault = f"a case {shown(new)} comes out of this, and there is one already"
                assert isinstance(entry.node, Map), "what has no matrix comes out as it is"
                place = entry.node.entries["matrix"].place
                faults.append(place.diagnostic(fault, "call one of them something else"))
                continue
            expanded[new] = case
            size += case.node.size
            if size > MOST_NODES:
                fault = f"more than {MOST_NODES} values once the cases are expanded"
                raise ScenarioError([entry.place.diagnostic(fault)])
    together = Entry(root.entries["cases"].place, Map(cases.place, expanded))
    return root.replace({"cases": together})


def _expanded(name: str, entry: Entry, most: int, faults: list[Diagnostic]) -> dict[str, Entry]:
    """The cases that the case called `name` becomes: itself where it has no matrix."""
    node = entry.node
    written = node.entries.get("matrix") if isinstance(node, Map) else None
    if not isinstance(node, Map) or written is None:
        return {name: entry}
    bare = node.replace({"matrix": None})
    found = len(faults)
    dimensions = list(_dimensions(written, faults))
    if len(faults) > found or not dimensions:
        return {name: Entry(entry.place, bare)}
    count = math.prod(len(dimension.settings) for dimension in dimensions)
    if count > most:
        fault = f"`matrix` makes {count} cases of {shown(name)}: more than {MOST_CASES} in all"
        fatal(written.place, fault, "leave some values out")
    named = [
        (_name(name, dimensions, settings), settings) for settings in _combinations(dimensions)
    ]
    unfit = _name_fault(name, [new for new, _ in named], written.place)
    if unfit is not None:
        faults.append(unfit)
        return {name: Entry(entry.place, bare)}
    made: dict[str, Entry] = {}
    for new, combination in named:
        case: Map = bare
        for setting in combination:
            case = _with_setting(case, setting, faults)
        made[new] = Entry(entry.place, case)
    return made


def _combinations(dimensions: Sequence[_Dimension]) -> Iterator[tuple[_Setting, ...]]:
    return itertools.product(*(dimension.settings for dimension in dimensions))


def _name_fault(case: str, names: list[str], place: Place) -> Diagnostic | None:
    """Why `names` cannot be those of the cases that `case` becomes."""
    longest = max(names, key=len)
    if len(longest) > _LONGEST_NAME:
        fault = f"the name {shown(longest)} of a case has more than {_LONGEST_NAME} characters"
        return place.diagnostic(fault, "write shorter names or labels")
    if len(set(names)) < len(names):
        fault = f"two cases of {shown(case)} would have the same name"
        return place.diagnostic(fault, "write labels: `name: {label: {…}, …}`")
    return None


def _name(case: str, dimensions: Sequence[_Dimension], settings: tuple[_Setting, ...]) -> str:
    """`case.64m` for one dimension, `case.memory-64m.WORKERS-1` for several."""
    if len(settings) == 1:
        return f"{case}.{settings[0].label}"
    parts = [
        f"{dimension.name.rpartition('.')[2]}-{setting.label}"
        for dimension, setting in zip(dimensions, settings, strict=True)
    ]
    return ".".join([case, *parts])


def _dimensions(written: Entry, faults: list[Diagnostic]) -> Iterator[_Dimension]:
    """Each dimension; what cannot be one goes to `faults`."""
    matrix = written.node
    if not isinstance(matrix, Map) or not matrix.entries:
        empty = isinstance(matrix, Map)
        what = "nothing in it" if empty else f"{shown(value_of(matrix))} is not a mapping"
        fault = f"`matrix`: {what}"
        example = "write such as `matrix: {limits.memory: [64m, 128m]}`"
        faults.append(written.place.diagnostic(fault, example))
        return
    for name, entry in matrix.entries.items():
        settings = _settings(name, entry)
        if isinstance(settings, tuple):
            yield _Dimension(name, settings)
        else:
            faults.append(settings)


def _settings(name: str, entry: Entry) -> tuple[_Setting, ...] | Diagnostic:
    node = entry.node
    if not all(name.split(".")):
        return entry.place.diagnostic(f"{shown(name)} is no path", "write such as `limits.memory`")
    if name.partition(".")[0] == "matrix":
        return entry.place.diagnostic("a matrix cannot expand itself", "leave it out")
    if isinstance(node, Series) and node.items:
        path = tuple(name.split("."))
        for item in node.items:
            if not isinstance(item, Scalar):
                what = f"{shown(value_of(item))} has no name of its own"
                return item.place.diagnostic(what, f"write labels: `{path[-1]}: {{label: {{…}}}}`")
        return tuple(
            _Setting(_label(item), item.place, path, item)
            for item in node.items
            if isinstance(item, Scalar)
        )
    if isinstance(node, Map) and node.entries:
        for label, part in node.entries.items():
            if not isinstance(part.node, Map):
                what = f"`{label}`: {shown(value_of(part.node))} where keys of a case are expected"
                advice = f"write a list for single values: `{name}: [a, b]`"
                return part.node.place.diagnostic(what, advice)
        return tuple(
            _Setting(_NOT_IN_A_NAME.sub("_", label), part.place, (), part.node)
            for label, part in node.entries.items()
        )
    what = f"`{name}`: {shown(value_of(node))} where a list of values is expected"
    return entry.place.diagnostic(what, "write such as [64m, 128m]")


def _label(item: Scalar) -> str:
    """A value as a part of a name; `none` for null, which takes the key away."""
    if item.value is None:
        return "none"
    return _NOT_IN_A_NAME.sub("_", item.text) or "empty"


def _with_setting(case: Map, setting: _Setting, faults: list[Diagnostic]) -> Map:
    if not setting.path:
        merged = laid_over(case, setting.node)
        return merged if isinstance(merged, Map) else case
    return _set(case, setting.path, (), setting, faults)


def _set(
    node: Map,
    path: tuple[str, ...],
    above: tuple[str, ...],
    setting: _Setting,
    faults: list[Diagnostic],
) -> Map:
    """`node` with the setting's value where `path` leads; null takes the key away."""
    key, rest = path[0], path[1:]
    if not rest:
        taken_away = isinstance(setting.node, Scalar) and setting.node.value is None
        return node.replace({key: None if taken_away else Entry(setting.place, setting.node)})
    inner = node.get(key)
    if (*above, key) == ("build",) and inner is not None:
        inner = long_build(inner)
    inner = Map(setting.place, {}) if inner is None else inner
    if not isinstance(inner, Map):
        fault = f"`{'.'.join((*above, key))}` is no mapping in this case"
        faults.append(setting.place.diagnostic(fault, "write it whole, with labels"))
        return node
    entry = node.entries.get(key)
    changed = _set(inner, rest, (*above, key), setting, faults)
    return node.replace({key: Entry(entry.place if entry else setting.place, changed)})
