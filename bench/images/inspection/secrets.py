"""Files that look like secrets, by their names and first bytes.

A name alone is not enough where the content can tell: `.npmrc` without a token is no secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES = 4096
"""Bytes of a file that are looked at."""

_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----|PuTTY-User-Key-File-\d")
_KEY_NAMES = re.compile(r".*\.(?:pem|key|ppk)|id_(?:rsa|dsa|ecdsa|ed25519)\w*")
_OF_PACKAGES = re.compile(
    r"/(?:(?:site|dist)-packages|python3[\d.]*|node_modules|gems)/(?:.+/)?"
    r"(?:tests?|fixtures|testdata|examples?)/"
)
"""Folders in which packages keep keys made for their own tests."""


@dataclass(frozen=True)
class _Named:
    """A kind of secret with a name of its own; `content` is what makes it one."""

    title: str
    path: re.Pattern[str]
    content: re.Pattern[bytes]


def _named(title: str, path: str, content: bytes) -> _Named:
    flags = re.IGNORECASE | re.MULTILINE
    return _Named(title, re.compile(rf"/(?:{path})$"), re.compile(content, flags))


_URL_WITH_PASSWORD = rb"://[^/\s:@]+:[^/\s@]+@"
_NAMED = (
    _named(
        "environment file",
        r"\.env(?:\.(?!example|sample|template|dist|defaults?|schema).+)?",
        rb"^\s*(?:export\s+)?\w+=\s*\S",
    ),
    _named("npm token", r"\.npmrc", rb"_auth(?:token)?\s*=|_password\s*="),
    _named("Yarn token", r"\.yarnrc\.yml", rb"npmAuth(?:Token|Ident)\s*:"),
    _named("PyPI password", r"\.pypirc", rb"password\s*[:=]"),
    _named("password in a pip index", r"\.?pip\.conf", _URL_WITH_PASSWORD),
    _named("netrc password", r"[._]netrc", rb"password\s+\S"),
    _named("git credentials", r"\.git-credentials", _URL_WITH_PASSWORD),
    _named("registry login", r"\.docker/config\.json|\.dockercfg", rb'"(?:auth|identitytoken)"'),
    _named("AWS credentials", r"\.aws/credentials", rb"aws_secret_access_key|aws_session_token"),
    _named("Google credentials", r"[^/]+\.json", rb'"private_key"\s*:|"refresh_token"\s*:'),
    _named("Azure tokens", r"\.azure/(?:accessTokens|msal_token_cache)\.\w+", rb"."),
    _named("Kubernetes login", r"\.kube/config", rb"client-key-data|token:|password:"),
    _named("Vault token", r"\.vault-token", rb"."),
    _named("database password", r"\.pgpass|\.my\.cnf", rb"^\S+:\S+:\S+:\S+:\S|password\s*="),
    _named("Cargo token", r"\.cargo/credentials(?:\.toml)?", rb"token\s*="),
)
_NAMES = re.compile(
    r".*/(?:[._](?:env|npmrc|yarnrc|pypirc|netrc|git-cred|dockercfg|vault|pgpass|my\.cnf)[^/]*"
    r"|\.?pip\.conf|config|config\.json|credentials[^/]*|[^/]+\.json|msal_token_cache\.\w+)$"
)
"""Paths that some pattern of `_NAMED` may match; all others are passed over quickly."""


def secret_kind(path: str, head: bytes) -> str:
    """The kind of secret that a file probably is; empty if it is none.

    Args:
        path: absolute.
        head: its first HEAD_BYTES bytes.
    """
    kind = ""
    if _is_private_key(path, head):
        kind = "private key"
    elif _NAMES.match(path):
        titles = (n.title for n in _NAMED if n.path.search(path) and n.content.search(head))
        kind = next(titles, "")
    return "" if kind and _OF_PACKAGES.search(path) else kind


def _is_private_key(path: str, head: bytes) -> bool:
    """Whether it begins as one, or is called like one and has one after other text."""
    if _PRIVATE_KEY.match(head):
        return True
    return b"PRIVATE KEY" in head and _has_key_name(path) and _PRIVATE_KEY.search(head) is not None


def _has_key_name(path: str) -> bool:
    return _KEY_NAMES.fullmatch(path.rpartition("/")[2]) is not None
