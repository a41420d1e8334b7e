"""What a scenario must get right beyond the form of each value: names, files, combinations.

Everything here reads the located tree, not the models, so that it finds its faults even where
another part of the file is broken, and can say where they stand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BenchError, ScenarioError
from bench.metrics import METRICS
from bench.paths import is_there
from bench.results.model import CALIBRATION_CASE
from bench.scenario.composed import BESIDE_COMPOSE
from bench.scenario.container import IMAGE_BUILD_OR_HOST, IMAGE_OR_BUILD, LIMITS_TWICE
from bench.scenario.engine_checks import check_engine, check_least
from bench.scenario.env_file import read_env_files
from bench.scenario.figure_checks import check_metrics, own_units
from bench.scenario.host_checks import check_host
from bench.scenario.load_checks import check_load
from bench.scenario.load_tool import TARGET
from bench.scenario.model import READY_ID, Case
from bench.scenario.nodes import Map, Node, Scalar, Series
from bench.scenario.ready_checks import check_process_ready, check_ready
from bench.scenario.suggest import did_you_mean, shown
from bench.scenario.thresholds import parse_expression, parse_limit
from bench.scenario.wording import split_advice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.errors import Diagnostic
    from bench.scenario.nodes import Entry
    from bench.scenario.source import Place


def check(root: Map, folder: Path) -> Iterator[Diagnostic]:
    """Every such fault in `root`, the tree with its defaults merged.

    Args:
        root: the tree.
        folder: what relative paths in it start from.
    """
    yield from _without_value(root)
    for key in ("cases", "services"):
        for name, entry in root.map(key).entries.items():
            if isinstance(entry.node, Map):
                yield from _container(name, entry, folder, is_case=key == "cases")
    yield from check_metrics(root)
    yield from _thresholds(root)
    yield from _answer(root)
    yield from _link(root)
    yield from _reserved(root)
    yield from _compare(root)
    yield from _ids(root, folder)


def _without_value(node: Node) -> Iterator[Diagnostic]:
    if isinstance(node, Series):
        for item in node.items:
            if _is_null(item):
                yield item.place.diagnostic("an item without a value", "write one")
            yield from _without_value(item)
    elif isinstance(node, Map):
        for key, entry in node.entries.items():
            if _is_null(entry.node):
                fault = f"`{key}` has no value"
                yield entry.place.diagnostic(fault, "write one, or leave the key out")
            yield from _without_value(entry.node)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _given(node: Map, keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if key in node.entries]


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def _fault(place: Place, label: str, advice: str) -> Diagnostic:
    message, suggestion = split_advice(advice)
    return place.diagnostic(f"`{label}`: {message}", suggestion)


# One container


def _container(name: str, entry: Entry, folder: Path, *, is_case: bool) -> Iterator[Diagnostic]:
    node = entry.node
    assert isinstance(node, Map)
    if is_case and _given(node, ("compose",)):
        yield from _stack(node)
        return
    sources = ("image", "build", "host") if is_case else ("image", "build")
    if len(_given(node, sources)) != 1:
        yield _fault(entry.place, name, IMAGE_BUILD_OR_HOST if is_case else IMAGE_OR_BUILD)
    elif _given(node, ("host",)) and is_case:
        yield from check_host(name, node, folder)
    if is_case and isinstance(node.get("load"), Map):
        yield from check_load(node)
        yield from _container("load", node.entries["load"], folder, is_case=False)
    if _given(node, ("limits",)) and _given(node.map("deploy").map("resources"), ("limits",)):
        yield _fault(entry.place, name, LIMITS_TWICE)
    if _given(node, ("replicas",)) and _text(node.get("network_mode")) == "host":
        fault = "on the network of the host all replicas would have the same ports"
        yield node.entries["replicas"].place.diagnostic(fault, "leave one of the two out")
    is_process = is_case and bool(_given(node, ("host",)))
    if not is_process:
        yield from check_engine(node)
    for limits in (node.map("limits"), node.map("deploy").map("resources").map("limits")):
        yield from check_least(limits, of_container=not is_process)
    yield from _base(node)
    yield from _build(node.get("build"), folder)
    yield from _env_files(node.get("env_file"), folder)
    yield from check_ready(node, inferable=not is_process)
    if is_process:
        yield from check_process_ready(name, node.entries.get("ready"), entry.place)


def _stack(node: Map) -> Iterator[Diagnostic]:
    """What does not go together with `compose`."""
    for key, entry in node.entries.items():
        if key in Case.model_fields and key not in BESIDE_COMPOSE:
            fault = f"`{key}` has no meaning beside `compose`"
            where = "`compose: {ready: {SERVICE: …}}`" if key == "ready" else "the Compose file"
            yield entry.place.diagnostic(fault, f"say it in {where}")
    cache, observe = node.entries.get("cache"), node.get("observe")
    if cache and "base" in _states(cache.node):
        fault = "`cache: base` is for one image, and a stack has several"
        yield cache.node.place.diagnostic(fault, "leave `base` out")
    if observe and _text(observe) == "exit":
        fault = "a stack is observed for a time: its services end at different times"
        yield observe.place.diagnostic(fault, "write `observe: 10s`")
    for entry in node.map("compose").map("ready").entries.values():
        yield from check_ready(Map(entry.place, {"ready": entry}), inferable=False, has_names=True)


def _build(build: Node | None, folder: Path) -> Iterator[Diagnostic]:
    context = build.get("context") if isinstance(build, Map) else build
    if not (where := _text(context)) or context is None:
        return
    base = folder / where
    if not is_there(base, Path.is_dir):
        suggestion = did_you_mean(base.name, _names_in(base.parent), kind="there are")
        yield context.place.diagnostic(f"there is no folder {shown(where)}", suggestion)
        return
    keys = build if isinstance(build, Map) else Map(build.place if build else context.place, {})
    dockerfile = keys.get("dockerfile")
    name = _text(dockerfile) if dockerfile else "Dockerfile"
    if (
        name
        and not _given(keys, ("dockerfile_inline",))
        and not is_there(base / name, Path.is_file)
    ):
        place = dockerfile.place if dockerfile else context.place
        suggestion = did_you_mean(name, _names_in(base), kind="there are")
        yield place.diagnostic(f"there is no file {shown(name)} in {shown(where)}", suggestion)
    yield from _build_inputs(keys, folder)
    yield from _rebuild_after(keys.get("rebuild_after"), base, where)


def _build_inputs(build: Map, folder: Path) -> Iterator[Diagnostic]:
    """Files and folders beside the context that are not there."""
    secrets = build.get("secrets")
    for item in secrets.items if isinstance(secrets, Series) else ():
        file = item.get("file") if isinstance(item, Map) else None
        if file and (name := _text(file)) and not is_there(folder / name, Path.is_file):
            suggestion = did_you_mean(Path(name).name, _names_in((folder / name).parent))
            yield file.place.diagnostic(f"there is no file {shown(name)}", suggestion)
    for entry in build.map("additional_contexts").entries.values():
        name = _text(entry.node)
        if name and "://" not in name and not is_there(folder / name, Path.is_dir):
            advice = "name a folder, or write docker-image://NAME for an image"
            yield entry.node.place.diagnostic(f"there is no folder {shown(name)}", advice)


def _rebuild_after(node: Node | None, context: Path, where: str) -> Iterator[Diagnostic]:
    """Files that are not there, or that a copy of the context would not hold as its own."""
    for item in node.items if isinstance(node, Series) else [node] if node else []:
        if not (name := _text(item)):
            continue
        path = context / name
        if not is_there(path, Path.is_file):
            suggestion = did_you_mean(path.name, _names_in(path.parent), kind="there are")
            fault = f"there is no file {shown(name)} in {shown(where)}"
            yield item.place.diagnostic(fault, suggestion)
        elif Path(name).is_absolute() or path.resolve() != context.resolve() / name:
            fault = f"{shown(name)} leads out of {shown(where)}, or over a link"
            yield item.place.diagnostic(fault, "name the file itself, as it lies in the context")


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(one.name for one in folder.iterdir())[:1000]
    except (OSError, ValueError):
        return []


def _env_files(node: Node | None, folder: Path) -> Iterator[Diagnostic]:
    for item in node.items if isinstance(node, Series) else [node] if node else []:
        if not (name := _text(item)):
            continue
        path = folder / name
        if not is_there(path, Path.is_file):
            suggestion = did_you_mean(path.name, _names_in(path.parent))
            yield item.place.diagnostic(f"there is no file {shown(name)}", suggestion)
            continue
        try:
            read_env_files([path])
        except ScenarioError as error:
            yield from error.diagnostics


# Names that point at something else in the file


def _base(container: Map) -> Iterator[Diagnostic]:
    """What the cache state `base` needs to know, and cannot find out."""
    entry = container.entries.get("cache")
    if entry is None or "base" not in _states(entry.node):
        return
    if _given(container, ("image",)) and not _given(container, ("base",)):
        fault = "`cache: base` does not know what the image stands on"
        yield entry.node.place.diagnostic(fault, "name it beside `image`: `base: debian:12`")
    if _text(container.get("registry")) == "origin":
        fault = "`cache: base` needs bench's own registry"
        yield entry.node.place.diagnostic(fault, "leave `registry: origin` out")


def _link(root: Map) -> Iterator[Diagnostic]:
    entry = root.entries.get("link")
    cases = root.map("cases").entries.values()
    if entry and any(
        isinstance(one.node, Map) and _text(one.node.get("registry")) == "origin" for one in cases
    ):
        fault = "`link` shapes the way from bench's registry, and a case has `registry: origin`"
        yield entry.place.diagnostic(fault, "leave one of the two out")


def _states(node: Node) -> set[str]:
    several = node.items if isinstance(node, Series) else [node]
    return {_text(one) or "" for one in several}


def _thresholds(root: Map) -> Iterator[Diagnostic]:
    states = _cache_states(root)
    units = own_units(root) | {name: metric.unit for name, metric in METRICS.items()}
    for name, entry in root.map("thresholds").entries.items():
        if name not in units:
            fault = f"there is no metric {shown(name)}"
            suggestion = did_you_mean(name, units) or "`bench explain metrics` lists them"
            yield entry.place.diagnostic(fault, suggestion)
            continue
        node, unit = entry.node, units[name]
        limit = node.get("limit") if isinstance(node, Map) else node
        try:
            if limit and (text := _text(limit)):
                (parse_limit if isinstance(node, Map) else parse_expression)(text, unit)
        except ValueError as error:
            yield _fault(limit.place if limit else node.place, name, str(error))
        cache = node.get("cache") if isinstance(node, Map) else None
        if cache and states and (state := _text(cache)) and state not in states:
            fault = f"no case is measured with `cache: {state}`"
            yield cache.place.diagnostic(fault, f"cases are: {', '.join(sorted(states))}")


def _answer(root: Map) -> Iterator[Diagnostic]:
    metrics = {*METRICS, *own_units(root)}
    names = root.get("answer")
    for item in names.items if isinstance(names, Series) else ():
        name = _text(item)
        if name and name not in metrics:
            suggestion = did_you_mean(name, metrics) or "`bench explain metrics` lists them"
            yield item.place.diagnostic(f"there is no metric {shown(name)}", suggestion)


def _cache_states(root: Map) -> set[str]:
    states: set[str] = set()
    for entry in root.map("cases").entries.values():
        if not isinstance(entry.node, Map):
            continue
        node = entry.node.get("cache")
        usual = "warm" if _given(entry.node, ("host",)) else "cold"
        states |= _states(node) if node else {usual}
    return states


def _reserved(root: Map) -> Iterator[Diagnostic]:
    entry = root.map("cases").entries.get(CALIBRATION_CASE)
    if entry:
        fault = f"{CALIBRATION_CASE!r} is the name of bench's own do-nothing container"
        yield entry.place.diagnostic(fault, "call the case something else")
    service = root.map("services").entries.get(TARGET)
    cases = root.map("cases").entries.values()
    if service and any(isinstance(one.node, Map) and one.node.get("load") for one in cases):
        fault = f"{TARGET!r} is the name by which a load tool reaches the case"
        yield service.place.diagnostic(fault, "call the service something else")


def _compare(root: Map) -> Iterator[Diagnostic]:
    cases, compare = root.map("cases").entries, root.map("compare")
    baseline, candidates = compare.get("baseline"), compare.get("candidates")
    seen: set[str] = set()
    for node in [baseline, *(candidates.items if isinstance(candidates, Series) else ())]:
        if node is None or not (name := _text(node)):
            continue
        if name not in cases:
            suggestion = did_you_mean(name, cases)
            yield node.place.diagnostic(f"there is no case {shown(name)}", suggestion)
        elif name in seen:
            yield node.place.diagnostic(f"{shown(name)} is compared already", "leave it out here")
        seen.add(name)


def _ids(root: Map, folder: Path) -> Iterator[Diagnostic]:
    """Ids in `expect` and `checks`, which must be rows of the checklist or thresholds."""
    checklist, checks = root.get("checklist"), root.map("checks").entries
    rows: list[str] = []
    if name := _text(checklist):
        assert checklist is not None
        try:
            rows = _row_ids(name, folder)
        except BenchError as error:
            yield checklist.place.diagnostic(_first_line(error), error.remedy)
            return
    for key, entry in checks.items():
        if not rows:
            fault = f"{shown(key)} is a row of a checklist, and none is named"
            yield entry.place.diagnostic(fault, "write `checklist: cloud-native`")
        elif key not in rows:
            suggestion = did_you_mean(key, rows)
            yield entry.place.diagnostic(f"no row {shown(key)} in the checklist", suggestion)
    off = {key for key, entry in checks.items() if _text(entry.node) == "off"}
    yield from _expected(root, [*rows, *root.map("thresholds").entries, READY_ID], off)


def _expected(root: Map, known: list[str], off: set[str]) -> Iterator[Diagnostic]:
    for entry in root.map("cases").entries.values():
        expect = entry.node.map("expect") if isinstance(entry.node, Map) else Map(entry.place, {})
        lists = [
            one for one in (expect.get("fail"), expect.get("may_fail")) if isinstance(one, Series)
        ]
        seen: set[str] = set()
        for item in (item for one in lists for item in one.items):
            name = _text(item)
            if name in seen:
                yield item.place.diagnostic(f"{shown(name)} stands here twice", "keep one of them")
            elif name and name not in known:
                fault = f"{shown(name)} is neither a row of the checklist nor a threshold"
                yield item.place.diagnostic(fault, did_you_mean(name, known))
            elif name in off:
                fault = f"{shown(name)} cannot fail: `checks` leaves it out"
                yield item.place.diagnostic(fault, "leave it out here too")
            seen |= {name} if name else set()


def _row_ids(name: str, folder: Path) -> list[str]:
    from bench.judge.checklist import load_checklist

    return [row.id for row in load_checklist(name, folder).rows]


def _first_line(error: BenchError) -> str:
    if isinstance(error, ScenarioError) and error.diagnostics:
        first = error.diagnostics[0]
        return f"{first.file}:{first.line}:{first.col}: {first.message}"
    return f"{error.subject}: {error.cause}"


__all__ = ["check"]
