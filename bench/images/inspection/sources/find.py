"""The source that a name on the command line means: a path, an engine's image, or a registry."""

from __future__ import annotations

import ipaddress
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import (
    BenchError,
    EngineError,
    EngineRefusedError,
    EngineUnavailableError,
    UsageError,
)
from bench.core.image_reference import split_reference
from bench.core.machine import own_architecture
from bench.core.paths import is_there
from bench.images.inspection.sources.archive import ImageArchive
from bench.images.inspection.sources.layout import LayoutFolder
from bench.images.inspection.sources.registry import RegistryImage
from bench.images.streams import Chunks
from bench.runtimes.known import BY_NAME, ENGINES, connect
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.registry import Registry
from bench.runtimes.protocol import container_engine
from bench.runtimes.select import choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.images.inspection.sources.source import InspectionSource, ReadImage
    from bench.runtimes.protocol import ContainerEngine
    from bench.runtimes.select import Choice

_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst")
_BAD_REQUEST = 400
_ARCHITECTURE = own_architecture().partition("/")[0]


def read_image(text: str, engine: str | None) -> ReadImage:
    """Read the image that `text` means.

    Args:
        text: a path to an archive or an OCI layout; else the name of an image.
        engine: value of `--engine`.

    Raises:
        BenchError: there is no such image, or it cannot be read; a UsageError where neither the
            engine nor the registry is at fault.
    """
    if not text.strip() or "\0" in text:
        raise UsageError("IMAGE", "is empty or is not a name", "name an image or a path")
    path = Path(text)
    if is_there(path, Path.is_file):
        return _archive(path).read()
    if is_there(path, Path.is_dir) and (_looks_like_a_path(text) or _is_layout(path)):
        return _layout(path).read()
    if _looks_like_a_path(text):
        raise UsageError(text, "is neither an archive nor a folder", "check the path")
    return _by_name(text, choose(engine))


def _looks_like_a_path(text: str) -> bool:
    return text.startswith((".", "/", "~")) or text.endswith(_ENDINGS)


def _is_layout(path: Path) -> bool:
    return is_there(path / "index.json", Path.is_file)


def _layout(path: Path) -> InspectionSource:
    if not _is_layout(path):
        raise UsageError(
            str(path),
            "is not an OCI layout: it has no index.json",
            "name a folder made by `skopeo copy … oci:FOLDER`, or an archive",
        )
    return LayoutFolder(path, _ARCHITECTURE)


def _archive(path: Path) -> InspectionSource:
    return ImageArchive(str(path), "archive", lambda: path.open("rb"), _ARCHITECTURE, UsageError)


def _by_name(name: str, choice: Choice) -> ReadImage:
    """The image from the chosen engine, or else from the registry that its name begins with."""
    registry = _registry_host(name)
    unavailable: BenchError | None = None
    try:
        found = _from_engines(name, choice)
    except EngineUnavailableError as error:
        if choice.explicit or not registry:
            raise
        found, unavailable = None, error
    if found is not None:
        return found
    if not registry:
        raise UsageError(
            name,
            f"the engine ({choice.address}) has no such image",
            "pull or build it there, name another engine with --engine, put the registry before "
            "the name, or give the path of an archive made by `docker save`",
        )
    try:
        return _from_registry(name, registry)
    except BenchError as error:
        if unavailable is not None:
            raise error from unavailable
        raise


def _registry_host(name: str) -> str:
    """The registry that an image's name says; empty where it says none."""
    host, slash, _ = name.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else ""


def _from_registry(name: str, host: str) -> ReadImage:
    repository, reference = split_reference(name.removeprefix(f"{host}/"))
    login = PrivateEngine().login()
    registry = Registry(host, login, is_remote=not _is_here(host))
    try:
        return RegistryImage(registry, repository, reference, _ARCHITECTURE).read()
    finally:
        registry.close()


def _is_here(host: str) -> bool:
    """Whether an address is of this host's loopback, where engines too use plain HTTP."""
    name = host.rpartition(":")[0] or host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"


def _from_engines(name: str, choice: Choice) -> ReadImage | None:
    """The image from the chosen engine, or the user's own beside the private one; else None."""
    with _opened(choice) as engine:
        found = _from_engine(name, engine)
    if found is not None or not choice.is_private or choice.explicit:
        return found
    try:
        own = connect(ENGINES["docker"].sockets({})[0])
    except EngineError:
        return None
    try:
        return _from_engine(name, own)
    finally:
        own.close()


@contextmanager
def _opened(choice: Choice) -> Iterator[ContainerEngine]:
    if not choice.runs_images:
        raise UsageError(choice.address, "has no images", "name an engine with --engine")
    if choice.is_private:
        private = PrivateEngine()
        private.up()
        engine = connect(private.address("building"), private.login())
    else:
        named = BY_NAME.get(choice.address)
        engine = connect(choice.address) if named is None else container_engine(named.open())
    try:
        yield engine
    finally:
        engine.close()


def _from_engine(name: str, engine: ContainerEngine) -> ReadImage | None:
    try:
        if not engine.images.has(name):
            return None
    except EngineRefusedError as error:
        if error.status != _BAD_REQUEST:
            raise
        raise UsageError(name, error.cause, "write it as NAME:TAG or NAME@DIGEST") from error

    @contextmanager
    def opened() -> Iterator[Chunks]:
        yield Chunks(engine.images.save(name))

    architecture = engine.info.architecture or _ARCHITECTURE
    return ImageArchive(name, "engine", opened, architecture, EngineError).read()
