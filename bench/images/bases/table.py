"""Recipes of home-made bases: their form, and the parts that several of them share.

The names are Docker Hub's own, so that the Dockerfiles are ordinary ones. Where the Hub cannot be
reached, a base of the same name is made of Debian packages: the lists follow what the official
image holds, as far as Debian has it. How they become an image is not told here.
"""

from __future__ import annotations

from dataclasses import dataclass

RELEASES = {"bookworm": 12, "trixie": 13}
"""The releases of Debian that bases are made of, the older ones first."""

SUITE = "bookworm"
"""The Debian release of the bases that bundled Dockerfiles stand on."""

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
        name: the official name, as Dockerfiles say it; with the Debian release where there is
            such a tag.
        command: its CMD.
        suite: the Debian release that it is made of.
        version: of what it brings, as far as it never changes within a Debian release.
        slim: its tags say `-slim`.
        flavour: its tags say this word too, as `jre`.
        hub_reference: the exact release that is pulled where the Hub can be reached; empty for
            the name that is asked for.
        parent: the base that a home-made one stands on, None for the root file system itself.
        layers: what a home-made one adds to its parent.
        files: files that it brings, by their name among bench's own, and their paths in it.
        environment: its ENV, where home-made.
        settings: further instructions, such as EXPOSE.
        shown: the packages whose versions say what it is; the first has the version of its tag.
        version_variable: the ENV that holds the version of the first of these.
    """

    name: str
    command: tuple[str, ...]
    suite: str
    version: str
    slim: bool = False
    flavour: str = ""
    hub_reference: str = ""
    parent: str | None = None
    layers: tuple[Layer, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    settings: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    version_variable: str = ""

    @property
    def repository(self) -> str:
        """Its name without the tag."""
        return self.name.partition(":")[0]


NETWORK_AND_VERSION_CONTROL = Layer(
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

COMPILERS = Layer(
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

LIBRARIES = Layer(
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


def root(suite: str) -> str:
    """The name of the small Debian that the bases of `suite` stand on."""
    return f"debian:{suite}-slim"
