"""Checks of thresholds, rows, expectations and comparisons, alone and together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import BenchError, Diagnostic, ScenarioError
from bench.core.metrics import METRICS
from bench.scenario.loading.figure_checks import own_units
from bench.scenario.loading.tree import cache_states_of, labelled_fault, text_of
from bench.scenario.model import READY_ID
from bench.standard.thresholds import parse_expression, parse_limit
from bench.yamldoc.nodes import Map, Series
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def check_thresholds(root: Map) -> Iterator[Diagnostic]:
    """Every fault in `thresholds`."""
    states = cache_states_of(root)
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
            if limit and (text := text_of(limit)):
                (parse_limit if isinstance(node, Map) else parse_expression)(text, unit)
        except ValueError as error:
            yield labelled_fault(limit.place if limit else node.place, name, str(error))
        cache = node.get("cache") if isinstance(node, Map) else None
        if cache and states and (state := text_of(cache)) and state not in states:
            fault = f"no case is measured with `cache: {state}`"
            yield cache.place.diagnostic(fault, f"cases are: {', '.join(sorted(states))}")


def check_answer(root: Map) -> Iterator[Diagnostic]:
    """Every fault in `answer`."""
    metrics = {*METRICS, *own_units(root)}
    names = root.get("answer")
    for item in names.items if isinstance(names, Series) else ():
        name = text_of(item)
        if name and name not in metrics:
            suggestion = did_you_mean(name, metrics) or "`bench explain metrics` lists them"
            yield item.place.diagnostic(f"there is no metric {shown(name)}", suggestion)


def check_compare(root: Map) -> Iterator[Diagnostic]:
    """Every fault in `compare`."""
    cases, compare = root.map("cases").entries, root.map("compare")
    baseline, candidates = compare.get("baseline"), compare.get("candidates")
    seen: set[str] = set()
    for node in [baseline, *(candidates.items if isinstance(candidates, Series) else ())]:
        if node is None or not (name := text_of(node)):
            continue
        if name not in cases:
            suggestion = did_you_mean(name, cases)
            yield node.place.diagnostic(f"there is no case {shown(name)}", suggestion)
        elif name in seen:
            yield node.place.diagnostic(f"{shown(name)} is compared already", "leave it out here")
        seen.add(name)


def check_ids(root: Map, folder: Path) -> Iterator[Diagnostic]:
    """Ids in `expect` and `checks`, which must be rows of the checklist or thresholds."""
    checklist, checks = root.get("checklist"), root.map("checks").entries
    rules: list[str] = []
    if name := text_of(checklist):
        assert checklist is not None
        try:
            rules = _rule_ids(name, folder)
        except BenchError as error:
            yield checklist.place.diagnostic(_first_line(error), error.remedy)
            return
    for key, entry in checks.items():
        if not rules:
            fault = f"{shown(key)} is a row of a checklist, and none is named"
            yield entry.place.diagnostic(fault, "write `checklist: cloud-native`")
        elif key not in rules:
            suggestion = did_you_mean(key, rules)
            yield entry.place.diagnostic(f"no row {shown(key)} in the checklist", suggestion)
    off = {key for key, entry in checks.items() if text_of(entry.node) == "off"}
    yield from _expected(root, [*rules, *root.map("thresholds").entries, READY_ID], off)


def _expected(root: Map, known: list[str], off: set[str]) -> Iterator[Diagnostic]:
    for entry in root.map("cases").entries.values():
        expect = entry.node.map("expect") if isinstance(entry.node, Map) else Map(entry.place, {})
        lists = [
            node
            for node in (expect.get("fail"), expect.get("may_fail"))
            if isinstance(node, Series)
        ]
        seen: set[str] = set()
        for item in (item for series in lists for item in series.items):
            name = text_of(item)
            if name in seen:
                yield item.place.diagnostic(f"{shown(name)} stands here twice", "keep one of them")
            elif name and name not in known:
                fault = f"{shown(name)} is neither a row of the checklist nor a threshold"
                yield item.place.diagnostic(fault, did_you_mean(name, known))
            elif name in off:
                fault = f"{shown(name)} cannot fail: `checks` leaves it out"
                yield item.place.diagnostic(fault, "leave it out here too")
            seen |= {name} if name else set()


def _rule_ids(name: str, folder: Path) -> list[str]:
    from bench.standard.checklist import load_checklist

    return [rule.id for rule in load_checklist(name, folder).rules]


def _first_line(error: BenchError) -> str:
    if isinstance(error, ScenarioError) and error.diagnostics:
        first = error.diagnostics[0]
        return f"{first.file}:{first.line}:{first.col}: {first.message}"
    return f"{error.subject}: {error.cause}"
