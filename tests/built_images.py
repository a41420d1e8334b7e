"""Bundled images built on the private engine, and containers of them, for the tests of images."""

from __future__ import annotations

import os
import signal
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from bench.dockerfile.bases import external_images
from bench.images.bases.catalogue import Refusal, meant_by
from bench.images.bases.choose import prepare_bases
from bench.runtimes.build_request import BuildRequest
from bench.runtimes.known import connect
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.requirements import why_impossible
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.runtimes.protocol import ContainerEngine

GRACE_S = 2
LABELS = {LABEL: "test-images"}


class Running:
    """A container of one of the images, reached at its own address."""

    def __init__(self, engine: ContainerEngine, container_id: str) -> None:
        self._engine = engine
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy leads to a container of this host
        self.id = container_id

    def url(self, port: int, path: str) -> str:
        return f"http://{self._engine.workload(self.id).state().address}:{port}{path}"

    def get(self, port: int, path: str) -> requests.Response:
        return self._http.get(self.url(port, path), timeout=5)

    def post(self, port: int, path: str, body: object) -> requests.Response:
        return self._http.post(self.url(port, path), json=body, timeout=5)

    def put(self, port: int, path: str, body: str) -> requests.Response:
        return self._http.put(self.url(port, path), data=body, timeout=5)

    def log(self) -> str:
        return "\n".join(self._engine.workload(self.id).log_tail(500))

    def await_answer(self, port: int, path: str, patience_s: float = 60) -> None:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and self._engine.workload(self.id).state().running:
            try:
                if self.get(port, path).status_code == 200:
                    return
            except requests.ConnectionError:
                time.sleep(0.02)
        pytest.fail(f"never answered; its output: {self.log()}")

    def await_line(self, line: str, patience_s: float = 60) -> None:
        deadline = time.monotonic() + patience_s
        while line not in self.log().splitlines():
            assert time.monotonic() < deadline, f"never said {line!r}; its output: {self.log()}"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as the kernel does where memory is short: without a word."""
        os.kill(self._engine.workload(self.id).state().pid, signal.SIGKILL)
        self._engine.workload(self.id).wait(10)

    def stop(self) -> tuple[int, float]:
        """Exit code and seconds of an orderly stop, which turns into a kill after GRACE_S."""
        start_s = time.monotonic()
        self._engine.workload(self.id).stop(GRACE_S)
        return self._engine.workload(self.id).state().exit_code, time.monotonic() - start_s

    def close(self) -> None:
        self._http.close()
        self._engine.workload(self.id).remove()


class BuiltImages:
    """The images of one folder, each called after its Dockerfile."""

    def __init__(self, engine: ContainerEngine, context: Path) -> None:
        self.engine = engine
        self._context = context

    def build(self, name: str, context: Path | None = None) -> str:
        """Build `name`.Dockerfile, mostly from the builder's cache, and return the image's id."""
        folder, tag = context or self._context, self.tag(name)
        self.engine.builder.build(
            BuildRequest(folder, tag, folder / f"{name}.Dockerfile", labels={LABEL: "kept"})
        )
        return self.engine.images.inspect(tag).id

    def tag(self, name: str) -> str:
        return f"bench-test/{self._context.name}-{name}:latest"

    @contextmanager
    def running(
        self, name: str, command: tuple[str, ...] | None = None, **extra_hosts: str
    ) -> Iterator[Running]:
        spec = WorkloadSpec(
            image=self.tag(name),
            name=f"bench-test-{name}-{uuid.uuid4().hex[:8]}",
            labels=LABELS,
            command=command,
            extra_hosts=extra_hosts,
            memory_bytes=2**30,
            pids=256,
        )
        one = Running(self.engine, self.engine.create(spec).id)
        try:
            self.engine.workload(one.id).start()
            yield one
        finally:
            one.close()


@contextmanager
def built_images(context: Path, *names: str) -> Iterator[BuiltImages]:
    """The images of these Dockerfiles in `context`, built in this order with their bases."""
    impossible = why_impossible()
    if impossible:
        pytest.fail(f"the engine tests need the private engine: {impossible}")
    private = PrivateEngine()
    private.up()
    engine = connect(private.address("building"), private.login())
    texts = [(context / f"{name}.Dockerfile").read_text() for name in names]
    prepare_bases(
        engine,
        private.registry_address(),
        on_progress=print,
        only={
            base
            for text in texts
            for base in external_images(text, {})
            if not isinstance(meant_by(base), Refusal)
        },
    )
    images = BuiltImages(engine, context)
    for name in names:
        images.build(name)
    yield images
    engine.close()
