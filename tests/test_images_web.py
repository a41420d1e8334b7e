"""The bundled web images on a real engine: each does what its Dockerfile's comments say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.built_images import GRACE_S, BuiltImages, Running, built_images

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.slow]

WEB = Path(__file__).parent.parent / "images" / "web"


@pytest.fixture(scope="module")
def web() -> Iterator[BuiltImages]:
    with built_images(WEB, "index", "good", "bad") as images:
        yield images


@pytest.fixture(scope="module")
def index(web: BuiltImages) -> Iterator[Running]:
    with web.running("index") as one:
        one.await_answer(8000, "/simple/")
        yield one


@pytest.fixture(scope="module")
def good(web: BuiltImages) -> Iterator[Running]:
    with web.running("good") as one:
        one.await_answer(8080, "/healthz")
        yield one


@pytest.fixture(scope="module")
def bad(web: BuiltImages, index: Running) -> Iterator[Running]:
    with web.running("bad", index=web.engine.workload(index.id).state().address) as one:
        one.await_answer(8080, "/healthz")
        yield one


def _requirements() -> list[str]:
    lines = (WEB / "requirements.txt").read_text().splitlines()
    return [line.partition("==")[0] for line in lines if not line.startswith("#")]


def test_index_has_a_wheel_of_each_requirement(index):
    for name in _requirements():
        project = name.lower().replace("_", "-")
        assert ".whl" in index.get(8000, f"/simple/{project}/").text, name


def test_bad_cannot_serve_with_what_is_in_the_image(web):
    with web.running("bad", ("python", "-c", "import fastapi")) as one:
        assert web.engine.workload(one.id).wait(30) != 0
        assert "No module named 'fastapi'" in one.log()


def test_bad_gets_ready_by_installing_from_the_index(index, bad):
    assert "GET /simple/fastapi/" in index.log()
    assert bad.log().index("Successfully installed") < bad.log().index("startup complete")


def test_bad_runs_as_root(web, bad):
    assert _uid(web.engine.workload(bad.id).state().pid) == 0


def test_good_serves_as_a_user_without_rights(web, good):
    assert _uid(web.engine.workload(good.id).state().pid) == 10001


def _uid(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])


@pytest.mark.parametrize("name", ["good", "bad"])
def test_both_give_the_same_service(name, request):
    one = request.getfixturevalue(name)
    answer = one.post(8080, "/summary", {"values": [1, 2, 6]}).json()
    assert (answer["count"], answer["median"], answer["mean"]) == (3, 2, 3)
    assert one.post(8080, "/smooth", {"values": [1, 3, 5], "window": 2}).json() == [2, 4]
    assert one.post(8080, "/summary", {"values": []}).status_code == 422


def test_good_passes_its_own_health_check(web, good):
    command = web.engine.images.inspect(web.tag("good")).config["Healthcheck"]["Test"][1:]
    assert web.engine.workload(good.id).execute(tuple(command), 10) == 0


def test_only_bad_is_above_the_size_limit(web):
    sizes = {name: web.engine.images.inspect(web.tag(name)).size_bytes for name in ("bad", "good")}
    assert sizes["bad"] > 1024 * 2**20
    assert sizes["good"] < 300 * 2**20


def test_what_good_does_not_need_does_not_change_it(web, tmp_path):
    before = web.build("good")
    context = tmp_path / "web"
    shutil.copytree(WEB, context)
    (context / "notes.txt").write_text("an afterthought")
    assert web.build("good", context) == before


# these end the containers, and come last for it


def test_good_ends_when_it_is_asked_to(good):
    code, took_s = good.stop()
    assert code == 0
    assert took_s < GRACE_S


def test_bad_does_not_hear_of_sigterm_and_is_killed(bad):
    code, took_s = bad.stop()
    assert code == 137
    assert took_s >= GRACE_S
