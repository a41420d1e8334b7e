"""Image references, taken apart: `host:5000/name:tag`, `name@sha256:…`."""

from __future__ import annotations

DEFAULT_TAG = "latest"


def split_reference(reference: str) -> tuple[str, str]:
    """Repository and tag or digest of a reference; the tag is `latest` where none is given."""
    if "@" in reference:
        repository, _, digest = reference.partition("@")
        return repository, digest
    head, separator, tag = reference.rpartition(":")
    if separator and "/" not in tag:  # what follows the colon of host:port has a slash
        return head, tag
    return reference, DEFAULT_TAG
