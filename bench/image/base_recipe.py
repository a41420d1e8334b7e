"""How a home-made base is put together: its settings, its labels and its Dockerfile, as text."""

from __future__ import annotations

import hashlib
import json

from bench.image.base_table import BASES, SUITE, Base, Layer

BASE_LABEL = "org.container-bench.base"
"""On every home-made base, and on what is built on one; its value is `bootstrapped`."""

RECIPE_LABEL = "org.container-bench.base.recipe"
"""Which recipe a home-made base comes from; when the recipe changes it is made again."""

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

_REVISION = 2
"""Counted up when home-made bases change in a way that shows nowhere else in the recipe."""


def recipe_id(base: Base) -> str:
    """What a home-made `base` and all it stands on are made of, as a short hash."""
    texts = [SUITE, DPKG_SETTINGS, APT_SETTINGS, ENVIRONMENT, _REVISION]
    texts += [dockerfile(one, made="") for one in lineage(base) if one.parent]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]


def lineage(base: Base) -> tuple[Base, ...]:
    """`base` and, before it, all that a home-made one stands on."""
    above = lineage(BASES[base.parent]) if base.parent else ()
    return (*above, base)


def import_changes(base: Base, made: str) -> tuple[str, ...]:
    """What the import of the root file system sets in the image's configuration."""
    environment = [f"ENV {name}={value}" for name, value in ENVIRONMENT]
    return (*environment, f"CMD {json.dumps([base.command])}", _labels(recipe_id(base), made))


def dockerfile(base: Base, made: str, recipe: str = "") -> str:
    """The Dockerfile of a home-made `base` that stands on another."""
    settings = [f"ENV {name}={value}" for name, value in base.environment]
    return "\n".join(
        (
            f"FROM {base.parent}",
            _labels(recipe, made),
            *settings,
            *(_run(layer) for layer in base.layers),
            f"CMD {json.dumps([base.command])}",
            "",
        )
    )


def _labels(recipe: str, made: str) -> str:
    return f'LABEL {BASE_LABEL}=bootstrapped {RECIPE_LABEL}="{recipe}" {MADE_LABEL}="{made}"'


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
