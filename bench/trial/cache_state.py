"""Establishing what is on the host when a trial starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.domain import CacheState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.runtimes.protocol import Runtime

DROP_CACHES = Path("/proc/sys/vm/drop_caches")
"""Writing 3 there lets the kernel forget its page, dentry and inode caches."""


class CacheKeeper:
    """Brings the measuring engine into a cache state, and says what could not be controlled."""

    def __init__(
        self, engine: Runtime, *, may_wipe: bool, blob_path: Callable[[str], Path] | None
    ) -> None:
        """Prepare.

        Args:
            engine: the measuring engine.
            may_wipe: whether everything in its store is bench's own.
            blob_path: where the registry keeps a blob on this host, None where it is not ours.
        """
        self._engine = engine
        self.may_wipe = may_wipe
        self._blob_path = blob_path

    @property
    def drops_page_cache(self) -> bool:
        """Whether the page cache can be dropped here."""
        return os.geteuid() == 0 and os.access(DROP_CACHES, os.W_OK)

    def establish(
        self, state: CacheState, references: Sequence[str], blobs: list[str], base: str = ""
    ) -> bool:
        """Bring the host into `state` for the images `references`.

        Args:
            state: `cold` leaves no layer of them, `base` those of the base, the others leave them
                present.
            references: what the trial runs.
            blobs: digests that a cold trial will pull.
            base: an image of the base's layers alone; empty where it is not known.

        Returns:
            Whether the page cache was dropped.
        """
        if state.is_pulled:
            self._wipe([*references, base] if base else [*references])
            if state is CacheState.BASE:
                self._pull(base)
        else:
            for reference in references:
                if not self._engine.has_image(reference):
                    self._pull(reference)
        dropped = self._dropped_page_cache(state)
        if dropped and state.is_pulled:
            self._read_blobs(blobs)
        return dropped

    def _dropped_page_cache(self, state: CacheState) -> bool:
        """Drop the page cache where `state` asks for it and it can be done; whether it was."""
        if state is CacheState.WARM or not self.drops_page_cache:
            return False
        os.sync()
        DROP_CACHES.write_text("3\n")
        return True

    def _pull(self, reference: str) -> None:
        for _ in self._engine.pull(reference):
            pass

    def _wipe(self, references: list[str]) -> None:
        for reference in references:
            self._engine.remove_image(reference)
        if self.may_wipe:
            for image_id in self._engine.image_ids():
                self._engine.remove_image(image_id)

    def _read_blobs(self, blobs: list[str]) -> None:
        """Have the registry's blobs in memory again: its disk is not what is measured."""
        if self._blob_path is None:
            return
        for digest in blobs:
            path = self._blob_path(digest)
            if path.exists():
                with path.open("rb", buffering=0) as file:
                    while file.read(1 << 20):
                        pass


class ProcessKeeper(CacheKeeper):
    """Brings the host into the cache state of a plain process, which has no image."""

    def __init__(self, engine: Runtime) -> None:
        super().__init__(engine, may_wipe=False, blob_path=None)

    def establish(
        self,
        state: CacheState,
        references: Sequence[str],  # noqa: ARG002 - it has none
        blobs: list[str],  # noqa: ARG002 - nor these
        base: str = "",  # noqa: ARG002 - nor this
    ) -> bool:
        """Drop the page cache, or leave it; returns whether it was dropped."""
        return self._dropped_page_cache(state)
