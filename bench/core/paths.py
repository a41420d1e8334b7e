"""Checks of paths that come from elsewhere, such as a file or an environment variable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def is_there(path: Path | str, kind: Callable[[Path], bool] = Path.exists) -> bool:
    """Whether there is such a path; one that may not be looked at, or is too long, is none."""
    try:
        return kind(Path(path))
    except (OSError, ValueError):
        return False
