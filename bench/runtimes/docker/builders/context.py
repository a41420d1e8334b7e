"""The build context of an image, as the archive that an engine takes."""

from __future__ import annotations

import io
import tarfile
import tempfile
from typing import IO, TYPE_CHECKING

from docker.utils.build import PatternMatcher

from bench.runtimes.build_request import as_bytes, read_dockerfile

if TYPE_CHECKING:
    from pathlib import Path

    from bench.runtimes.build_request import BuildRequest

_ADDED = ".bench.Dockerfile"
"""Name of a Dockerfile that is added to the archive."""


def archive(request: BuildRequest, dockerfile: str) -> tuple[IO[bytes], str, bool]:
    """The files of the context that are not ignored, and the Dockerfile.

    Args:
        request: with the context.
        dockerfile: text of the Dockerfile.

    Returns:
        A tar archive positioned at its beginning, the name of the Dockerfile in it, and whether
        that is a file which the builder's own context would not contain.

    Raises:
        OSError: a file cannot be read.
    """
    patterns = _patterns(request.ignore_file)
    names = sorted(set(PatternMatcher(patterns).walk(str(request.context))))
    inside = _name_inside(request)
    given = inside is not None and inside in names
    if given and read_dockerfile(request.dockerfile) != dockerfile:
        names.remove(str(inside))
    file = tempfile.TemporaryFile(prefix="container-bench-")  # noqa: SIM115 - handed on
    # BuildKit looks at the first header alone to see what it got; that of PAX tells it nothing
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in names:
            _add(tar, request.context / name, name)
        if not given or str(inside) not in names:
            _add_text(tar, str(inside) if given else _ADDED, dockerfile)
    file.seek(0)
    return file, str(inside) if given else _ADDED, not given


def _patterns(ignore_file: Path | None) -> list[str]:
    if ignore_file is None:
        return []
    lines = (line.strip() for line in ignore_file.read_text().lstrip("\ufeff").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _name_inside(request: BuildRequest) -> str | None:
    """The Dockerfile's path in the context; None if it lies outside."""
    context, dockerfile = request.context.resolve(), request.dockerfile.resolve()
    if not dockerfile.is_relative_to(context):
        return None
    return str(dockerfile.relative_to(context))


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    if path.is_socket():  # which no image can hold
        return
    info = tar.gettarinfo(str(path), name)
    info.uid = info.gid = 0  # as every builder has it, whoever owns the files here
    info.uname = info.gname = ""
    info.mtime = int(info.mtime)
    if info.islnk():  # each name is a file of its own in an image
        info.type, info.size = tarfile.REGTYPE, path.lstat().st_size
    if not info.isreg():
        tar.addfile(info)
        return
    with path.open("rb") as data:
        tar.addfile(info, data)


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = as_bytes(text)
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
