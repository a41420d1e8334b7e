"""Mounts of a service of a Compose file, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

import posixpath
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bench.compose.values import Bytes, Flag, Octal, Word
from bench.yamldoc.values import Model, Text


class BindOptions(Model):
    """How a folder or file of the host is mounted."""

    propagation: Literal["private", "rprivate", "shared", "rshared", "slave", "rslave"] | None = (
        None
    )
    create_host_path: Flag = True
    selinux: Literal["z", "Z"] | None = None
    recursive: Text | None = None


def _no_part(value: object) -> object:
    if value is not None:
        raise ValueError(f"{value!r} is a part of a volume; mount all of it")
    return value


class VolumeOptions(Model):
    """How a volume is mounted."""

    nocopy: Flag = False
    subpath: Annotated[None, BeforeValidator(_no_part)] = None
    labels: dict[str, Word] | list[Text] = {}


class TmpfsOptions(Model):
    """A file system in memory."""

    size: Bytes | None = None
    mode: Octal | None = None


class Mount(Model):
    """A volume, a folder of the host, or a file system in memory, and where it is mounted."""

    type: Literal["volume", "bind", "tmpfs"]
    source: Text | None = None
    target: Text
    read_only: Flag = False
    consistency: Text | None = None
    bind: BindOptions = Field(default_factory=BindOptions)
    volume: VolumeOptions = Field(default_factory=VolumeOptions)
    tmpfs: TmpfsOptions = Field(default_factory=TmpfsOptions)

    @model_validator(mode="before")
    @classmethod
    def _is_known(cls, value: object) -> object:
        if isinstance(value, str):
            known = "write SOURCE:TARGET or SOURCE:TARGET:ro"
            raise ValueError(f"{value!r} is not a volume; {known}")  # noqa: TRY004
        return value

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.type == "bind" and self.source is None:
            raise ValueError("a bind mount without a source; write `source: ./FOLDER`")
        if self.type == "tmpfs" and self.source is not None:
            raise ValueError("a file system in memory has no source; leave it out")
        return self


class FileUse(Model):
    """A config or a secret, and where it is mounted as a file."""

    source: Text
    target: Text | None = None
    uid: Word | None = None
    gid: Word | None = None
    mode: Octal | None = None

    def path(self, folder: str) -> str:
        """Where it is mounted; a relative target, or none, is in `folder`."""
        return posixpath.join(folder, self.target or self.source)
