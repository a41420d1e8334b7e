"""Applying mends to the user's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.atomic import replacing
from bench.core.errors import UsageError
from bench.dockerfile.mends.sources import changed_places, read_sources

if TYPE_CHECKING:
    from bench.dockerfile.mends.sources import Sources


def write_changes(before: Sources, after: Sources) -> list[str]:
    """Write the files that differ, with their mode as it was; returns their places.

    Args:
        before: with the texts of all of them that were there; see `pinned`.
        after: with the changes.

    Raises:
        UsageError: one of them has changed since it was read; none is written then.
        StoreError: one cannot be written.
    """
    context = before.context.resolve()
    now = read_sources(before.context / before.dockerfile, before.context)
    places = changed_places(before, after)
    for place in places:
        if now.read(place) != before.texts.get(place):
            raise UsageError(
                str(context / place), "has changed since it was read", "run `bench improve` again"
            )
    for place in places:
        path = (context / place).resolve()
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
        with replacing(path) as partial:
            partial.write_bytes(after.texts[place].encode())
            partial.chmod(mode)
    return places
