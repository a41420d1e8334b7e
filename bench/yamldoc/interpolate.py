"""`${VAR}` and its other forms, replaced as Compose does.

| written | becomes |
|---|---|
| `${VAR}` | the value of VAR; a fault where it is not set |
| `${VAR:-text}`, `${VAR-text}` | the value, or `text` where it is unset or empty / only unset |
| `${VAR:?text}`, `${VAR?text}` | the value, or a fault that says `text` |
| `${VAR:+text}`, `${VAR+text}` | `text` where VAR is set and not empty / only set, else nothing |
| `$$` | a dollar sign |

`text` may itself hold variables. A dollar sign before anything but a name or a brace stays as
it is, so that a pattern may end in `$`; `$VAR` without braces is a fault, because Compose
would replace it and shells would too.

In Compose files all this is as Compose has it: `$VAR` is replaced, and a variable that is not set
is empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.yamldoc.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_RESULT = 2**16
_DEEPEST = 8
_DOLLAR = re.compile(r"\$(?:(?P<dollar>\$)|(?P<open>\{)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))")
_HEAD = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<operator>:?[-?+])?")
_BRACE = re.compile(r"\$\$|\$\{|\}")


@dataclass(frozen=True)
class VariableFault:
    """A variable that cannot be replaced: what is written, what is wrong, what to write."""

    written: str
    message: str
    suggestion: str


@dataclass
class _State:
    environ: Mapping[str, str]
    as_compose: bool = False
    faults: list[VariableFault] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)


def interpolate(text: str, environ: Mapping[str, str]) -> tuple[str, list[VariableFault]]:
    """`text` with its variables replaced from `environ`, and what could not be."""
    state = _State(environ)
    return _result(text, state), state.faults


def interpolate_compose(
    text: str, environ: Mapping[str, str]
) -> tuple[str, list[VariableFault], list[str]]:
    """`text` as Compose replaces its variables, what could not be, and the names that are unset."""
    state = _State(environ, as_compose=True)
    return _result(text, state), state.faults, state.unset


def _result(text: str, state: _State) -> str:
    if "$" not in text:
        return text
    result = _replace(text, state, 0)
    if len(result) > LONGEST_RESULT:
        fault = VariableFault("$", f"longer than {LONGEST_RESULT} characters once replaced", "")
        state.faults.append(fault)
        return ""
    return result


def _replace(text: str, state: _State, depth: int) -> str:
    parts: list[str] = []
    position = length = 0
    while (match := _DOLLAR.search(text, position)) and length <= LONGEST_RESULT:
        parts.append(text[position : match.start()])
        position = match.end()
        if match["dollar"]:
            parts.append("$")
        elif state.as_compose and (name := match["bare"]):
            parts.append(_variable(name, state, depth))
        elif name := match["bare"]:
            state.faults.append(
                VariableFault(
                    match[0],
                    f"`${name}` without braces",
                    f"write `${{{name}}}` to have it replaced, `$${name}` for a dollar sign",
                )
            )
        else:
            end = _closing(text, position)
            if end is None:
                message = "`${` without its `}`"
                state.faults.append(VariableFault(text[match.start() :][:20], message, "close it"))
                return ""
            parts.append(_variable(text[position:end], state, depth))
            position = end + 1
        length += len(parts[-1])
    parts.append(text[position:])
    return "".join(parts)


def _sound(name: str, value: str, written: str, state: _State) -> str:
    """`value`, unless it holds bytes that are no UTF-8, which Python keeps as lone surrogates."""
    if value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value):
        return value
    message = f"the value of {name} is not UTF-8 text"
    state.faults.append(VariableFault(written, message, f"set {name} to another before the run"))
    return ""


def _closing(text: str, start: int) -> int | None:
    level = 1
    for match in _BRACE.finditer(text, start):
        level += {"${": 1, "}": -1}.get(match[0], 0)
        if level == 0:
            return match.start()
    return None


def _variable(body: str, state: _State, depth: int) -> str:
    written = f"${{{body}}}"
    head = _HEAD.match(body)
    name, operator = (head["name"], head["operator"]) if head else ("", None)
    rest = body[head.end() :] if head else body
    if not head or (operator is None and rest):
        message = f"`{written[:40]}` is not a variable"
        suggestion = "write ${VAR} or ${VAR:-default}, and $$ for a dollar sign"
        state.faults.append(VariableFault(written, message, suggestion))
        return ""
    if depth >= _DEEPEST:
        state.faults.append(VariableFault("$", f"variables nested more than {_DEEPEST} deep", ""))
        return ""
    value = state.environ.get(name)
    given = bool(value) if operator and operator.startswith(":") else value is not None
    kind = operator[-1] if operator else ""
    if kind == "+":
        return _replace(rest, state, depth + 1) if given else ""
    if given and value is not None:
        return _sound(name, value, written, state)
    if kind == "-":
        return _replace(rest, state, depth + 1)
    empty = "is empty" if value == "" else "is not set"
    if kind == "?":
        reason = f": {rest}" if rest else ""
        state.faults.append(
            VariableFault(
                written, f"the variable {name} {empty}{reason}", f"set {name} before the run"
            )
        )
    elif state.as_compose:
        state.unset.append(name)
    else:
        near = nearest(name, state.environ)
        hint = f"did you mean `${{{near}}}`? Or" if near else "set it, or"
        suggestion = f"{hint} write a default: ${{{name}:-value}}"
        state.faults.append(VariableFault(written, f"the variable {name} is not set", suggestion))
    return ""
