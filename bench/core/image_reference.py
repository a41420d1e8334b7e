"""Parsing of image references: `host:5000/name:tag`, `name@sha256:…`."""

from __future__ import annotations

DEFAULT_TAG = "latest"
_HUB_HOSTS = ("docker.io", "index.docker.io")


def split_reference(reference: str) -> tuple[str, str]:
    """Repository and tag or digest of a reference; the tag defaults to `latest`."""
    if "@" in reference:
        repository, _, digest = reference.partition("@")
        return repository, digest
    head, separator, tag = reference.rpartition(":")
    if separator and "/" not in tag:  # what follows the colon of host:port has a slash
        return head, tag
    return reference, DEFAULT_TAG


def familiar(reference: str) -> str:
    """A reference by its familiar short name: `docker.io/library/nginx` is `nginx:latest`.

    Images of Docker Hub lose its host and `library/`; others are unchanged. A reference without a
    tag and a digest gets the tag `latest`. A text that is not a reference is returned unchanged.
    """
    name, at, digest = reference.partition("@")
    for host in _HUB_HOSTS:
        name = name.removeprefix(f"{host}/")
    short = name.removeprefix("library/")
    if not short:
        return reference
    repository, tag = split_reference(short)
    return f"{short}{at}{digest}" if at else f"{repository}:{tag}"
