"""Requirements on this host for starting a private engine, or only a registry."""

from __future__ import annotations

import os
import shutil

from bench.core.errors import EngineUnavailableError
from bench.runtimes.managed.daemons import SEARCH_PATH

REGISTRY_PROGRAM = "docker-registry"
PROGRAMS = ("dockerd", "containerd", "runc", REGISTRY_PROGRAM, "ip", "iptables")
PACKAGES = ("docker.io", "docker-registry", "mmdebstrap", "iproute2", "iptables", "pigz")


def missing_programs() -> list[str]:
    """The programs of PROGRAMS that are not installed."""
    return [name for name in PROGRAMS if not shutil.which(name, path=SEARCH_PATH)]


def why_no_registry() -> EngineUnavailableError | None:
    """Why bench cannot run its own registry here, or None if it can; needs no root."""
    if shutil.which(REGISTRY_PROGRAM, path=SEARCH_PATH):
        return None
    return EngineUnavailableError(
        "registry",
        f"not installed here: {REGISTRY_PROGRAM}",
        f"have the package {REGISTRY_PROGRAM} installed, or put that program on the PATH",
    )


def why_impossible() -> EngineUnavailableError | None:
    """Why the private engine cannot be started on this host, or None if it can."""
    if os.geteuid() != 0:
        return EngineUnavailableError(
            "private engine",
            "it needs root",
            "run bench as root, or use your own engine with --engine docker",
        )
    missing = missing_programs()
    if missing:
        return EngineUnavailableError(
            "private engine",
            f"not installed here: {', '.join(missing)}",
            f"apt-get install --no-install-recommends {' '.join(PACKAGES)}",
        )
    return None
