"""The architecture of this machine, as images name it."""

from __future__ import annotations

import platform

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm/v7", "i686": "386"}


def own_architecture() -> str:
    """Architecture and, after a slash, its variant: `amd64`, `arm/v7`."""
    return _MACHINES.get(platform.machine(), platform.machine())
