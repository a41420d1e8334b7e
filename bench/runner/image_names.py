"""Small helpers for preparing an image: its Dockerfile, its platform and its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.core.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def text_of_dockerfile(dockerfile: Path) -> str:
    """The text of the Dockerfile.

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
    """The second part of a platform such as `linux/arm64/v8`; empty if there is none."""
    return name.split("/")[1] if name and "/" in name else ""


def repository_part(name: str) -> str:
    """`name` as a valid repository name; two may coincide, since trials pull by digest."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
