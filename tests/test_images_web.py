"""The bundled web images on a real engine: each does what its Dockerfile's comments say."""

from __future__ import annotations

import shutil
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from bench.engine.docker import DockerEngine
from bench.engine.private import PrivateEngine, why_impossible
from bench.engine.protocol import LABEL, ContainerSpec
from bench.image.bases import named_bases, prepare_bases

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.slow]

WEB = Path(__file__).parent.parent / "images" / "web"
GRACE_S = 2.0
LABELS = {LABEL: "test-images-web"}


class Running:
    """A container of one of the images, reached at its own address."""

    def __init__(self, engine: DockerEngine, container_id: str) -> None:
        self._engine = engine
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy leads to a container of this host
        self.id = container_id

    def url(self, port: int, path: str) -> str:
        return f"http://{self._engine.state(self.id).address}:{port}{path}"

    def get(self, port: int, path: str) -> requests.Response:
        return self._http.get(self.url(port, path), timeout=5)

    def post(self, port: int, path: str, body: object) -> requests.Response:
        return self._http.post(self.url(port, path), json=body, timeout=5)

    def log(self) -> str:
        return "\n".join(self._engine.log_tail(self.id, 500))

    def await_answer(self, port: int, path: str, patience_s: float = 60) -> None:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and self._engine.state(self.id).running:
            try:
                if self.get(port, path).status_code == 200:
                    return
            except requests.ConnectionError:
                time.sleep(0.02)
        pytest.fail(f"never answered; its output: {self.log()}")

    def stop(self) -> tuple[int, float]:
        """Exit code and seconds of an orderly stop, which turns into a kill after GRACE_S."""
        start_s = time.monotonic()
        self._engine.stop(self.id, GRACE_S)
        return self._engine.state(self.id).exit_code, time.monotonic() - start_s

    def close(self) -> None:
        self._http.close()
        self._engine.remove(self.id)


class Web:
    """The three images, built on the private engine's builder."""

    def __init__(self, engine: DockerEngine) -> None:
        self.engine = engine

    def build(self, name: str, context: Path = WEB) -> str:
        """Build `name`.Dockerfile, mostly from the builder's cache, and return the image's id."""
        tag = self.tag(name)
        for _ in self.engine.build(context, f"{name}.Dockerfile", tag, {}, None, {LABEL: "kept"}):
            pass
        return str(self.engine.image_details(tag)["Id"])

    def tag(self, name: str) -> str:
        return f"bench-test/web-{name}:latest"

    @contextmanager
    def running(
        self, name: str, command: tuple[str, ...] | None = None, **extra_hosts: str
    ) -> Iterator[Running]:
        spec = ContainerSpec(
            image=self.tag(name),
            name=f"bench-test-{name}-{uuid.uuid4().hex[:8]}",
            labels=LABELS,
            command=command,
            extra_hosts=extra_hosts,
            memory_bytes=2**30,
            pids=256,
        )
        one = Running(self.engine, self.engine.create(spec).container_id)
        try:
            self.engine.start(one.id)
            yield one
        finally:
            one.close()


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    impossible = why_impossible()
    if impossible:
        pytest.fail(f"the engine tests need the private engine: {impossible}")
    private = PrivateEngine()
    private.up()
    engine = DockerEngine(private.address("building"))
    texts = [(WEB / f"{name}.Dockerfile").read_text() for name in ("index", "good", "bad")]
    prepare_bases(
        engine,
        private.registry_address(),
        on_progress=print,
        only={base for text in texts for base in named_bases(text)},
    )
    images = Web(engine)
    for name in ("index", "good", "bad"):
        images.build(name)
    yield images
    engine.close()


@pytest.fixture(scope="module")
def index(web: Web) -> Iterator[Running]:
    with web.running("index") as one:
        one.await_answer(8000, "/simple/")
        yield one


@pytest.fixture(scope="module")
def good(web: Web) -> Iterator[Running]:
    with web.running("good") as one:
        one.await_answer(8080, "/healthz")
        yield one


@pytest.fixture(scope="module")
def bad(web: Web, index: Running) -> Iterator[Running]:
    with web.running("bad", index=web.engine.state(index.id).address) as one:
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
        assert web.engine.wait(one.id, 30) != 0
        assert "No module named 'fastapi'" in one.log()


def test_bad_gets_ready_by_installing_from_the_index(index, bad):
    assert "GET /simple/fastapi/" in index.log()
    assert bad.log().index("Successfully installed") < bad.log().index("startup complete")


def test_bad_runs_as_root(web, bad):
    assert _uid(web.engine.state(bad.id).pid) == 0


def test_good_serves_as_a_user_without_rights(web, good):
    assert _uid(web.engine.state(good.id).pid) == 10001


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
    command = web.engine.image_details(web.tag("good"))["Config"]["Healthcheck"]["Test"][1:]
    assert web.engine.execute(good.id, tuple(command), 10) == 0


def test_only_bad_is_above_the_size_limit(web):
    sizes = {name: web.engine.image_details(web.tag(name))["Size"] for name in ("bad", "good")}
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
