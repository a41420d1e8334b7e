"""Making one base out of Debian packages, in the engine."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import EngineRefusedError
from bench.images.bases.present import image_id
from bench.images.bases.recipe import dockerfile, files, import_changes, last_step
from bench.images.bases.rootfs import make_rootfs
from bench.images.bases.versions import installed
from bench.runtimes.build_request import BuildRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.images.bases.table import Base
    from bench.runtimes.protocol import ContainerEngine

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def make_base(engine: ContainerEngine, base: Base, say: Callable[[str], None]) -> None:
    """Make `base` under its name; its parent is there.

    What is finished carries its recipe and the versions that are installed in it; an image that
    was interrupted before that is no base yet.

    Raises:
        HostError: this host cannot make a root file system.
        EngineError: the engine failed.
    """
    made = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="bench-base-") as name:
        folder = Path(name)
        if base.parent is None:
            _import(engine, base, made, folder, say)
        else:
            _build(engine, base.name, dockerfile(base, made), files(base), folder, say)
    unfinished = image_id(engine, base.name)
    debian, versions = installed(engine, base.name, base.shown)
    with tempfile.TemporaryDirectory(prefix="bench-base-") as name:
        text = last_step(base, base.name, debian, versions)
        _build(engine, base.name, text, {}, Path(name), lambda _: None)
    with contextlib.suppress(EngineRefusedError):  # a classic builder's image stands on it
        engine.images.remove(unfinished)


def _import(
    engine: ContainerEngine, base: Base, made: str, folder: Path, say: Callable[[str], None]
) -> None:
    scratch, tar = folder / "scratch", folder / "rootfs.tar"
    scratch.mkdir()
    make_rootfs(base, tar, scratch, lambda text: say(f"{base.name}: {text}"))
    engine.images.import_rootfs(tar, base.name, import_changes(base, made))


def _build(
    engine: ContainerEngine,
    name: str,
    text: str,
    extra: dict[str, str],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    for file, content in extra.items():
        (folder / file).write_text(content, encoding="utf-8")
        (folder / file).chmod(0o755 if file.endswith(".sh") else 0o644)
    proxies = {key: os.environ[key] for key in _PROXIES if key in os.environ}
    request = BuildRequest(folder, name, folder / "Dockerfile", args=proxies)
    engine.builder.build(request, lambda step: say(f"{name}: {step[:120]}"))
