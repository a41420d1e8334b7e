"""The files of an image that a container opened from its start until it was ready."""

from __future__ import annotations

from dataclasses import dataclass

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.journal.facts.form import Amount, Seconds


@dataclass(frozen=True)
class OpenedBytes:
    """Files and how many of their bytes are in files that were opened.

    Attributes:
        size_bytes: of regular files that the container sees; those that a later layer hides are
            left out.
        opened_bytes: of those that were opened, whole, however little of them was read.
    """

    size_bytes: Amount
    opened_bytes: Amount


@dataclass(frozen=True)
class OpenedGroup:
    """The files of one package, or of one folder.

    Attributes:
        name: such as `torch`, or `/usr/share`.
        seconds: from the opening of each of its files to the opening of the next file of any.
    """

    name: str
    size_bytes: Amount
    opened_bytes: Amount
    seconds: Seconds


@dataclass(frozen=True)
class OpenedFiles:
    """The files that a container opened until it was ready.

    Attributes:
        total: of the whole image.
        layers: by layer, base first.
        groups: those with the most seconds and those with the most bytes that were not opened.
        files: number of files in the image.
        opened_files: number of those that were opened.
    """

    total: OpenedBytes
    layers: tuple[OpenedBytes, ...]
    groups: tuple[OpenedGroup, ...]
    files: Amount
    opened_files: Amount


@dataclass(frozen=True)
class OpenedUnknown:
    """Why it is not known which files were opened."""

    unknown: str
