"""What a Compose file mounts into a service, as pydantic models, short forms made long."""

from __future__ import annotations

import posixpath
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from bench.compose.values import Bytes, Flag, Octal, Word
from bench.scenario.values import Model, Text


class BindOptions(Model):
    """How a folder or file of the host is mounted."""

    propagation: Text | None = None
    create_host_path: Flag = True
    selinux: Literal["z", "Z"] | None = None
    recursive: Text | None = None


class VolumeOptions(Model):
    """How a volume is mounted."""

    nocopy: Flag = False


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
    def _short(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = value.split(":")
        if len(parts) > 3 or not all(parts):
            raise ValueError(f"{value!r} is not a volume; write SOURCE:TARGET or SOURCE:TARGET:ro")
        if len(parts) == 1:
            return {"type": "volume", "target": value}
        source, target, *rest = parts
        modes = rest[0].split(",") if rest else []
        kind = "bind" if source.startswith(("/", ".", "~")) else "volume"
        options: dict[str, Any] = {"type": kind, "source": source, "target": target}
        for mode in modes:
            if mode in ("ro", "rw"):
                options["read_only"] = mode == "ro"
            elif mode in ("z", "Z") and kind == "bind":
                options.setdefault("bind", {})["selinux"] = mode
            elif mode == "nocopy":
                options.setdefault("volume", {})["nocopy"] = True
            elif kind == "bind" and mode.removeprefix("r") in ("shared", "slave", "private"):
                options.setdefault("bind", {})["propagation"] = mode
            elif mode not in ("cached", "delegated", "consistent"):
                raise ValueError(f"{mode!r} is no way to mount; write ro or rw")
        return options

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

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"source": value} if isinstance(value, str) else value

    def path(self, folder: str) -> str:
        """Where it is mounted; a relative target, or none, is in `folder`."""
        return posixpath.join(folder, self.target or self.source)
