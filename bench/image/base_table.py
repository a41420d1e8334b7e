"""Which base images the bundled Dockerfiles stand on, and what a home-made one is made of.

The names are Docker Hub's own, so that the Dockerfiles are ordinary ones. Where the Hub cannot
be reached, a base of the same name is made of Debian packages: the lists below follow what the
official image holds, as far as Debian has it. How they become an image is not told here.
"""

from __future__ import annotations

from dataclasses import dataclass

SUITE = "bookworm"
"""The Debian release of all bases."""

SLIM = "debian:bookworm-slim"
PYTHON_SLIM = "python:3.11-slim-bookworm"
PYTHON_FULL = "python:3.11-bookworm"


@dataclass(frozen=True)
class Layer:
    """One RUN of a home-made base: packages to install, with shell commands around that.

    Attributes:
        packages: names of Debian packages, installed without those they merely recommend.
        before: commands ahead of the installation.
        after: commands that follow it.
    """

    packages: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Base:
    """A base image by its official name.

    Attributes:
        name: the official name, as Dockerfiles say it.
        hub_reference: the exact release that is pulled where the Hub can be reached.
        purpose: what it is for, in a few words.
        command: its CMD.
        parent: the base that a home-made one stands on, None for the root file system itself.
        layers: what a home-made one adds to its parent.
        environment: its ENV, where home-made.
    """

    name: str
    hub_reference: str
    purpose: str
    command: str
    parent: str | None = None
    layers: tuple[Layer, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Names of the packages that a home-made one adds to its parent."""
        return tuple(name for layer in self.layers for name in layer.packages)


_INTERPRETER = Layer(
    packages=("ca-certificates", "netbase", "python3", "python3-venv", "tzdata"),
    after=(
        "rm /usr/lib/python3.11/EXTERNALLY-MANAGED",
        # the pip that venv keeps for its environments, installed for everybody
        "set -- /usr/share/python-wheels/pip-*.whl",
        (
            'python3 "$1/pip" install --no-index --find-links /usr/share/python-wheels'
            " --no-cache-dir --no-compile --root-user-action=ignore pip setuptools"
        ),
        "ln -s /usr/bin/python3.11 /usr/local/bin/python3.11",
        "ln -s python3.11 /usr/local/bin/python3",
        "ln -s python3 /usr/local/bin/python",
        # official images ship no bytecode of the standard library: neither does this one
        "find /usr/lib/python3 /usr/lib/python3.11 -name __pycache__ -prune -exec rm -r {} +",
    ),
)

_NETWORK_AND_VERSION_CONTROL = Layer(
    # no longer slim: what is installed from here on keeps its documentation
    before=("sed -i '/^path-/d' /etc/dpkg/dpkg.cfg.d/99mmdebstrap",),
    packages=(
        "curl",
        "git",
        "gnupg",
        "mercurial",
        "openssh-client",
        "procps",
        "sq",
        "subversion",
        "wget",
    ),
)

_COMPILERS = Layer(
    packages=(
        "autoconf",
        "automake",
        "bzip2",
        "dpkg-dev",
        "file",
        "g++",
        "gcc",
        "libc6-dev",
        "libtool",
        "make",
        "patch",
        "python3-dev",
        "unzip",
        "xz-utils",
    ),
)

_LIBRARIES = Layer(
    packages=(
        "default-libmysqlclient-dev",
        "imagemagick",
        "libbluetooth-dev",
        "libbz2-dev",
        "libcurl4-openssl-dev",
        "libdb-dev",
        "libevent-dev",
        "libffi-dev",
        "libgdbm-dev",
        "libglib2.0-dev",
        "libgmp-dev",
        "libjpeg-dev",
        "libkrb5-dev",
        "liblzma-dev",
        "libmagickcore-dev",
        "libmagickwand-dev",
        "libmaxminddb-dev",
        "libncurses-dev",
        "libpng-dev",
        "libpq-dev",
        "libreadline-dev",
        "libsqlite3-dev",
        "libssl-dev",
        "libwebp-dev",
        "libxml2-dev",
        "libxslt1-dev",
        "libyaml-dev",
        "tk-dev",
        "uuid-dev",
        "zlib1g-dev",
    ),
)

BASES: dict[str, Base] = {
    base.name: base
    for base in (
        Base(
            name=SLIM,
            hub_reference="debian:bookworm-20250520-slim",
            purpose="a small Debian, for programs that bring everything else",
            command="bash",
        ),
        Base(
            name=PYTHON_SLIM,
            hub_reference="python:3.11.13-slim-bookworm",
            purpose="Python on a small Debian, for images that are shipped",
            command="python3",
            parent=SLIM,
            layers=(_INTERPRETER,),
            environment=(("LANG", "C.UTF-8"),),
        ),
        Base(
            name=PYTHON_FULL,
            hub_reference="python:3.11.13-bookworm",
            purpose="Python with compilers, headers and version control, for building",
            command="python3",
            parent=PYTHON_SLIM,
            layers=(_NETWORK_AND_VERSION_CONTROL, _COMPILERS, _LIBRARIES),
        ),
    )
}
"""All bases by name; a parent stands before its children."""
