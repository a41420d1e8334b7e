"""Recipes of bases that bring a language: Python, Node.js, Go and Java, as Debian has them."""

from __future__ import annotations

from bench.images.bases.table import (
    COMPILERS,
    LIBRARIES,
    NETWORK_AND_VERSION_CONTROL,
    Base,
    Layer,
    root,
)

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FULL = (NETWORK_AND_VERSION_CONTROL, COMPILERS, LIBRARIES)
_HUB_PYTHON = {"3.11": "3.11.13"}
"""Releases that are pinned because bundled scenarios stand on them."""


def python(suite: str, version: str, bundled: str) -> tuple[Base, Base]:
    """Python without and with compilers; `bundled` are the packages that its pip brings along."""
    slim = f"python:{version}-slim-{suite}"
    pinned = _HUB_PYTHON.get(version, "")
    interpreter = Layer(
        packages=("ca-certificates", "netbase", "python3", "python3-venv", "tzdata"),
        after=(
            f"rm /usr/lib/python{version}/EXTERNALLY-MANAGED",
            # the pip that venv keeps for its environments, installed for everybody
            "set -- /usr/share/python-wheels/pip-*.whl",
            (
                'python3 "$1/pip" install --no-index --find-links /usr/share/python-wheels'
                f" --no-cache-dir --no-compile --root-user-action=ignore {bundled}"
            ),
            f"ln -s /usr/bin/python{version} /usr/local/bin/python{version}",
            f"ln -s python{version} /usr/local/bin/python3",
            "ln -s python3 /usr/local/bin/python",
            # official images ship no bytecode of the standard library: neither does this one
            (
                f"find /usr/lib/python3 /usr/lib/python{version}"
                " -name __pycache__ -prune -exec rm -r {} +"
            ),
        ),
    )
    return (
        Base(
            name=slim,
            hub_reference=f"python:{pinned}-slim-{suite}" if pinned else "",
            command=("python3",),
            suite=suite,
            version=version,
            slim=True,
            parent=root(suite),
            layers=(interpreter,),
            environment=(("LANG", "C.UTF-8"),),
            shown=("python3",),
            version_variable="PYTHON_VERSION",
        ),
        Base(
            name=f"python:{version}-{suite}",
            hub_reference=f"python:{pinned}-{suite}" if pinned else "",
            command=("python3",),
            suite=suite,
            version=version,
            parent=slim,
            layers=_FULL,
            shown=("python3",),
            version_variable="PYTHON_VERSION",
        ),
    )


def node(suite: str, version: str) -> tuple[Base, Base]:
    """Node.js and npm, without and with compilers."""
    slim = f"node:{version}-{suite}-slim"
    runtime = Layer(
        before=(
            "groupadd --gid 1000 node",
            "useradd --uid 1000 --gid node --shell /bin/bash --create-home node",
        ),
        packages=("ca-certificates", "nodejs", "npm"),
        after=("ln -s /usr/bin/node /usr/bin/npm /usr/bin/npx /usr/local/bin/",),
    )
    return (
        Base(
            name=slim,
            command=("node",),
            suite=suite,
            version=version,
            slim=True,
            parent=root(suite),
            layers=(runtime,),
            files=(("node-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh"),),
            settings=('ENTRYPOINT ["docker-entrypoint.sh"]',),
            shown=("nodejs", "npm"),
            version_variable="NODE_VERSION",
        ),
        Base(
            name=f"node:{version}-{suite}",
            command=("node",),
            suite=suite,
            version=version,
            parent=slim,
            layers=_FULL,
            shown=("nodejs", "npm"),
            version_variable="NODE_VERSION",
        ),
    )


def golang(suite: str, version: str) -> tuple[Base, ...]:
    """Go with a C compiler and version control."""
    tools = Layer(
        packages=(
            "ca-certificates",
            "g++",
            "gcc",
            f"golang-{version}-go",
            "libc6-dev",
            "make",
            "pkg-config",
        ),
        after=(
            f"ln -s /usr/lib/go-{version} /usr/local/go",
            "mkdir -p /go/src /go/bin",
            "chmod -R 1777 /go",
        ),
    )
    return (
        Base(
            name=f"golang:{version}-{suite}",
            command=("bash",),
            suite=suite,
            version=version,
            parent=root(suite),
            layers=(NETWORK_AND_VERSION_CONTROL, tools),
            environment=(
                ("GOTOOLCHAIN", "local"),
                ("GOPATH", "/go"),
                ("PATH", f"/go/bin:/usr/local/go/bin:{_PATH}"),
            ),
            settings=("WORKDIR /go",),
            shown=(f"golang-{version}-go",),
            version_variable="GOLANG_VERSION",
        ),
    )


def java(suite: str, version: str) -> tuple[Base, Base]:
    """Java to run programs, and to build them; both without windows."""
    return (
        _java(suite, version, "jre", ("bash",)),
        _java(suite, version, "jdk", ("jshell",)),
    )


def _java(suite: str, version: str, flavour: str, command: tuple[str, ...]) -> Base:
    package = f"openjdk-{version}-{flavour}-headless"
    runtime = Layer(
        before=("mkdir -p /usr/share/man/man1",),  # its alternatives have pages there
        packages=("ca-certificates", "curl", "netbase", "tzdata", package),
        after=(
            "mkdir -p /opt/java",
            'ln -s "$(dirname "$(dirname "$(readlink -f /usr/bin/java)")")" /opt/java/openjdk',
        ),
    )
    return Base(
        name=f"eclipse-temurin:{version}-{flavour}",
        command=command,
        suite=suite,
        version=version,
        flavour=flavour,
        parent=root(suite),
        layers=(runtime,),
        environment=(
            ("JAVA_HOME", "/opt/java/openjdk"),
            ("PATH", f"/opt/java/openjdk/bin:{_PATH}"),
            ("LANG", "C.UTF-8"),
        ),
        shown=(package,),
        version_variable="JAVA_VERSION",
    )
