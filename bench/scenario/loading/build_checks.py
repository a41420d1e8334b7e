"""Checks of a build: its folders and files must be there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.paths import is_there
from bench.dockerfile.faults import dockerfile_faults
from bench.scenario.loading.tree import text_of
from bench.yamldoc.nodes import Map, Node, Series
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core.errors import Diagnostic

_LARGEST_BYTES = 1024 * 1024


def check_build(build: Node | None, folder: Path) -> Iterator[Diagnostic]:
    """Every fault in `build`; paths start from `folder`."""
    context = build.get("context") if isinstance(build, Map) else build
    if not (where := text_of(context)) or context is None:
        return
    base = folder / where
    if not is_there(base, Path.is_dir):
        suggestion = did_you_mean(base.name, names_in(base.parent), kind="there are")
        yield context.place.diagnostic(f"there is no folder {shown(where)}", suggestion)
        return
    keys = build if isinstance(build, Map) else Map(build.place if build else context.place, {})
    dockerfile = keys.get("dockerfile")
    name = text_of(dockerfile) if dockerfile else "Dockerfile"
    inline = keys.get("dockerfile_inline")
    if "BUILDKIT_SYNTAX" in keys.map("args").entries:
        pass  # another language
    elif inline is not None:
        text = text_of(inline)
        for fault in dockerfile_faults(text, "line") if text else ():
            yield inline.place.diagnostic(f"line {fault.line}: {fault.message}", fault.suggestion)
    elif name and not is_there(base / name, Path.is_file):
        place = dockerfile.place if dockerfile else context.place
        suggestion = did_you_mean(name, names_in(base), kind="there are")
        yield place.diagnostic(f"there is no file {shown(name)} in {shown(where)}", suggestion)
    elif name:
        yield from _faults_in(base / name)
    yield from _build_inputs(keys, folder)
    yield from _rebuild_after(keys.get("rebuild_after"), base, where)


def _faults_in(path: Path) -> Iterator[Diagnostic]:
    """What no builder takes in a Dockerfile that has been written and can be read."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return
    if text.strip() and len(text) < _LARGEST_BYTES:
        yield from dockerfile_faults(text, str(path))


def _build_inputs(build: Map, folder: Path) -> Iterator[Diagnostic]:
    """Files and folders beside the context that are not there."""
    secrets = build.get("secrets")
    for item in secrets.items if isinstance(secrets, Series) else ():
        file = item.get("file") if isinstance(item, Map) else None
        if file and (name := text_of(file)) and not is_there(folder / name, Path.is_file):
            suggestion = did_you_mean(Path(name).name, names_in((folder / name).parent))
            yield file.place.diagnostic(f"there is no file {shown(name)}", suggestion)
    for entry in build.map("additional_contexts").entries.values():
        name = text_of(entry.node)
        if name and "://" not in name and not is_there(folder / name, Path.is_dir):
            advice = "name a folder, or write docker-image://NAME for an image"
            yield entry.node.place.diagnostic(f"there is no folder {shown(name)}", advice)


def _rebuild_after(node: Node | None, context: Path, where: str) -> Iterator[Diagnostic]:
    """Files that are not there, or that a copy of the context would not hold as its own."""
    for item in node.items if isinstance(node, Series) else [node] if node else []:
        if not (name := text_of(item)):
            continue
        path = context / name
        if not is_there(path, Path.is_file):
            suggestion = did_you_mean(path.name, names_in(path.parent), kind="there are")
            fault = f"there is no file {shown(name)} in {shown(where)}"
            yield item.place.diagnostic(fault, suggestion)
        elif Path(name).is_absolute() or path.resolve() != context.resolve() / name:
            fault = f"{shown(name)} leads out of {shown(where)}, or over a link"
            yield item.place.diagnostic(fault, "name the file itself, as it lies in the context")


def names_in(folder: Path) -> list[str]:
    """The names of what lies in `folder`; none where it cannot be looked at."""
    try:
        return sorted(path.name for path in folder.iterdir())[:1000]
    except (OSError, ValueError):
        return []
