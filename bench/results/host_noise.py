"""The noise that was measured on this host, kept from one command to the next.

One JSON file in the user's state folder, with an entry for each host that shares the folder: a
noise goes with the processor, the memory and the kernel it was measured on.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.core.atomic import write_named
from bench.core.errors import StoreError
from bench.host.fingerprint import COMPARABLE_KEYS
from bench.judge.statistics.noise import HostNoise

if TYPE_CHECKING:
    from collections.abc import Mapping


def noise_file() -> Path:
    """`noise.json` in `$XDG_STATE_HOME/container-bench`."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - Path.expanduser fails where there is no home
    return Path(state) / "container-bench" / "noise.json"


def load_noise(host: Mapping[str, Any]) -> HostNoise | None:
    """The noise of the host with this fingerprint, or None where nobody has measured it.

    Raises:
        StoreError: the file is damaged.
    """
    path = noise_file()
    entry = _read(path).get(_key(host))
    if entry is None:
        return None
    try:
        return HostNoise.from_data(entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path) from error


def save_noise(noise: HostNoise, host: Mapping[str, Any]) -> Path:
    """Keep `noise` for the host with this fingerprint, in place of an earlier one.

    Returns:
        The file it stands in.

    Raises:
        StoreError: the file is damaged, or cannot be written.
    """
    path = noise_file()
    entries = _read(path) | {_key(host): noise.as_data()}
    return write_named(path, json.dumps(entries, indent=1) + "\n")


def _key(host: Mapping[str, Any]) -> str:
    facts = json.dumps([host.get(name) for name in COMPARABLE_KEYS])
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _read(path: Path) -> dict[str, Any]:
    try:
        entries = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(str(path), f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(entries, dict):
        raise _damaged(path)
    return entries


def _damaged(path: Path) -> StoreError:
    return StoreError(str(path), "is damaged", "delete it, and run `bench selftest` again")
