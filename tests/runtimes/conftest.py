from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest

from bench.runtimes.known import connect
from tests.runtimes.fake_docker import FakeDocker


def pytest_collection_modifyitems(items):
    """The SDK leaves sockets to the garbage collector: at a refused connect, a stream left off."""
    unclosed = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(unclosed)


@pytest.fixture
def no_buildx(monkeypatch):
    """A host without buildx."""
    monkeypatch.setattr("bench.runtimes.docker.builders.choose.find_buildx", lambda: None)


@pytest.fixture(scope="module", autouse=True)
def sockets_of_the_sdk():
    """Collect them before the tests of another folder are blamed for them."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch, tmp_path):
    """Nobody's own Docker configuration decides what these tests see."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "BENCH_ENGINE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def daemon():
    fake = FakeDocker()
    yield fake
    fake.close()


@pytest.fixture
def engine(daemon):
    engine = connect(daemon.address)
    daemon.requests.clear()
    yield engine
    engine.close()


@pytest.fixture
def context(tmp_path):
    """A folder with a Dockerfile that copies its one file."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY app /\n")
    (folder / "app").write_text("x")
    return folder
