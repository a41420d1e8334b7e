"""Which paths are leftovers, and of which kind."""

from __future__ import annotations

import pytest

from bench.images.leftovers import KINDS, Classifier

PACKAGES = "/usr/local/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/apt/lists/mirror.example_Packages", "apt-lists"),
        ("/var/cache/apt/archives/curl.deb", "apt-archives"),
        ("/var/cache/apk/APKINDEX.tar.gz", "package-cache"),
        ("/root/.cache/pip/http-v2/a", "pip-cache"),
        ("/home/app/.cache/uv/wheels/a", "pip-cache"),
        ("/root/.npm/_cacache/index", "npm-cache"),
        ("/usr/local/share/.cache/yarn/v6/a", "yarn-cache"),
        ("/opt/conda/pkgs/numpy.conda", "conda-cache"),
        ("/root/miniconda3/pkgs/a", "conda-cache"),
        ("/root/.cache/go-build/00/a", "go-cache"),
        ("/go/pkg/mod/cache/a", "go-cache"),
        ("/srv/.git/objects/pack/a", "git"),
        ("/srv/node_modules/.cache/babel/a", "node-dev-packages"),
        (f"{PACKAGES}/numpy/core/tests/test_a.py", "python-tests"),
        ("/usr/lib/python3.11/test/support/a.py", "python-tests"),
        ("/usr/include/stdio.h", "headers"),
        ("/usr/lib/x86_64-linux-gnu/libc.a", "headers"),
        ("/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "compilers"),
        ("/usr/bin/g++-12", "compilers"),
        ("/usr/bin/x86_64-linux-gnu-ld", "compilers"),
        ("/usr/local/go/bin/go", "compilers"),
        ("/srv/__pycache__/app.cpython-311.pyc", "bytecode"),
    ],
)
def test_a_leftover_is_told_by_its_path(path, kind):
    found = Classifier().kind(path)
    assert found is not None
    assert found.id == kind


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/apt/extended_states",
        "/usr/bin/cccc",
        "/usr/bin/python3",
        "/srv/tests/test_a.py",
        "/usr/lib/x86_64-linux-gnu/libgcc_s.so.1",
        f"{PACKAGES}/django/test/client.py",
        f"{PACKAGES}/numpy/testing/a.py",
        f"{PACKAGES}/numpy/__pycache__/a.pyc",
        "/usr/lib/python3.11/__pycache__/a.pyc",
        "/srv/.gitignore",
        "/srv/.yarn/cache/react.zip",
        "/srv/pkgs/a",
    ],
)
def test_what_a_service_may_need_is_none(path):
    assert Classifier().kind(path) is None


def test_each_kind_has_a_name_of_its_own_and_a_remedy():
    assert len({kind.id for kind in KINDS}) == len({kind.title for kind in KINDS}) == len(KINDS)
    assert all(kind.remedy for kind in KINDS)
