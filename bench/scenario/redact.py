"""Scenario trees without their secrets, for journals, logs and reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED = "***"
_SECRET = re.compile(
    r"passw|passphrase|pgpass|pwd|secret|tokens?(?![a-z])|keys?(?![a-z])|credential|private|cookie"
    r"|(?<![a-z])(?:auth|pat|pass)(?![a-z])|authorization|signature",
    re.IGNORECASE,
)
_SHORTEST = 8
_PLAIN = re.compile(r"[A-Za-z]?[a-z]*|[A-Z]*|[+-]?\d+([.,]\d+)*")
_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
_ASSIGNMENT = re.compile(r"""\b([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s"';&|]+)""")


def is_secret_name(name: str) -> bool:
    """Whether a variable called `name` probably holds a secret, such as DB_PASSWORD."""
    return _SECRET.search(name) is not None


def is_plain(value: str) -> bool:
    """Whether `value` is a word or a number, as they stand in any log."""
    return _PLAIN.fullmatch(value) is not None


def file_secrets(variables: Mapping[str, str]) -> set[str]:
    """The values of an env file that are taken for secrets.

    Those of variables that are called like one, and all others of at least 8 characters that are
    neither a word nor a number.
    """
    return {value for name, value in variables.items() if is_secret_name(name) or is_telling(value)}


def is_telling(value: str) -> bool:
    """Whether `value` is long enough, and no word or number, so that it can be a secret."""
    return len(value) >= _SHORTEST and not is_plain(value)


def redacted(tree: dict[str, Any]) -> dict[str, Any]:
    """A copy of `tree` in which the values of secret-looking variables are `***`.

    Covers `environment` and build `args`, as mappings or lists of KEY=value, in cases,
    services and defaults, and the `headers` of probes; and the user part of URLs in every other
    variable. What `env_file` names is never in a tree.
    """
    return {key: _redacted(value, key) for key, value in tree.items()}


def redacted_text(text: str) -> str:
    """`text` without values of `NAME=value` whose name looks secret, and without users of URLs."""
    without = _ASSIGNMENT.sub(
        lambda found: f"{found[1]}={REDACTED}" if is_secret_name(found[1]) else found[0], text
    )
    return _IN_URL.sub(f"{REDACTED}@", without)


def _redacted(value: Any, key: str) -> Any:
    if key in ("environment", "args", "headers"):
        return _variables(value)
    if isinstance(value, dict):
        return {name: _redacted(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner, "") for inner in value]
    return value


def _variables(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _variable(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_pair(inner) for inner in value]
    return value


def _pair(item: Any) -> Any:
    if not isinstance(item, str):
        return item
    name, equals, value = item.partition("=")
    return f"{name}{equals}{_variable(name, value)}" if equals else item


def _variable(name: str, value: Any) -> Any:
    if is_secret_name(name):
        return REDACTED
    return _IN_URL.sub(f"{REDACTED}@", value) if isinstance(value, str) else value
