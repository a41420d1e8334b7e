"""Scenario trees without their secrets, for journals, logs and reports."""

from __future__ import annotations

import re
from typing import Any

REDACTED = "***"
_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|token|key|credential|private|cookie|(?<![a-z])auth(?![a-z])"
    r"|(?<![a-z])pat(?![a-z])|authorization|signature",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")


def is_secret_name(name: str) -> bool:
    """Whether a variable called `name` probably holds a secret, such as DB_PASSWORD."""
    return _SECRET.search(name) is not None


def redacted(tree: dict[str, Any]) -> dict[str, Any]:
    """A copy of `tree` in which the values of secret-looking variables are `***`.

    Covers `environment` and build `args`, as mappings or lists of KEY=value, in cases,
    services and defaults, and the `headers` of probes; and the user part of URLs in every other
    variable. What `env_file` names is never in a tree.
    """
    return {key: _redacted(value, key) for key, value in tree.items()}


def _redacted(value: Any, key: str) -> Any:
    if key in ("environment", "args", "headers"):
        return _variables(value)
    if isinstance(value, dict):
        return {name: _redacted(one, str(name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_redacted(one, "") for one in value]
    return value


def _variables(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _variable(str(name), one) for name, one in value.items()}
    if isinstance(value, list):
        return [_pair(one) for one in value]
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
