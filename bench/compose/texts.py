"""Variables replaced, and values as the texts that Compose makes of them.

Compose reads YAML with the types of Go's reader, and writes a number that stands where text is
wanted in Go's way: `1.10` in a mapping of variables becomes `1.1`, and `010` becomes `8`.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from bench.yamldoc.interpolate import interpolate_compose
from bench.yamldoc.nodes import Map, Node, Scalar, Series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.compose.notes import Notes

_BASES = (
    (re.compile(r"([-+]?)0b([01_]+)"), 2),
    (re.compile(r"([-+]?)0x([0-9a-fA-F_]+)"), 16),
    (re.compile(r"([-+]?)0o?([0-7_]+)"), 8),
    (re.compile(r"([-+]?)([0-9][0-9_]*)"), 10),
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")
_MOST_DIGITS = 100
_EXPONENT_FROM = 1e6
_EXPONENT_BELOW = 1e-4


def with_variables(node: Node, environ: Mapping[str, str], notes: Notes) -> Node:
    """`node` with the variables in its values replaced; what is put in is text."""
    if isinstance(node, Map):
        return node.replace(
            {
                key: entry.holding(with_variables(entry.node, environ, notes))
                for key, entry in node.entries.items()
            }
        )
    if isinstance(node, Series):
        items = (with_variables(item, environ, notes) for item in node.items)
        return Series(node.place, tuple(items))
    if not isinstance(node.value, str) or "$" not in node.text:
        return node
    text, faults, unset = interpolate_compose(node.text, environ)
    for fault in faults:
        notes.fault(node.place, fault.message, fault.suggestion, node.place.find(fault.written))
    for name in unset:
        said = f"the variable {name} is not set, and is taken for empty"
        notes.warn(node.place, said, f"write ${{{name}:-default}}", node.place.find(name))
    return node if faults else Scalar(node.place, text, text)


def text_of(node: Scalar) -> str:
    """The text that Compose makes of a value where it wants text."""
    if not node.plain or node.value is None:
        return node.text
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    number = number_of(node.text)
    return node.text if number is None else _in_go(number)


def number_of(text: str) -> int | float | None:
    """The number that Go's YAML reader takes a plain `text` for; None where for none."""
    if len(text) > _MOST_DIGITS:
        return None
    for pattern, base in _BASES:
        if match := pattern.fullmatch(text):
            digits = match[2].replace("_", "")
            whole = int(match[1] + digits, base) if digits else None
            if whole is not None and not -(2**63) <= whole < 2**64:
                return float(whole)
            return whole
    if _FLOAT.fullmatch(text):
        found = float(text.replace("_", ""))
        return found if math.isfinite(found) else None  # too large for a number: text
    return None


def _in_go(number: float) -> str:
    if isinstance(number, int):
        return str(number)
    size = abs(number)
    if size and not _EXPONENT_BELOW <= size < _EXPONENT_FROM:
        digits = Decimal(repr(number)).as_tuple().digits
        mantissa, _, exponent = f"{number:.{len(digits) - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{exponent}"
    return repr(number).removesuffix(".0")
