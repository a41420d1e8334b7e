"""Leftovers: files in the final file system that a running service rarely needs, by their paths."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class LeftoverKind:
    """A kind of leftover.

    Attributes:
        id: its name in the JSON output.
        title: its name for people.
        remedy: how the image is built without it.
        folder: found in the path of a folder, which ends with a slash.
        name: matches the whole path of a file.
    """

    id: str
    title: str
    remedy: str
    folder: re.Pattern[str] | None = None
    name: re.Pattern[str] | None = None


def _kind(id_: str, title: str, remedy: str, folder: str = "", name: str = "") -> LeftoverKind:
    return LeftoverKind(
        id_,
        title,
        remedy,
        re.compile(folder) if folder else None,
        re.compile(name) if name else None,
    )


DEV_PACKAGES = _kind(
    "node-dev-packages",
    "development packages of node_modules",
    "install with `npm ci --omit=dev`, or copy from a build stage after `npm prune --omit=dev`",
    folder=r"/node_modules/\.cache/",
)
"""Also the packages that npm's own list in node_modules marks as such."""

KINDS = (
    _kind(
        "apt-lists",
        "package lists of apt",
        "end the same RUN with `rm -rf /var/lib/apt/lists/*`, or mount a cache there",
        folder=r"^/var/lib/apt/lists/",
    ),
    _kind(
        "apt-archives",
        "downloads of apt",
        "end the same RUN with `apt-get clean`, or mount a cache at /var/cache/apt",
        folder=r"^/var/cache/apt/",
    ),
    _kind(
        "package-cache",
        "cache of apk, dnf, yum or zypper",
        "use `apk add --no-cache`, or end the same RUN with `dnf clean all`",
        folder=r"^/var/cache/(?:apk|dnf|yum|zypp|libdnf5)/",
    ),
    _kind(
        "pip-cache",
        "cache of pip, uv or Poetry",
        "use `pip install --no-cache-dir`, or mount a cache at /root/.cache",
        folder=r"/\.cache/(?:pip|uv|pypoetry|pipenv)/",
    ),
    _kind(
        "npm-cache",
        "cache of npm",
        "mount a cache at /root/.npm, or end the same RUN with `npm cache clean --force`",
        folder=r"/\.npm/_|/\.cache/node-gyp/",
    ),
    _kind(
        "yarn-cache",
        "cache of Yarn or pnpm",
        "end the same RUN with `yarn cache clean`, or mount a cache there",
        folder=r"/\.cache/yarn/|/\.yarn/berry/cache/|/share/pnpm/store/|/\.pnpm-store/",
    ),
    _kind(
        "conda-cache",
        "package cache of conda",
        "end the same RUN with `conda clean --all --yes`",
        folder=r"/(?:(?:ana|mini)?conda|miniforge|mambaforge|micromamba)\d?/pkgs/",
    ),
    _kind(
        "go-cache",
        "build and module cache of Go",
        "build in a stage of its own and COPY --from it the program",
        folder=r"/\.cache/go-build/|/go/pkg/(?:mod|sumdb)/",
    ),
    _kind(
        "git",
        "git history",
        "name .git in .dockerignore, or clone in a stage of its own",
        folder=r"/\.git/",
    ),
    DEV_PACKAGES,
    _kind(
        "python-tests",
        "tests of installed Python packages",
        "remove the folders in the RUN that installs; some packages import their own tests",
        folder=r"/(?:site|dist)-packages/(?:.+/)?(?<!/django/)tests?/"
        r"|^/usr/(?:local/)?lib/python3[\d.]*/(?:[^/]+/)?tests?/",
    ),
    _kind(
        "headers",
        "headers and static libraries",
        "build in a stage of its own and COPY --from it what was built",
        folder=r"^/usr/(?:local/)?include/",
        name=r".*/[^/]+\.a",
    ),
    _kind(
        "compilers",
        "compilers",
        "build in a stage of its own and COPY --from it what was built",
        folder=r"^/usr/(?:local/)?lib(?:exec|64)?/(?:gcc(?:-cross)?|llvm-\d+|go-[\d.]+)/"
        r"|^/usr/local/go/|/rustup/toolchains/",
        name=r".*/bin/(?:.+-linux-(?:gnu|musl)\w*-.+"
        r"|(?:gcc|g\+\+|c\+\+|cc|cpp|c89|c99|clang|clang\+\+|gfortran)(?:-[\d.]+)?)",
    ),
    _kind(
        "bytecode",
        "compiled Python beside the application's source",
        "name __pycache__ in .dockerignore",
        folder=r"^(?!/usr/|/opt/)(?!.*/(?:site|dist)-packages/)(?!.*/python3[\d.]*/).*/__pycache__/",
    ),
)


class Classifier:
    """Tells leftovers by their paths, and remembers the answers for folders."""

    def __init__(self, dev_packages: frozenset[str] = frozenset()) -> None:
        """Nothing is known yet.

        Args:
            dev_packages: folders of packages that npm lists as needed for development only.
        """
        self._dev_packages = dev_packages
        self._folders: dict[str, LeftoverKind | None] = {}

    def kind(self, path: str) -> LeftoverKind | None:
        """The kind of leftover that the file is; None if it is none."""
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = self._of_folder(f"{folder}/")
        found = self._folders[folder]
        if found is not None:
            return found
        if not path.endswith(".a") and not folder.endswith("/bin"):
            return None
        return next((kind for kind in KINDS if kind.name and kind.name.fullmatch(path)), None)

    def _of_folder(self, folder: str) -> LeftoverKind | None:
        found = next((kind for kind in KINDS if kind.folder and kind.folder.search(folder)), None)
        return found or (DEV_PACKAGES if self._is_dev(folder) else None)

    def _is_dev(self, folder: str) -> bool:
        if not self._dev_packages or "/node_modules/" not in folder:
            return False
        parts = folder.rstrip("/").split("/")
        return any("/".join(parts[:end]) in self._dev_packages for end in range(2, len(parts) + 1))
