"""Bytes of the files that were opened, by layer, package and folder."""

from __future__ import annotations

import pytest

from bench.images.layers import LayerContent
from bench.images.opened import STANDARD_LIBRARY, group_of, opened_files
from bench.journal.facts.opened import OpenedBytes

SITE = "/usr/local/lib/python3.12/site-packages"
S = 1_000_000_000


@pytest.mark.parametrize(
    ("path", "group"),
    [
        (f"{SITE}/torch/nn/__init__.py", "torch"),
        (f"{SITE}/torch-2.1.dist-info/METADATA", "torch"),
        (f"{SITE}/six.py", "six"),
        (f"{SITE}/_cffi_backend.cpython-312-x86_64-linux-gnu.so", "_cffi_backend"),
        ("/venv/lib/python3.12/site-packages/numpy.libs/libopenblas.so", "numpy.libs"),
        ("/usr/lib/python3/dist-packages/yaml/__init__.py", "yaml"),
        ("/usr/lib/python3.11/json/__init__.py", STANDARD_LIBRARY),
        ("/app/node_modules/@babel/core/lib/index.js", "@babel/core"),
        ("/app/node_modules/express/node_modules/ms/index.js", "express"),
        (f"{SITE}/__pycache__/six.cpython-312.pyc", "six"),
        ("/app/node_modules/.pnpm/lodash@4/node_modules/lodash/x.js", "lodash"),
        ("/usr/share/doc/x/copyright", "/usr/share"),
        ("/usr/bin/python3", "/usr/bin"),
        ("/app/main.py", "/app"),
        ("/entrypoint.sh", "/entrypoint.sh"),
        ("", "/"),
    ],
)
def test_a_file_belongs_to_its_package_or_to_its_folders(path, group):
    assert group_of(path) == group


def layer(files: dict[str, int], hidden: tuple[str, ...] = ()) -> LayerContent:
    return LayerContent(files, hidden, ())


def test_what_a_later_layer_hides_counts_nowhere():
    layers = [
        layer({"/a/x": 100, "/a/y": 50, "/gone/z": 7}),
        layer({"/a/y": 60, "/link": 0}, hidden=("/gone",)),
    ]
    found = opened_files([(1, "/a/y"), (2, "/proc/cpuinfo")], 10, layers)
    assert found.layers == (OpenedBytes(100, 0), OpenedBytes(60, 60))
    assert found.total == OpenedBytes(160, 60)
    assert (found.files, found.opened_files) == (2, 1)


def test_a_second_belongs_to_the_file_that_was_opened_before_it():
    layers = [layer({f"{SITE}/torch/a.py": 10, f"{SITE}/flask/b.py": 10, "/data/x": 5})]
    opened = [
        (0, f"{SITE}/torch/a.py"),
        (2 * S, f"{SITE}/flask/b.py"),
        (3 * S, f"{SITE}/torch/a.py"),
        (5 * S, f"{SITE}/flask/b.py"),
        (9 * S, "/data/x"),
    ]
    found = opened_files(opened, 8 * S, layers)
    seconds = {group.name: group.seconds for group in found.groups}
    assert seconds == {"torch": 4.0, "flask": 1.0, "/data": 0.0}
    assert found.opened_files == 2, "what is opened after ready does not count"


def test_the_slowest_and_the_largest_come_first():
    files = {f"/big{number:02}/x/y": 1000 - number for number in range(30)}
    found = opened_files([], 1, [layer(files)])
    assert [group.name for group in found.groups] == [f"/big{number:02}/x" for number in range(10)]


def test_an_empty_image_has_no_share():
    found = opened_files([(1, "/x")], 2, [])
    assert found.total == OpenedBytes(0, 0)
    assert found.groups == ()
