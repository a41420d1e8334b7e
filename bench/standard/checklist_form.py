"""The form of a checklist file: from plain values to rules, with every fault and its place."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from bench.core.domain import Arm, CacheState, Severity
from bench.core.metrics import METRICS, Scope
from bench.standard.rule import Judgement, Rule
from bench.standard.thresholds import Aggregate, Limit, metric_named, parse_limit

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1

_Choice = TypeVar("_Choice", bound=StrEnum)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_TOP = ("version", "name", "title", "rows")
_WORDS = ("title", "rule", "why", "remedy")
_COMMON = (*_WORDS, "judged_on", "misleads", "kind", "severity", "required")
_THRESHOLD = ("metric", "over", "limit", "cache", "arm")
_CHECK = ("check", "limit")


@dataclass(frozen=True)
class Fault:
    """Something wrong at one place.

    Attributes:
        path: the keys that lead there; the last one may be absent from the data.
        message: what is wrong.
        suggestion: what to write instead, or empty.
    """

    path: tuple[str, ...]
    message: str
    suggestion: str = ""


def plain(tree: object) -> object:
    """`tree` as ruamel gives it, in Python's own types, without comments and places."""
    if isinstance(tree, dict):
        return {str(key): plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(value) for value in tree]
    if isinstance(tree, bool) or tree is None:
        return tree
    for kind in (int, float):
        if isinstance(tree, kind):
            return kind(tree)
    return str(tree)


def place(tree: Any, path: tuple[str, ...]) -> tuple[int, int]:
    """0-based line and column of the key that `path` leads to, or of its nearest parent's."""
    at = (0, 0)
    for key in path:
        places = getattr(tree, "lc", None)
        if places is None or not isinstance(tree, dict) or key not in tree:
            break
        at = places.key(key)
        tree = tree[key]
    return at


def read_form(data: object) -> tuple[tuple[Rule, ...], list[Fault]]:
    """The rules of the checklist in `data`, and everything that is wrong with it."""
    if not isinstance(data, dict):
        return (), [Fault((), "a checklist is a mapping", "start with `version: 1`")]
    faults = _unknown_keys((), data, _TOP)
    if data.get("version") != VERSION:
        faults.append(Fault(("version",), f"needs `version: {VERSION}`"))
    faults += [fault for key in ("name", "title") for fault in _text((), data, key)]
    rules: list[Rule] = []
    entries = data.get("rows")
    if not isinstance(entries, dict) or not entries:
        faults.append(Fault(("rows",), "needs `rows`, a mapping from ids to rules"))
        entries = {}
    for rule_id, entry in entries.items():
        rule, more = _rule(rule_id, entry)
        faults += more
        rules += [rule] if rule else []
    return tuple(rules), faults


def _rule(rule_id: str, entry: object) -> tuple[Rule | None, list[Fault]]:
    path = ("rows", rule_id)
    if not isinstance(entry, dict):
        return None, [Fault(path, "a row is a mapping", f"it has {', '.join(_COMMON)}")]
    faults = []
    if not _ID.fullmatch(rule_id):
        faults.append(Fault(path, f"{rule_id!r} is not an id", "letters, digits, dots and dashes"))
    if rule_id in METRICS:
        faults.append(Fault(path, "the name of a metric cannot be an id", "write it as CI-5"))
    for key in _WORDS:
        faults += _text(path, entry, key)
    for key in ("judged_on", "misleads"):
        faults += _text(path, entry, key) if key in entry else []
    severity, more = _choice(path, entry, "severity", Severity, None)
    faults += more
    kind = entry.get("kind")
    if kind not in ("threshold", "check"):
        return None, [
            *faults,
            Fault((*path, "kind"), "`kind` is either threshold or check"),
        ]
    own = _THRESHOLD if kind == "threshold" else _CHECK
    faults += _unknown_keys(path, entry, (*_COMMON, *own))
    judged, more = _threshold(path, entry) if kind == "threshold" else _check(path, entry)
    faults += more
    required = entry.get("required", True)
    if not isinstance(required, bool):
        faults.append(Fault((*path, "required"), "`required` is true or false"))
    if faults:
        return None, faults
    words = {key: entry.get(key, "") for key in (*_WORDS, "judged_on", "misleads")}
    level = severity or Severity.BLOCK
    return Rule(id=rule_id, severity=level, required=required, **words, **judged), []


def _threshold(path: tuple[str, ...], entry: dict[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    over, faults = _choice(path, entry, "over", Aggregate, Aggregate.MAX)
    arm, more = _choice(path, entry, "arm", Arm, Arm.FIT)
    faults += more
    cache, more = _choice(path, entry, "cache", CacheState, None)
    faults += more
    missing = [fault for key in ("metric", "limit") for fault in _text(path, entry, key)]
    if missing:
        return {}, faults + missing
    try:
        metric = metric_named(entry["metric"])
    except ValueError as error:
        return {}, [*faults, Fault((*path, "metric"), str(error))]
    if metric.scope is Scope.IMAGE and {"cache", "arm"} & set(entry):
        faults.append(Fault(path, f"{metric.name} belongs to the image: no `cache`, no `arm`"))
    limit, more = _limit(path, entry["limit"], metric.unit, upper=False)
    faults += more
    judged = {"metric": metric.name, "limit": limit, "over": over}
    return judged | {"cache": cache, "arm": arm}, faults


def _check(path: tuple[str, ...], entry: dict[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    check, faults = _choice(path, entry, "check", Judgement, None)
    if check is None:
        if not faults:
            known = ", ".join(Judgement)
            faults = [Fault((*path, "check"), "needs `check`", f"known are {known}")]
        return {}, faults
    if not check.needs.metric:
        if "limit" in entry:
            faults.append(Fault((*path, "limit"), f"the check {check} has no limit"))
        return {"check": check}, faults
    if missing := _text(path, entry, "limit"):
        return {}, faults + missing
    limit, more = _limit(path, entry["limit"], METRICS[check.needs.metric].unit, upper=True)
    faults += more
    judged = {"check": check, "metric": check.needs.metric, "limit": limit}
    return judged | {"over": Aggregate.MAX, "arm": check.needs.arm}, faults


def _limit(
    path: tuple[str, ...], text: str, unit: str, *, upper: bool
) -> tuple[Limit | None, list[Fault]]:
    try:
        limit = parse_limit(text, unit)
    except ValueError as error:
        return None, [Fault((*path, "limit"), str(error))]
    if upper and not limit.operator.is_upper:
        return None, [Fault((*path, "limit"), "this check needs an upper limit", "write <= or <")]
    return limit, []


def _text(path: tuple[str, ...], entry: dict[str, Any], key: str) -> list[Fault]:
    value = entry.get(key)
    if isinstance(value, str) and value.strip():
        return []
    return [Fault((*path, key), f"needs `{key}`, a text")]


def _choice(
    path: tuple[str, ...],
    entry: dict[str, Any],
    key: str,
    kind: type[_Choice],
    default: _Choice | None,
) -> tuple[_Choice | None, list[Fault]]:
    if key not in entry:
        return default, []
    try:
        return kind(entry[key]), []
    except ValueError:
        known = ", ".join(kind)
        return default, [Fault((*path, key), f"{entry[key]!r} is not one of {known}")]


def _unknown_keys(
    path: tuple[str, ...], entry: dict[str, Any], known: Iterable[str]
) -> list[Fault]:
    faults = []
    for key in entry:
        if key not in known and not key.startswith("x-"):
            near = difflib.get_close_matches(key, list(known), n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
            faults.append(Fault((*path, key), f"unknown key `{key}`", hint))
    return faults
