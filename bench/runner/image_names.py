"""Small readings that preparing an image needs: of its Dockerfile, its platform and its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.core.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def text_of_dockerfile(dockerfile: Path) -> str:
    """Its text.

    Raises:
        BuildError: it cannot be read.
    """
    try:
        return dockerfile.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BuildError(
            str(dockerfile), f"cannot be read: {error}", "check `dockerfile`"
        ) from error


def architecture_of(name: str | None) -> str:
    """The second part of a platform such as `linux/arm64/v8`; empty without one."""
    return name.split("/")[1] if name and "/" in name else ""


def repository_part(name: str) -> str:
    """`name` as registries take it; two names may become one, for trials pull by digest."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
