"""Merging what a Compose file includes and extends into one file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bench.compose.shape import Surroundings, shaped
from bench.scenario.env_file import read_env_files
from bench.scenario.nodes import Entry, Map, Node, Scalar, Series, value_of
from bench.scenario.parse import fatal, parse_yaml
from bench.scenario.source import read_source
from bench.scenario.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.errors import Diagnostic
    from bench.scenario.source import Place

_DEEPEST = 16
_REPLACED = frozenset({"command", "entrypoint", "test"})
"""Lists that are one value, of which the later takes the place of the earlier."""

_OF_INCLUDE = ("path", "project_directory", "env_file")
_OF_EXTENDS = ("service", "file")
_RESOURCES = ("services", "networks", "volumes", "configs", "secrets")


class FileReader:
    """Reads a Compose file with all that it names.

    Attributes:
        warnings: what a reader should know.
        faults: what is wrong, as far as reading could go on.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ` is what variables are taken from, before any `.env`."""
        self._environ = environ
        self._hash = hashlib.sha256()
        self.warnings: list[Diagnostic] = []
        self.faults: list[Diagnostic] = []
        self.environ: Mapping[str, str] = environ

    @property
    def digest(self) -> str:
        """Of the texts of all Compose files that were read."""
        return self._hash.hexdigest()

    def read(self, path: Path, env_files: Sequence[Path]) -> Map:
        """The file at `path` as one mapping.

        Args:
            path: of the file.
            env_files: in the place of the `.env` beside it; empty for that one, if it is there.

        Raises:
            ScenarioError: it cannot be read at all.
        """
        environ = self._surrounding(path.parent, env_files, self._environ)
        self.environ = environ
        return self._complete(path, path.parent, environ, ())

    def _complete(
        self, path: Path, folder: Path, environ: Mapping[str, str], chain: tuple[Path, ...]
    ) -> Map:
        """The file at `path` with what it includes, and its services with what they extend."""
        root = self._file(path, folder, environ, chain)
        services = root.map("services")
        extended: dict[str, Entry | None] = {
            name: Entry(entry.place, self._extended(root, name, entry.node, environ, path, ()))
            for name, entry in services.entries.items()
        }
        if not extended:
            return root
        return root.replace(
            {"services": Entry(root.entries["services"].place, services.replace(extended))}
        )

    def _surrounding(
        self, folder: Path, env_files: Sequence[Path], environ: Mapping[str, str]
    ) -> Mapping[str, str]:
        beside = folder / ".env"
        files = list(env_files) or ([beside] if beside.is_file() else [])
        return {
            "COMPOSE_PROJECT_NAME": folder.absolute().name,
            **read_env_files(files, environ, warnings=self.warnings),
            **environ,
        }

    def _file(
        self, path: Path, folder: Path, environ: Mapping[str, str], chain: tuple[Path, ...]
    ) -> Map:
        source = read_source(path)
        self._hash.update(source.text.encode())
        node, found = parse_yaml(source)
        self.faults += found
        if not isinstance(node, Map):
            what = "the file is empty" if node is None else f"{shown(value_of(node))} is no mapping"
            fatal(source.at(1, 1), what, "a Compose file begins with `services:`")
        root = shaped(node, Surroundings(folder, environ, self.warnings, self.faults))
        return self._included(root, folder, environ, (*chain, path.absolute()))

    # include

    def _included(
        self, root: Map, folder: Path, environ: Mapping[str, str], chain: tuple[Path, ...]
    ) -> Map:
        included = root.get("include")
        root = root.replace({"include": None})
        items = included.items if isinstance(included, Series) else [included] if included else []
        for item in items:
            for one in self._included_paths(item):
                other = self._other(one, folder, chain)
                own = _path_under(item, "project_directory", folder) or other.parent
                files = [folder / text for text in _texts(item, "env_file")]
                inner = self._surrounding(own, files, environ)
                root = self._together(root, self._complete(other, own, inner, chain), one.place)
        return root

    def _included_paths(self, item: Node) -> Sequence[Node]:
        """The files that one item of `include` names."""
        if not isinstance(item, Map):
            return [item]
        self._only(item, _OF_INCLUDE)
        where = item.get("path")
        if where is None:
            self.faults.append(item.place.diagnostic("no file is named here", "write {path: FILE}"))
        return where.items if isinstance(where, Series) else [where] if where else []

    def _only(self, node: Map, known: Sequence[str]) -> None:
        """Note every key of `node` that is not among `known`."""
        for key, entry in node.entries.items():
            if key not in known:
                hint = did_you_mean(key, known)
                self.faults.append(entry.place.diagnostic(f"unknown key `{key}`", hint))

    def _other(self, node: Node, folder: Path, chain: tuple[Path, ...]) -> Path:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            fatal(node.place, f"{shown(value_of(node))} where a file is expected", "name it")
        path = folder / node.value
        if path.absolute() in chain or len(chain) > _DEEPEST:
            fatal(node.place, "this file includes itself", "leave it out here")
        if not path.is_file():
            fatal(node.place, f"there is no file {shown(node.value)}", "check the path")
        return path

    def _together(self, root: Map, other: Map, place: Place) -> Map:
        self._only(other, (*_RESOURCES, "name", "version"))
        for kind in _RESOURCES:
            for one in (root.entries.get(kind), other.entries.get(kind)):
                if one is not None and not isinstance(one.node, Map):
                    fault = f"`{kind}`: {shown(value_of(one.node))} is not a mapping"
                    self.faults.append(
                        one.node.place.diagnostic(fault, f"write `{kind}: {{NAME: …}}`")
                    )
            here, there = root.map(kind), other.map(kind)
            for name, entry in there.entries.items():
                first = here.entries.get(name)
                if first is not None and value_of(first.node) != value_of(entry.node):
                    fault = f"`{name}` in `{kind}` stands in the included file too"
                    self.faults.append(first.place.diagnostic(fault, "keep one of them"))
            merged = Map(here.place, {**there.entries, **here.entries})
            if merged.entries:
                at = root.entries[kind].place if kind in root.entries else place
                root = root.replace({kind: Entry(at, merged)})
        return root

    # extends

    def _extended(
        self,
        root: Map,
        name: str,
        node: Node,
        environ: Mapping[str, str],
        path: Path,
        chain: tuple[tuple[Path, str], ...],
    ) -> Node:
        """The service `node`, called `name` in `root`, with what it extends merged below it."""
        extends = node.get("extends") if isinstance(node, Map) else None
        if extends is None or not isinstance(node, Map):
            return node
        node = node.replace({"extends": None})
        other = extends.get("service") if isinstance(extends, Map) else None
        if not isinstance(other, Scalar) or not isinstance(extends, Map):
            fault = "`extends` names no service"
            self.faults.append(extends.place.diagnostic(fault, "write {service: NAME}"))
            return node
        self._only(extends, _OF_EXTENDS)
        file = extends.get("file")
        if file is not None:
            path = self._other(file, path.parent, ())
            root = self._file(path, path.parent, environ, ())
        if (path.absolute(), other.text) in chain or (file is None and other.text == name):
            self.faults.append(other.place.diagnostic("this extends itself", "leave it out here"))
            return node
        services = root.map("services").entries
        if other.text not in services:
            suggestion = did_you_mean(other.text, services)
            fault = f"there is no service {shown(other.text)} to extend"
            self.faults.append(other.place.diagnostic(fault, suggestion))
            return node
        if not isinstance(services[other.text].node, Map):
            fault = f"the service {shown(other.text)} that this extends is not a mapping"
            self.faults.append(other.place.diagnostic(fault, "write keys of a service there"))
            return node
        below = self._extended(
            root,
            other.text,
            services[other.text].node,
            environ,
            path,
            (*chain, (path.absolute(), other.text)),
        )
        return merged(below, node)


def merged(below: Node, above: Node, key: str = "") -> Node:
    """`above` laid over `below` as Compose does: mappings key by key, lists one after the other."""
    if isinstance(below, Map) and isinstance(above, Map):
        entries = dict(below.entries)
        for name, entry in above.entries.items():
            node = merged(entries[name].node, entry.node, name) if name in entries else entry.node
            entries[name] = Entry(entry.place, node)
        return Map(above.place, entries)
    if isinstance(below, Series) and isinstance(above, Series) and key not in _REPLACED:
        there = [value_of(item) for item in above.items]
        rest = [item for item in below.items if value_of(item) not in there]
        return Series(above.place, (*rest, *above.items))
    return above


def _path_under(node: Node, key: str, folder: Path) -> Path | None:
    found = node.get(key) if isinstance(node, Map) else None
    return folder / found.text if isinstance(found, Scalar) else None


def _texts(node: Node, key: str) -> list[str]:
    found = node.get(key) if isinstance(node, Map) else None
    items = found.items if isinstance(found, Series) else [found] if found else []
    return [one.text for one in items if isinstance(one, Scalar)]
