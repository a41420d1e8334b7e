"""Checks of paths from outside, such as from a file or an environment variable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def is_there(path: Path | str, kind: Callable[[Path], bool] = Path.exists) -> bool:
    """Whether the path exists; False if it may not be inspected, or is too long."""
    try:
        return kind(Path(path))
    except (OSError, ValueError):
        return False
