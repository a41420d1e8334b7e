"""Bringing the host into the cache state that a trial starts from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import CacheState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.runtimes.images import ImageStore
    from bench.runtimes.protocol import Runtime

DROP_CACHES = Path("/proc/sys/vm/drop_caches")
"""Writing 3 there lets the kernel forget its page, dentry and inode caches."""


class CacheKeeper:
    """Brings a runtime and this host into a cache state; without images, only the page cache."""

    def __init__(self, runtime: Runtime, blob_path: Callable[[str], Path] | None = None) -> None:
        """Prepare.

        Args:
            runtime: runs the trials.
            blob_path: path of a registry blob on this host, or None if the registry is not bench's.
        """
        self._images = runtime.images
        self._capabilities = runtime.capabilities
        self._blob_path = blob_path

    @property
    def drops_page_cache(self) -> bool:
        """Whether the page cache can be dropped on this host."""
        return os.geteuid() == 0 and os.access(DROP_CACHES, os.W_OK)

    def establish(
        self, state: CacheState, references: Sequence[str], blobs: list[str], base: str = ""
    ) -> bool:
        """Bring the host into `state` for the images `references`.

        Args:
            state: `cold` removes all their layers, `base` keeps those of the base, and the other
                states keep the images present.
            references: the images that the trial runs.
            blobs: digests that a cold trial will pull.
            base: an image with only the base's layers; empty if unknown.

        Returns:
            Whether the page cache was dropped.
        """
        if self._images is not None:
            self._have_images(self._images, state, references, base)
        dropped = self._dropped_page_cache(state)
        if dropped and state.is_pulled:
            self._read_blobs(blobs)
        return dropped

    def _dropped_page_cache(self, state: CacheState) -> bool:
        """Drop the page cache if `state` requires it and this host allows it; return whether."""
        if state is CacheState.WARM or not self.drops_page_cache:
            return False
        os.sync()
        DROP_CACHES.write_text("3\n")
        return True

    def _have_images(
        self, images: ImageStore, state: CacheState, references: Sequence[str], base: str
    ) -> None:
        if not state.is_pulled:
            for reference in references:
                if not images.has(reference):
                    _pull(images, reference)
            return
        for reference in (*references, base) if base else references:
            images.remove(reference)
        if Capability.EXCLUSIVE_STORE in self._capabilities:
            for image_id in images.ids():
                images.remove(image_id)
        if state is CacheState.BASE:
            _pull(images, base)

    def _read_blobs(self, blobs: list[str]) -> None:
        """Read the registry's blobs into memory, so that its disk is not measured."""
        if self._blob_path is None:
            return
        for digest in blobs:
            path = self._blob_path(digest)
            if path.exists():
                with path.open("rb", buffering=0) as file:
                    while file.read(1 << 20):
                        pass


def _pull(images: ImageStore, reference: str) -> None:
    for _ in images.pull(reference):
        pass
