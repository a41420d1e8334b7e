"""Reading Compose files with what they include and extend, as one tree.

Files are laid over one another in their order. What a file includes lies below it, so that the
including file may change it; what a service extends lies below the service.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.forms import Surroundings
from bench.compose.merge import TAGS, merged, once_each, settled_tags
from bench.compose.notes import Notes
from bench.compose.shape import shaped
from bench.core.errors import ScenarioError
from bench.core.paths import is_there
from bench.yamldoc.env_file import read_env_files
from bench.yamldoc.interpolate import interpolate_compose
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series, value_of
from bench.yamldoc.parse import fatal, parse_yaml
from bench.yamldoc.source import read_source
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.core.errors import Diagnostic

_DEEPEST = 16
_MOST_EXTENDED = 100
_MOST_NAMED = 1000
_OF_INCLUDE = ("path", "project_directory", "env_file")
_OF_EXTENDS = ("service", "file")
_RESOURCES = ("services", "networks", "volumes", "configs", "secrets", "models")


class FileReader:
    """Reads Compose files with all that they name.

    Attributes:
        notes: what is wrong with single nodes, and what a reader should know of them.
        faults: what is wrong with whole files, as far as reading could go on.
        warnings: what a reader should know of the files of variables.
        environ: what variables are taken from, once the files were read.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ` is what variables are taken from, before any `.env`."""
        self._environ = environ
        self._hash = hashlib.sha256()
        self._files: dict[Path, Map] = {}
        self._roots: dict[tuple[Path, Path, int], tuple[Map, Mapping[str, str]]] = {}
        self._bases: dict[tuple[int, str], tuple[Map, Map]] = {}
        self._named = 0
        self.notes = Notes()
        self.faults: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.environ: Mapping[str, str] = environ

    @property
    def digest(self) -> str:
        """Of the texts of all Compose files that were read."""
        return self._hash.hexdigest()

    def read(self, paths: Sequence[Path], env_files: Sequence[Path]) -> Map:
        """The files at `paths` as one mapping, each laid over those before it.

        Args:
            paths: of the files; relative paths in all of them start from the folder of the first.
            env_files: in the place of the `.env` beside it; empty for that one, if it is there.

        Raises:
            ScenarioError: one of them cannot be read at all.
        """
        folder = paths[0].parent
        environ = self._surrounding(folder, env_files, self._environ)
        self.environ = {"COMPOSE_PROJECT_NAME": self._project(paths, environ), **environ}
        return once_each(self._together(paths, folder, self.environ, ()))

    def _together(
        self,
        paths: Sequence[Path],
        folder: Path,
        environ: Mapping[str, str],
        chain: tuple[Path, ...],
    ) -> Map:
        """The files at `paths`, which stand for one."""
        below: Map | None = None
        for path in paths:
            parsed = self._file(path, folder, environ, (*chain, path.absolute()))
            below = settled_tags(parsed if below is None else merged(below, parsed))
        assert below is not None, "there is a file at least"
        return _with_contexts(below, str(folder.absolute()))

    def _file(
        self, path: Path, folder: Path, environ: Mapping[str, str], chain: tuple[Path, ...]
    ) -> Map:
        """The file at `path` with what it includes, and its services with what they extend."""
        root = self._included(self._shaped(path, folder, environ), folder, environ, chain)
        services = root.map("services")
        if not services.entries:
            return root
        extended: dict[str, Entry | None] = {
            name: entry
            if entry.tag
            else entry.holding(
                self._extended(root, entry.node, environ, path, ((path.absolute(), name),))
            )
            for name, entry in services.entries.items()
        }
        return root.replace(
            {"services": root.entries["services"].holding(services.replace(extended))}
        )

    def _shaped(self, path: Path, folder: Path, environ: Mapping[str, str]) -> Map:
        """The file at `path` in the one form, which is made once for each set of variables."""
        key = (path, folder, id(environ))
        if key not in self._roots:
            self._roots[key] = self._made(path, folder, environ), environ
        return self._roots[key][0]

    def _made(self, path: Path, folder: Path, environ: Mapping[str, str]) -> Map:
        root = shaped(self._parsed(path), Surroundings(folder, environ, self.notes))
        for kind in _RESOURCES:
            entry = root.entries.get(kind)
            if entry is not None and not isinstance(entry.node, Map) and not entry.tag:
                fault = f"`{kind}`: {shown(value_of(entry.node))} is not a mapping"
                self.faults.append(
                    entry.node.place.diagnostic(fault, f"write `{kind}: {{NAME: …}}`")
                )
                root = root.replace({kind: None})
        return root

    def _parsed(self, path: Path) -> Map:
        """The file at `path` as it is written, which is read once."""
        if path not in self._files:
            source = read_source(path)
            self._hash.update(source.text.encode())
            node, found = parse_yaml(source, tags=TAGS)
            self.faults += found
            if not isinstance(node, Map):
                said = f"{shown(value_of(node))} is no mapping" if node else "the file is empty"
                fatal(source.at(1, 1), said, "a Compose file begins with `services:`")
            self._files[path] = node
        return self._files[path]

    def _surrounding(
        self, folder: Path, env_files: Sequence[Path], environ: Mapping[str, str]
    ) -> Mapping[str, str]:
        beside = folder / ".env"
        files = list(env_files) or ([beside] if is_there(beside, Path.is_file) else [])
        return {**read_env_files(files, environ, warnings=self.warnings), **environ}

    def _project(self, paths: Sequence[Path], environ: Mapping[str, str]) -> str:
        """The name of the project: that in the last file that has one, or its folder's."""
        names = [self._parsed(path).get("name") for path in paths]
        given = [node for node in names if isinstance(node, Scalar) and isinstance(node.value, str)]
        written = interpolate_compose(given[-1].text, environ)[0] if given else ""
        folder = paths[0].absolute().parent.name.lower()
        return written or re.sub(r"^[_-]+|[^a-z0-9_-]", "", folder)

    # include

    def _included(
        self, root: Map, folder: Path, environ: Mapping[str, str], chain: tuple[Path, ...]
    ) -> Map:
        included = root.get("include")
        root = root.replace({"include": None})
        items = included.items if isinstance(included, Series) else [included] if included else []
        for item in items:
            named = self._included_paths(item)
            if not named:
                continue
            paths = [self._other(path_node, folder, chain) for path_node in named]
            own = _path_under(item, "project_directory", folder) or paths[0].parent
            files = [folder / text for text in _texts(item, "env_file")]
            inner = self._surrounding(own, files, environ)
            other = self._together(paths, own, inner, chain)
            self.faults += _unknown(other, (*_RESOURCES, "name", "version"))
            below = other.replace({"name": None, "version": None})
            root = merged(below, root)
        return root

    def _included_paths(self, item: Node) -> Sequence[Node]:
        """The files that one item of `include` names."""
        if not isinstance(item, Map):
            return [item]
        self.faults += _unknown(item, _OF_INCLUDE)
        where = item.get("path")
        named = where.items if isinstance(where, Series) else [where] if where else []
        if not named:
            self.faults.append(item.place.diagnostic("no file is named here", "write {path: FILE}"))
        return named

    def _other(self, node: Node, folder: Path, chain: tuple[Path, ...]) -> Path:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            fatal(node.place, f"{shown(value_of(node))} where a file is expected", "name it")
        self._named += 1
        if self._named > _MOST_NAMED:
            fatal(node.place, f"more than {_MOST_NAMED} files are named in all", "name each once")
        path = folder / node.value
        if path.absolute() in chain or len(chain) > _DEEPEST:
            fatal(node.place, "this file includes itself", "leave it out here")
        if not is_there(path, Path.is_file):
            fatal(node.place, f"there is no file {shown(node.value)}", "check the path")
        return path

    # extends

    def _extended(
        self,
        root: Map,
        node: Node,
        environ: Mapping[str, str],
        path: Path,
        chain: tuple[tuple[Path, str], ...],
    ) -> Node:
        """The service `node` of `root`, with what it extends merged below it.

        What is wrong with that is noted: the service may take no part.
        """
        extends = node.get("extends") if isinstance(node, Map) else None
        if extends is None or not isinstance(node, Map):
            return node
        try:
            below = self._below(root, extends, environ, path, chain)
        except ScenarioError as error:
            self.notes.faults += [(extends.place, fault) for fault in error.diagnostics]
            return node
        return merged(settled_tags(below), node.replace({"extends": None}), _A_SERVICE)

    def _below(
        self,
        root: Map,
        extends: Node,
        environ: Mapping[str, str],
        path: Path,
        chain: tuple[tuple[Path, str], ...],
    ) -> Map:
        """The service that `extends`, which stands in the file at `path`, names.

        Raises:
            ScenarioError: there is none.
        """
        other = extends.get("service") if isinstance(extends, Map) else None
        if not isinstance(other, Scalar) or not isinstance(extends, Map):
            fatal(extends.place, "`extends` names no service", "write {service: NAME}")
        if unknown := _unknown(extends, _OF_EXTENDS):
            raise ScenarioError(unknown)
        file = extends.get("file")
        if file is not None:
            path = self._other(file, path.parent, ())
            root = self._shaped(path, path.parent, environ)
        if (path.absolute(), other.text) in chain:
            fatal(other.place, "this extends itself", "leave it out here")
        if len(chain) > _MOST_EXTENDED:
            fatal(
                other.place, f"more than {_MOST_EXTENDED} services extend each other", "say it once"
            )
        services = root.map("services").entries
        if other.text not in services:
            suggestion = did_you_mean(other.text, services)
            fatal(other.place, f"there is no service {shown(other.text)} to extend", suggestion)
        if (known := self._bases.get((id(root), other.text))) is not None:
            return known[0]
        named = services[other.text].node
        below = self._extended(root, named, environ, path, (*chain, (path.absolute(), other.text)))
        if not isinstance(below, Map):
            fault = f"the service {shown(other.text)} that this extends is not a mapping"
            fatal(other.place, fault, "write keys of a service there")
        if "extends" in below.entries:  # what is wrong there was noted
            fatal(other.place, f"{shown(other.text)} cannot be read itself", "mend it first")
        self._bases[id(root), other.text] = below, root
        return below


_A_SERVICE = ("services", "*")


def _with_contexts(root: Map, folder: str) -> Map:
    """`root` with the folder of the project as the context of each build that names none."""
    services = root.map("services")
    changes: dict[str, Entry | None] = {}
    for name, entry in services.entries.items():
        service = entry.node
        build = service.get("build") if isinstance(service, Map) else None
        if not (isinstance(service, Map) and isinstance(build, Map)) or "context" in build.entries:
            continue
        context = Entry(build.place, Scalar(build.place, folder, folder))
        build = build.replace({"context": context})
        changes[name] = entry.holding(
            service.replace({"build": service.entries["build"].holding(build)})
        )
    if not changes:
        return root
    return root.replace({"services": root.entries["services"].holding(services.replace(changes))})


def _unknown(node: Map, known: Sequence[str]) -> list[Diagnostic]:
    """A fault for every key of `node` that is not among `known`."""
    return [
        entry.place.diagnostic(f"unknown key `{key}`", did_you_mean(key, known))
        for key, entry in node.entries.items()
        if key not in known
    ]


def _path_under(node: Node, key: str, folder: Path) -> Path | None:
    found = node.get(key) if isinstance(node, Map) else None
    return folder / found.text if isinstance(found, Scalar) else None


def _texts(node: Node, key: str) -> list[str]:
    found = node.get(key) if isinstance(node, Map) else None
    items = found.items if isinstance(found, Series) else [found] if found else []
    return [item.text for item in items if isinstance(item, Scalar)]
