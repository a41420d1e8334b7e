"""How a home-made base is put together: its settings, its labels and its Dockerfile, as text."""

from __future__ import annotations

import hashlib
import json
import re
from importlib import resources
from typing import TYPE_CHECKING

from bench.images.bases.catalogue import RECIPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.images.bases.table import Base, Layer

BASE_LABEL = "org.container-bench.base"
"""On every home-made base, and on what is built on one; its value is `bootstrapped`."""

RECIPE_LABEL = "org.container-bench.base.recipe"
"""Which recipe a home-made base comes from; when the recipe changes it is made again."""

PACKAGES_LABEL = "org.container-bench.base.packages"
"""The packages that say what it is, with the versions that are installed in it."""

DEBIAN_LABEL = "org.container-bench.base.debian"
"""The point release of Debian that it is made of."""

MADE_LABEL = "org.container-bench.base.made"
"""When it was made, in UTC; as the first step of the build it keeps the cache out of it."""

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""The certificates that programs in a home-made base trust: the host's."""

CA_SOURCE = "/usr/local/share/ca-certificates/host.crt"
"""The same again, where Debian looks when an image installs `ca-certificates` and the bundle is
put together anew."""

ENVIRONMENT = (
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    # pip and requests bring certificates of their own and have to be told of the system's
    ("SSL_CERT_FILE", CA_BUNDLE),
    ("PIP_CERT", CA_BUNDLE),
    ("REQUESTS_CA_BUNDLE", CA_BUNDLE),
)

DPKG_SETTINGS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
)
"""A slim base has neither documentation nor translations. A layer is thrown away as a whole when
a build fails, so dpkg need not wait for the disk."""

APT_SETTINGS = (
    'Acquire::GzipIndexes "true";',
    'Acquire::Languages "none";',
    'APT::Keep-Downloaded-Packages "false";',
    'Dir::Cache::pkgcache "";',
    'Dir::Cache::srcpkgcache "";',
)
"""Keep downloads and binary caches out of the layers and package lists small, as the official
images do: a Dockerfile that never cleans up must not look worse here than it does there."""

_REVISION = 3
"""Counted up when home-made bases change in a way that shows nowhere else in the recipe."""


def recipe_id(base: Base) -> str:
    """A short hash of the recipe of a home-made `base` and of all that it stands on."""
    texts: list[object] = [base.suite, DPKG_SETTINGS, APT_SETTINGS, ENVIRONMENT, _REVISION]
    for member in lineage(base):
        texts += [member.slim, member.version_variable, member.shown]
        texts += [dockerfile(member, made="") if member.parent else "", files(member)]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]


def lineage(base: Base) -> tuple[Base, ...]:
    """`base` and, before it, all that a home-made one stands on."""
    above = lineage(RECIPES[base.parent]) if base.parent else ()
    return (*above, base)


def files(base: Base) -> dict[str, str]:
    """The files that `base` brings, by the names that its Dockerfile has for them."""
    folder = resources.files(__package__) / "base_scripts"
    return {name: (folder / name).read_text(encoding="utf-8") for name, _ in base.files}


def import_changes(base: Base, made: str) -> tuple[str, ...]:
    """The image configuration that the import of the root file system sets."""
    environment = [f"ENV {name}={value}" for name, value in ENVIRONMENT]
    return (*environment, f"CMD {json.dumps(base.command)}", _labels(made))


def dockerfile(base: Base, made: str) -> str:
    """The Dockerfile of a home-made `base` that stands on another, but for its last step."""
    return "\n".join(
        (
            f"FROM {base.parent}",
            _labels(made),
            *(f"ENV {name}={value}" for name, value in base.environment),
            *(_run(layer) for layer in base.layers),
            *(f"COPY {name} {path}" for name, path in base.files),
            *base.settings,
            f"CMD {json.dumps(base.command)}",
            "",
        )
    )


def last_step(base: Base, image: str, debian: str, versions: Mapping[str, str]) -> str:
    """The Dockerfile that says of the finished `image` what it is.

    Args:
        base: its recipe.
        image: what has been made so far.
        debian: the point release that it is made of.
        versions: of the packages that are shown, whole.
    """
    shown = " ".join(f"{name}={version}" for name, version in versions.items())
    labels = {RECIPE_LABEL: recipe_id(base), DEBIAN_LABEL: debian, PACKAGES_LABEL: shown}
    lines = [f"FROM {image}", *(f'LABEL {name}="{text}"' for name, text in labels.items())]
    if base.version_variable:
        lines.append(f"ENV {base.version_variable}={upstream(versions[base.shown[0]])}")
    return "\n".join((*lines, ""))


def upstream(version: str) -> str:
    """The upstream's part of a Debian version: `7.0.15` of `5:7.0.15-1~deb12u1`."""
    whole = version.rpartition(":")[2]
    return re.split(r"[+~]", whole.rpartition("-")[0] or whole)[0]


def made_of(labels: Mapping[str, str]) -> str:
    """The words that say of a home-made base with these labels what it really is."""
    release = labels.get(DEBIAN_LABEL, "").partition(".")[0]
    pairs = (pair.partition("=") for pair in labels.get(PACKAGES_LABEL, "").split())
    shown = ", ".join(f"{name} {upstream(version)}" for name, _, version in pairs)
    text = f"made here of Debian {release}'s packages"
    return f"{text}: {shown}" if shown else text


def _labels(made: str) -> str:
    return f'LABEL {BASE_LABEL}=bootstrapped {MADE_LABEL}="{made}"'


def _run(layer: Layer) -> str:
    steps = (
        *layer.before,
        "apt-get update",
        "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "
        + " ".join(layer.packages),
        *layer.after,
        "rm -rf /var/lib/apt/lists/*",
    )
    return "RUN " + " \\\n && ".join(steps)
