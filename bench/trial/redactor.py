"""Removal of a container's secrets from its output before that is stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.core.text import clean
from bench.scenario.model import Case, SupportingService
from bench.scenario.redact import REDACTED, file_secrets, is_secret_name, is_telling
from bench.yamldoc.env_file import read_env_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.compose.container_keys import Container

_SHORTEST = 4
"""Shorter values are not hidden: `1` and `yes` occur in such files too, and all over every log."""

_USER_OF_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def redactor(
    container: Container, folder: Path, further: frozenset[str] = frozenset()
) -> Callable[[str], str]:
    """Return a function that replaces the secrets of `container` in a text by `***`.

    Secrets are the values from its `env_file` that `file_secrets` recognises, values of variables
    and probe headers whose names look secret, and the user part of URLs in the other variables, as
    in the scenario stored in a journal. `further` are additional ones. Each line of a multi-line
    secret is hidden too, since output is also processed line by line. Text and secrets are cleaned
    first.
    """
    secrets = set(further) | file_secrets(
        read_env_files([folder / file for file in container.env_file])
    )
    for name, value in container.environment.items():
        secrets |= {value} if is_secret_name(name) else set(_USER_OF_URL.findall(value))
    if isinstance(container, Case | SupportingService):
        for probe in container.ready.probes():
            headers = probe.http.headers if probe.http else {}
            secrets |= {value for name, value in headers.items() if is_secret_name(name)}
    secrets = {clean(secret) for secret in secrets}
    secrets |= {line for secret in secrets for line in secret.splitlines() if is_telling(line)}
    long = sorted((secret for secret in secrets if len(secret) >= _SHORTEST), key=len, reverse=True)
    if not long:
        return str
    pattern = re.compile("|".join(map(re.escape, long)))
    return lambda text: pattern.sub(REDACTED, text)
