"""The meaning of an image's name on the command line, and whose fault it is if it has none."""

from __future__ import annotations

import json

import pytest

from bench.core.errors import (
    EngineError,
    EngineRefusedError,
    EngineUnavailableError,
    RegistryError,
    UsageError,
)
from bench.images.inspection.sources import find
from bench.images.inspection.sources.find import read_image
from tests.fakes import FakeRuntime
from tests.images.inspection.made import (
    ARCHITECTURE,
    Made,
    archive_of,
    blobs_of,
    layer,
    packed_gzip,
    saved,
    write_layout,
)
from tests.runtimes.fake_registry import Answer, FakeRegistry

MADE = Made((layer(("etc/motd", b"hello")),), {"User": "app"})
ENGINE = "unix:///run/own.sock"


@pytest.fixture
def engine(monkeypatch):
    """The engine at ENGINE, which has the image `web`."""
    fake = FakeRuntime()
    fake.present_images["web"] = {}
    fake.archives["web"] = archive_of(saved(MADE))

    def connect(address: str, *_: object) -> FakeRuntime:
        assert address == ENGINE
        return fake

    monkeypatch.setattr(find, "connect", connect)
    return fake


@pytest.fixture
def registry():
    fake = FakeRegistry()
    blobs, index = blobs_of(MADE, packed_gzip)
    digest = json.loads(index)["manifests"][0]["digest"]
    for name, data in blobs.items():
        fake.answers[f"shop/web/blobs/{name}"] = Answer(data)
    for reference in ("1.4", "latest", digest):
        fake.document(f"shop/web/manifests/{reference}", json.loads(blobs[digest]), digest)
    yield fake
    fake.close()


def test_a_name_is_an_image_of_the_engine(engine):
    image = read_image("web", ENGINE)
    assert (image.source, len(image.layers)) == ("engine", 1)


def test_the_engine_has_the_first_word_on_a_name_with_a_registry(engine, registry):
    name = f"{registry.address}/shop/web:1.4"
    engine.present_images[name] = {}
    engine.archives[name] = archive_of(saved(MADE))
    assert read_image(name, ENGINE).source == "engine"
    assert registry.asked == []


@pytest.mark.parametrize("reference", [":1.4", "", "@{digest}"])
def test_what_the_engine_lacks_comes_from_the_registry_in_its_name(engine, registry, reference):
    digest = next(name for name in registry.answers if "manifests/sha256" in name).split("/")[-1]
    image = read_image(f"{registry.address}/shop/web{reference.format(digest=digest)}", ENGINE)
    assert (image.source, image.digest) == ("registry", digest)


def test_what_is_nowhere_is_a_mistake_of_the_user(engine):
    with pytest.raises(UsageError, match="no such image") as error:
        read_image("wob", ENGINE)
    assert error.value.exit_code == 2


def test_what_the_registry_lacks_is_a_mistake_of_the_user_too(engine, registry):
    with pytest.raises(UsageError, match="registry has no such image"):
        read_image(f"{registry.address}/shop/other:1", ENGINE)


def test_a_registry_that_refuses_is_at_fault(engine, registry):
    registry.answers["shop/web/manifests/1.4"] = Answer(b"", 500)
    with pytest.raises(RegistryError, match="500") as error:
        read_image(f"{registry.address}/shop/web:1.4", ENGINE)
    assert error.value.exit_code == 3


@pytest.mark.parametrize("name", ["", " ", "a\0b"])
def test_an_empty_name_is_a_mistake_of_the_user(name):
    with pytest.raises(UsageError):
        read_image(name, ENGINE)


def test_what_the_engine_takes_for_no_name_is_a_mistake_of_the_user(engine):
    refusal = EngineRefusedError("A b", "the engine refused: invalid reference format", status=400)
    engine.trouble("has_image", refusal)
    with pytest.raises(UsageError, match="invalid reference format"):
        read_image("A b", ENGINE)


def test_an_engine_that_does_not_answer_is_its_fault(engine):
    engine.trouble("has_image", EngineUnavailableError("engine", "does not answer"))
    with pytest.raises(EngineUnavailableError) as error:
        read_image("web", ENGINE)
    assert error.value.exit_code == 3


def test_an_archive_of_the_engine_that_is_cut_off_is_its_fault(engine):
    engine.archives["web"] = engine.archives["web"][:3000]
    with pytest.raises(EngineError, match="not a whole archive") as error:
        read_image("web", ENGINE)
    assert error.value.exit_code == 3


def test_an_engine_that_was_not_named_may_be_missing_if_the_name_says_the_registry(
    monkeypatch, registry
):
    def missing(*_: object, **__: object) -> None:
        raise EngineUnavailableError("engine", "does not answer")

    monkeypatch.setattr(find, "connect", missing)
    monkeypatch.setattr("bench.runtimes.managed.private.PrivateEngine.up", missing)
    for name in ("BENCH_ENGINE", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    name = f"{registry.address}/shop/web:1.4"
    assert read_image(name, None).source == "registry"
    with pytest.raises(EngineUnavailableError):
        read_image(name, ENGINE)
    with pytest.raises(EngineUnavailableError):
        read_image("web", None)


def test_plain_processes_have_no_images():
    with pytest.raises(UsageError, match="no images"):
        read_image("web", "host")


def test_a_path_is_an_archive_or_a_layout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.tar").write_bytes(archive_of(saved(MADE)))
    write_layout(tmp_path / "layout", MADE)
    assert read_image("image.tar", None).source == "archive"
    assert read_image("./image.tar", None).source == "archive"
    assert read_image("layout", None).source == "layout"
    assert read_image(str(tmp_path / "layout"), None).source == "layout"


def test_a_folder_of_the_same_name_does_not_hide_an_image(engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").mkdir()
    assert read_image("web", ENGINE).source == "engine"


@pytest.mark.parametrize("name", ["./nothing", "nothing.tar", "/no/such", "./folder"])
def test_a_path_that_is_neither_is_a_mistake_of_the_user(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=r"neither an archive nor a folder|not an OCI layout"):
        read_image(name, None)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("127.0.0.1:5591", True),
        ("[::1]:5000", True),
        ("registry.example", False),
        ("10.0.0.7:5000", False),
    ],
)
def test_only_registries_of_this_host_are_asked_without_encryption(host, here):
    assert find._is_here(host) is here


def test_the_architecture_is_that_of_this_machine():
    assert ARCHITECTURE == find._ARCHITECTURE
