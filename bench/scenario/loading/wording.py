"""Faults that pydantic finds, in words for the author of the file, with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.scenario.figures import METRIC_NAME_RULE
from bench.scenario.loading.fields import fields_at
from bench.scenario.loading.foreign_keys import foreign_key
from bench.yamldoc.nodes import Map, Node, Scalar, locate, value_of
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel, ValidationError

    from bench.core.errors import Diagnostic

REPORTED_APART = ("incoherent", "variables")
"""Kinds of complaint that `checks` and `resolve` make themselves: they find them even where
something else is wrong with the same mapping, and `resolve` knows which variable it is."""

_LONGEST_MESSAGE = 300
_QUOTED = re.compile(r"'([^']*)'")

_EXAMPLES = {
    "version": "write `version: 1`",
    "name": "write `name: …`; the run folder is called after it",
    "cases": "write at least one: `cases: {good: {image: nginx, ready: {tcp: {port: 80}}}}`",
    "ready": "write how it becomes ready, such as `ready: {http: {port: 8080}}`",
    "port": "write the port it listens on, such as `port: 8080`",
    "context": "write the folder to build, such as `context: .`",
    "capabilities": "write what it must be able to do, such as `capabilities: [gpu]`",
    "limit": 'write the limit, such as `limit: "<= 30s"`',
    "fail": "write the ids that must fail, such as `fail: [CI-4]`",
}


def reworded(
    error: ValidationError, root: Node, model: type[BaseModel], *, partial: bool = False
) -> list[Diagnostic]:
    """The faults in `error`, which arose when `root` was read as a `model`.

    Args:
        error: what pydantic raised.
        root: the nodes whose values were validated.
        model: the model they were validated as.
        partial: whether more will be merged into them, so that what is missing is no fault.
    """
    faults = []
    for complaint in error.errors(include_url=False):
        finding = _ValidationFinding(
            complaint["type"],
            complaint["loc"],
            locate(root, complaint["loc"])[1],
            complaint.get("ctx", {}),
            root,
            model,
        )
        if finding.kind in ((*REPORTED_APART, "missing") if partial else REPORTED_APART):
            continue
        if isinstance(finding.node, Scalar) and finding.node.value is None:
            continue  # reported for what it is: a key without a value
        message, suggestion = _words(finding, complaint["msg"])
        place = locate(root, complaint["loc"])[0] if finding.at_key else finding.node.place
        faults.append(place.diagnostic(message[:_LONGEST_MESSAGE], suggestion[:_LONGEST_MESSAGE]))
    return faults


def split_advice(text: str) -> tuple[str, str]:
    """Message and suggestion in a text of the form `what is wrong; what to write`."""
    message, _, suggestion = text.partition("; ")
    return message, suggestion


@dataclass(frozen=True)
class _ValidationFinding:
    """One of pydantic's complaints, and what of the file it is about."""

    kind: str
    path: tuple[int | str, ...]
    node: Node
    context: dict[str, Any]
    root: Node
    model: type[BaseModel]

    @property
    def label(self) -> str:
        """The last key on the path that the file itself has."""
        label, node = "", self.root
        for step in self.path:
            if isinstance(node, Map) and str(step) in node.entries:
                label = str(step)
            _, node = locate(node, [step])
        return label

    @property
    def at_key(self) -> bool:
        """Whether the key is at fault, rather than its value."""
        return self.kind in ("missing", "extra_forbidden") or self.path[-1] == "[key]"


def _words(finding: _ValidationFinding, said: str) -> tuple[str, str]:
    label, last = finding.label, finding.path[-1] if finding.path else ""
    if finding.kind == "extra_forbidden":
        return _unknown_key(str(last), finding.path[:-1], finding.model)
    if finding.kind == "missing":
        inside = f" in `{label}`" if label else ""
        return f"`{last}` is missing{inside}", _EXAMPLES.get(str(last), f"write `{last}: …`")
    if last == "[key]":
        of_output = len(finding.path) > 2 and finding.path[-3] in ("metrics", "excerpts")
        rule = METRIC_NAME_RULE if of_output else _NAME_RULE
        return f"{shown(finding.path[-2])} is not a name", rule
    if finding.kind == "value_error":
        message, suggestion = split_advice(str(finding.context["error"]))
    elif finding.kind == "text_or_list":
        message, suggestion = split_advice(said)
    else:
        message, suggestion = _plain_words(finding)
    return f"`{label}`: {message}", suggestion


_NAME_RULE = "use letters, digits, `.`, `_` and `-`, at most 63, the first a letter or digit"


def _plain_words(finding: _ValidationFinding) -> tuple[str, str]:
    node, context = finding.node, finding.context
    value = node.value if isinstance(node, Scalar) else value_of(node)
    what = shown(value)
    match finding.kind:
        case "int_type" | "int_from_float":
            unquoted = isinstance(value, str) and value.isdecimal()
            return (
                f"{what} is not a whole number",
                f"write {value}" if unquoted else "write one such as 3",
            )
        case "bool_type":
            return f"{what} is neither true nor false", "write true or false"
        case "string_type" if isinstance(node, Scalar):
            return f"{what} is not text", f'write it in quotes: "{node.text}"'
        case "string_type":
            return f"{what} where text is expected", "write one text"
        case "list_type":
            return f"{what} is not a list", f"write [{what}]" if isinstance(node, Scalar) else (
                "write a list: [one, other]"
            )
        case "dict_type" | "model_type" | "model_attributes_type":
            keys = ", ".join(fields_at(finding.path, finding.model)[1])
            advice = f"its keys may be: {keys}" if keys else "write a mapping: {name: value}"
            return f"{what} is not a mapping", advice
        case "too_short":
            return "nothing in it", "write at least one"
        case "string_too_short":
            return "an empty text", "write it, or leave the key out"
        case "greater_than_equal" | "greater_than":
            least = context.get("ge", context.get("gt"))
            more = "the least is" if "ge" in context else "write more than"
            return f"{what} is too small", f"{more} {least:.15g}"
        case "less_than_equal" | "less_than":
            most = context.get("le", context.get("lt"))
            return f"{what} is too large", f"the most is {most:.15g}"
        case "string_pattern_mismatch" if str(context["pattern"]).startswith("^/"):
            advice = "begin it with a slash, and write a space as %20, an é as %C3%A9"
            return f"{what} is not a path", advice
        case "string_pattern_mismatch":
            return f"{what} is not a name", _NAME_RULE
        case "literal_error" | "enum":
            return _unknown_word(value, str(context["expected"]))
    return f"{what} cannot stand here", "write another value, or leave the key out"


def _unknown_word(value: object, expected: str) -> tuple[str, str]:
    known = _QUOTED.findall(expected)
    what = shown(value)
    if known == ["off"]:
        return f"{what} is not a setting", "write off, or a mapping such as {severity: warn}"
    if not known:
        return f"{what} cannot stand here", f"write {expected.lower()}"
    return f"{what} is not known here", did_you_mean(str(value), known, kind="write one of")


def _unknown_key(key: str, above: Sequence[str | int], model: type[BaseModel]) -> tuple[str, str]:
    owner, known = fields_at(above, model)
    if foreign := foreign_key(key, owner):
        return foreign
    return f"unknown key `{key}`", did_you_mean(key, known)
