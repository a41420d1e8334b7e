"""A mended Dockerfile as the `build` of a case, without a change to the user's files."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from bench.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from bench.dockerfile.mends.sources import Sources


def build_of(sources: Sources, places: Collection[str], folder: Path) -> dict[str, Any]:
    """The keys of `build` that say where this variant is built from.

    A variant whose Dockerfile alone differs is built from the user's context. For others, and
    where an ignore file belongs to the Dockerfile by its name, `folder` becomes a copy of the
    context with the variant's files in it: by hard links where the file system has them.

    Args:
        sources: the variant.
        places: the files of the context that differ from the user's, or will.
        folder: for the copy.
    """
    own_ignore = f"{sources.dockerfile}.dockerignore"
    if set(places) <= {sources.dockerfile} and sources.read(own_ignore) is None:
        return {"context": str(sources.context.resolve()), "dockerfile_inline": sources.text}
    if not folder.exists():
        copy_context(sources, folder, places)
    return {"context": str(folder.resolve()), "dockerfile": sources.dockerfile}


def copy_context(sources: Sources, folder: Path, places: Collection[str]) -> None:
    """Copy the context, with the changed files in the place of those that are there.

    Raises:
        StoreError: it cannot be copied.
    """
    context = sources.context.resolve()
    inside = folder.resolve()

    def skip(path: str, names: list[str]) -> set[str]:
        """What the copy itself is in."""
        return {name for name in names if inside.is_relative_to(os.path.join(path, name))}  # noqa: PTH118

    try:
        shutil.copytree(context, folder, symlinks=True, ignore=skip, copy_function=_link_or_copy)
        for place in {*places, sources.dockerfile}:
            path = folder / place
            mode = path.stat().st_mode if path.exists() else None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # it may be the user's own file under another name
            if place in sources.texts:
                path.write_bytes(sources.texts[place].encode())
            if mode is not None and place in sources.texts:
                path.chmod(mode)
    except (OSError, shutil.Error) as error:
        raise StoreError(
            str(context), f"cannot be copied to {folder}: {error}", "check the free disk space"
        ) from error


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target
