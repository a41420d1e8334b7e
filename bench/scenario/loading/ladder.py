"""`ladder:` of a scenario: each rung becomes a case, the one before it with one change.

This happens beside the expansion of matrices, to the tree: the cases of a ladder have the places
of what they were made of. `bench ladder` measures them; `bench run` leaves them alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import Diagnostic, ScenarioError
from bench.core.paths import is_there
from bench.dockerfile.patch import PatchError, apply_patch
from bench.scenario.ladder import KINDS
from bench.scenario.loading.build_checks import check_build, names_in
from bench.scenario.loading.merge import long_build
from bench.scenario.loading.tree import given_keys, text_of
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, value_of
from bench.yamldoc.parse import MOST_NODES
from bench.yamldoc.source import read_source
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.yamldoc.source import Place

_JUDGED = ("checklist", "checks", "thresholds", "compare")
"""Keys of a scenario that judge; what a ladder is for is to see rows missed and met."""


def ladder_root(root: Map, folder: Path, faults: list[Diagnostic]) -> Map | None:
    """`root` with the cases of its ladder in the place of its own; None where it has no ladder.

    The cases are judged by nothing but their start: `checklist`, `thresholds` and what is
    expected of a case are left out.

    Args:
        root: a tree without other faults, its defaults merged and its matrices expanded.
        folder: what relative paths in it start from.
        faults: gets what is wrong with the ladder.
    """
    written = root.map("ladder")
    if not written.entries:
        return None
    cases = root.map("cases").entries
    made: dict[str, Entry] = {}
    try:
        start = _start(written, cases)
        build = _build_of(start[1])
        made[start[0]] = start[1]
        size = start[1].node.size
        for name, rung in written.map("rungs").entries.items():
            assert isinstance(rung.node, Map), "the models have seen to that"
            entry = _rung_case(name, rung, start[1], build, cases, folder)
            case = text_of(rung.node.get("case")) or name
            if case in made:
                fault = f"the ladder goes over {shown(case)} twice"
                raise _refused(rung.place, fault, "keep one of them")
            made[case] = entry
            changed = _build_of(entry)
            is_same = None not in (build, changed) and _values(build) == _values(changed)
            if is_same and not rung.node.entries.get("case"):
                raise _refused(rung.place, f"{shown(name)} changes nothing", "leave it out")
            build = changed
            size += entry.node.size
            if size > MOST_NODES:
                fault = f"more than {MOST_NODES} values once the rungs are made"
                raise _refused(rung.place, fault, "leave some rungs out")
    except ScenarioError as error:
        faults += error.diagnostics
        return None
    together = Entry(root.entries["cases"].place, Map(root.map("cases").place, _unjudged(made)))
    return root.replace({**dict.fromkeys(_JUDGED), "cases": together})


def _unjudged(cases: dict[str, Entry]) -> dict[str, Entry]:
    return {
        name: entry.holding(entry.node.replace({"expect": None}))
        for name, entry in cases.items()
        if isinstance(entry.node, Map)
    }


def _start(written: Map, cases: Mapping[str, Entry]) -> tuple[str, Entry]:
    node = written.get("from")
    name = text_of(node) or ""
    place = node.place if node else written.place
    entry = cases.get(name)
    if entry is None:
        raise _refused(place, f"there is no case {shown(name)}", did_you_mean(name, cases))
    if _build_of(entry) is None:
        fault = f"the case {shown(name)} is not built, so that no change of its build can be made"
        raise _refused(place, fault, "name a case with `build`")
    return name, entry


def _values(build: Map | None) -> object:
    return None if build is None else value_of(build)


def _build_of(entry: Entry) -> Map | None:
    """The build of a case in its long form; None where it has none."""
    node = entry.node.get("build") if isinstance(entry.node, Map) else None
    build = long_build(node) if node is not None else None
    return build if isinstance(build, Map) else None


def _rung_case(
    name: str,
    rung: Entry,
    start: Entry,
    before: Map | None,
    cases: Mapping[str, Entry],
    folder: Path,
) -> Entry:
    """The case that a rung becomes.

    Raises:
        ScenarioError: it cannot be made.
    """
    assert isinstance(rung.node, Map)
    (kind,) = given_keys(rung.node, KINDS)
    change = rung.node.entries[kind]
    if kind == "case":
        return _existing(change.node, cases)
    if name in cases:
        fault = f"there is a case {shown(name)} already"
        raise _refused(rung.place, fault, f"call the rung something else, or write `case: {name}`")
    if kind == "build":
        build = long_build(change.node)
    elif before is None:
        fault = f"`{kind}` changes the build of the rung before it, which has none"
        raise _refused(change.place, fault, "write a whole `build`")
    else:
        build = _changed(before, kind, change, folder)
    found = list(check_build(build, folder))
    if found:
        raise ScenarioError(found)
    assert isinstance(start.node, Map)
    return Entry(rung.place, start.node.replace({"build": Entry(change.place, build)}))


def _existing(node: Node, cases: Mapping[str, Entry]) -> Entry:
    name = text_of(node) or ""
    entry = cases.get(name)
    if entry is None:
        raise _refused(node.place, f"there is no case {shown(name)}", did_you_mean(name, cases))
    if isinstance(entry.node, Map) and given_keys(entry.node, ("compose", "host")):
        fault = f"the case {shown(name)} is not one image"
        raise _refused(node.place, fault, "name a case with `build` or `image`")
    return entry


def _changed(before: Map, kind: str, change: Entry, folder: Path) -> Node:
    if kind == "args":
        assert isinstance(change.node, Map), "lists were made mappings"
        args = before.map("args").replace(dict(change.node.entries))
        return before.replace({"args": Entry(change.place, args)})
    if kind == "dockerfile":
        return before.replace({"dockerfile_inline": None, "dockerfile": change})
    text = _patched(before, change, folder)
    if text == _dockerfile_text(before, folder, change.node.place):
        raise _refused(change.node.place, "the patch changes nothing", "leave the rung out")
    inline = Scalar(change.node.place, text, text)
    return before.replace({"dockerfile": None, "dockerfile_inline": Entry(change.place, inline)})


def _patched(before: Map, change: Entry, folder: Path) -> str:
    """The Dockerfile of the build `before`, with the patch applied."""
    name, place = text_of(change.node) or "", change.node.place
    path = folder / name
    if not is_there(path, Path.is_file):
        suggestion = did_you_mean(path.name, names_in(path.parent), kind="there are")
        raise _refused(place, f"there is no file {shown(name)}", suggestion)
    diff = read_source(path)
    text = _dockerfile_text(before, folder, place)
    try:
        return apply_patch(text, diff.text)
    except PatchError as error:
        fault = f"{name}:{error.line}: the patch does not apply: {error}"
        advice = "make the patch again from the Dockerfile of the rung before it"
        raise _refused(place, fault, advice) from None


def _dockerfile_text(build: Map, folder: Path, place: Place) -> str:
    if given_keys(build, ("dockerfile_inline",)):
        return text_of(build.get("dockerfile_inline")) or ""
    context = folder / (text_of(build.get("context")) or "")
    path = context / (text_of(build.get("dockerfile")) or "Dockerfile")
    ignore = path.with_name(f"{path.name}.dockerignore")
    if is_there(ignore):
        fault = f"{ignore.name} would not apply to the patched {path.name}"
        advice = "put what it says into .dockerignore, or write this rung as `dockerfile`"
        raise _refused(place, fault, advice)
    return read_source(path).text


def _refused(place: Place, fault: str, advice: str) -> ScenarioError:
    return ScenarioError([place.diagnostic(fault, advice)])
