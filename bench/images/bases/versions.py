"""Versions of the packages in an image, read from its own package database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.runtimes.protocol import ContainerEngine

_PATIENCE_S = 60.0
_FORMAT = r"\${Package} \${Version}\n"
_SCRIPT = f"""
cat /etc/debian_version
[ $# = 0 ] || exec dpkg-query --show --showformat "{_FORMAT}" "$@"
"""
_LINES = 100


def installed(
    engine: ContainerEngine, image: str, packages: Sequence[str]
) -> tuple[str, dict[str, str]]:
    """The point release of Debian in `image`, and the versions of these packages.

    Raises:
        EngineError: it cannot be started, or lacks one of them.
    """
    spec = WorkloadSpec(
        image=image,
        name=f"bench-versions-{uuid.uuid4().hex[:12]}",
        labels={LABEL: "bases"},
        entrypoint=("sh", "-c", _SCRIPT, "sh"),
        command=tuple(packages),
        user="0",
        working_dir="/",
        network_mode="none",
    )
    container = engine.create(spec)
    try:
        container.start()
        status = container.wait(_PATIENCE_S)
        lines = [line.strip() for line in container.log_tail(_LINES) if line.strip()]
    finally:
        container.remove()
    if status != 0 or not lines:
        said = "; ".join(lines) or "it said nothing"
        raise EngineError(image, f"its packages cannot be read: {said}")
    found = dict(line.split(" ", 1) for line in lines[1:])
    return lines[0], {name: found[name] for name in packages}
