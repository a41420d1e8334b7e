"""What a registry says that it served; the lines are those of a real one."""

from __future__ import annotations

import pytest

from bench.runtimes.managed.access_log import AccessLog, Served

ONE = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def line(digest: str, size: int, *, method: str = "GET", status: int = 200, name: str = "q/good"):
    return (
        f'127.0.0.1 - - [22/Nov/2026:22:20:13 +0000] "{method} /v2/{name}/blobs/{digest} HTTP/1.1" '
        f'{status} {size} "" "docker/20.10.24+dfsg1 go/go1.19.8 os/linux arch/amd64"\n'
    )


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "registry.log"
    path.write_text(line(ONE, 5) + "time=2026 level=warning msg=x\n")
    return path


def add(log, *lines: str) -> None:
    with log.open("a") as file:
        file.write("".join(lines))


def test_only_what_came_after_the_mark_counts(log):
    access = AccessLog(log)
    mark = access.mark()
    assert access.served("q/good", mark) == {}
    add(log, line(OTHER, 900))
    assert access.served("q/good", mark) == {OTHER: Served(1, 900)}


def test_requests_for_one_blob_add_up_with_what_each_got_to(log):
    access = AccessLog(log)
    mark = access.mark()
    add(log, line(ONE, 300), line(ONE, 700, status=206))
    assert access.served("q/good", mark) == {ONE: Served(2, 1000)}


@pytest.mark.parametrize(
    "other",
    [
        line(ONE, 9, method="HEAD"),
        line(ONE, 9, status=404),
        line(ONE, 9, name="q/bad"),
        line(ONE, 9).replace("/blobs/", "/manifests/"),
        line(ONE, 9).rstrip("\n")[:60],
    ],
    ids=["head", "missing", "another repository", "manifest", "torn"],
)
def test_nothing_else_is_a_blob_of_this_repository(log, other):
    access = AccessLog(log)
    mark = access.mark()
    add(log, other)
    assert access.served("q/good", mark) == {}


def test_a_log_that_is_gone_or_begun_again_proves_nothing(log):
    access = AccessLog(log)
    mark = access.mark()
    log.write_text("")
    assert access.served("q/good", mark) is None
    log.unlink()
    assert access.served("q/good", mark) is None
    assert access.mark() is None
    assert access.served("q/good", None) is None
