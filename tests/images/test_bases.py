"""Where base images come from, decided against a builder that is made up."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import shutil
from typing import TYPE_CHECKING, Any, cast

import pytest

from bench.core.errors import EngineRefusedError, HostError, PullError, UsageError
from bench.dockerfile.bases import external_images
from bench.images.bases import choose as bases
from bench.images.bases import make as base_make
from bench.images.bases.catalogue import BASES, RECIPES, Refusal, meant_by
from bench.images.bases.choose import base_to_blame, prepare_bases
from bench.images.bases.present import BaseSource
from bench.images.bases.recipe import import_changes, upstream
from bench.images.bases.records import base_records
from bench.images.bases.table import PYTHON_FULL, PYTHON_SLIM, SLIM
from bench.journal.facts.image import BaseRecord
from bench.runtimes.build_request import BuildResult
from bench.runtimes.images import ImageInfo, PullLine
from tests.fakes import FACTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.runtimes.build_request import BuildRequest
    from bench.runtimes.protocol import ContainerEngine

REGISTRY = "127.0.0.1:5000"


class Store:
    """An engine's store of images: what is in it by name, and what was asked of it."""

    def __init__(self, hub: set[str] | None = None, *, store: str = "graphdriver") -> None:
        self.info = dataclasses.replace(FACTS, image_store=store)
        self.images = self.builder = self
        self.hub = hub or set()
        self.unknown: set[str] = set()
        self.names: dict[str, str] = {}
        self.labels: dict[str, dict[str, str]] = {}
        self.pushed: dict[str, str] = {}
        self.asked: list[str] = []
        self._ids = (f"sha256:{number}" for number in itertools.count())

    def add(self, name: str, labels: dict[str, str] | None = None) -> str:
        self.names[name] = next(self._ids)
        self.labels[self.names[name]] = labels or {}
        return self.names[name]

    def pull(self, reference: str) -> Iterator[PullLine]:
        self.asked.append(f"pull {reference}")
        if reference in self.unknown:
            raise EngineRefusedError(reference, "manifest unknown", status=404)
        if reference not in self.hub:
            raise PullError(reference, "no such host")
        yield PullLine(text="Pulling from library")
        self.add(reference)

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        self.asked.append(f"import {tag}")
        self.add(tag, _labels("\n".join(changes)))

    def build(self, request: BuildRequest, say: Callable[[str], None]) -> BuildResult:
        self.asked.append(f"build {request.tag}")
        text = request.dockerfile.read_text()
        parent = text.split()[1]
        assert parent in self.names, f"{request.tag} is built before {parent} is there"
        self.add(request.tag, {**self.labels[self.names[parent]], **_labels(text)})
        say("[1/5] FROM it")
        return BuildResult(1.0, ())

    def tag(self, reference: str, new_reference: str) -> None:
        self.names[new_reference] = self.names[reference]

    def push(self, reference: str) -> str:
        self.asked.append(f"push {reference}")
        self.pushed[self.names[reference]] = reference.rpartition(":")[0]
        return f"digest of {self.names[reference]}"

    def has(self, reference: str) -> bool:
        return reference in self.names

    def inspect(self, reference: str) -> ImageInfo:
        image_id = self.names[reference]
        tags = [name for name, one in self.names.items() if one == image_id]
        known = {self.pushed[image_id]} if image_id in self.pushed else set()
        if self.info.image_store == "containerd":
            known |= {name.rpartition(":")[0] for name in tags}
        return ImageInfo(
            image_id,
            names=tuple(tags),
            digests=tuple(f"{name}@digest of {image_id}" for name in sorted(known)),
            config={"Labels": self.labels[image_id] or None},
        )

    def remove(self, reference: str) -> None:
        self.asked.append(f"remove {reference}")
        raise EngineRefusedError(reference, "other images stand on it", status=409)


def _labels(text: str) -> dict[str, str]:
    return dict(re.findall(r'(org\.container-bench\.[\w.]+)="?([^" ]*(?: [^" ]*=[^" ]*)*)"?', text))


@pytest.fixture(autouse=True)
def rootfs(monkeypatch) -> None:
    monkeypatch.setattr(
        base_make, "make_rootfs", lambda _base, tar, _scratch, _say: tar.write_text("")
    )
    monkeypatch.setattr(base_make, "installed", _installed)


VERSIONS = {
    "python3": "3.11.2-1+b1",
    "nginx": "1.26.3-3+deb13u11",
    "nodejs": "20.19.2+dfsg-1+deb13u3",
    "npm": "9.2.0~ds1-3",
    "redis-server": "5:7.0.15-1~deb12u10",
}


def _installed(builder: Store, image: str, packages: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    release = "13.8" if "trixie" in image else "12.11"
    return release, {one: VERSIONS[one] for one in packages}


def _prepare(builder: Store, **options: Any) -> list[bases.BaseImage]:
    return prepare_bases(
        cast("ContainerEngine", builder), REGISTRY, on_progress=lambda _text: None, **options
    )


def _with_everything() -> Store:
    builder = Store()
    _prepare(builder)
    builder.asked.clear()
    return builder


def test_bases_come_from_the_hub_under_their_official_names():
    builder = Store(hub={base.hub_reference for base in BASES.values()})
    ready = _prepare(builder)
    assert [(one.name, one.source) for one in ready] == [(name, "hub") for name in BASES]
    assert not [one for one in builder.asked if one.startswith(("build", "import"))]


def test_bases_are_made_here_when_the_hub_fails_and_it_is_asked_only_once():
    builder = Store()
    ready = _prepare(builder)
    assert {one.source for one in ready} == {BaseSource.BOOTSTRAPPED}
    asked = [one for one in builder.asked if not one.startswith(("push", "remove"))]
    assert list(dict.fromkeys(asked)) == [
        f"pull {BASES[SLIM].hub_reference}",
        f"import {SLIM}",
        f"build {SLIM}",
        f"build {PYTHON_SLIM}",
        f"build {PYTHON_FULL}",
    ]


def test_all_come_from_one_source_even_when_the_hub_fails_halfway():
    builder = Store(hub={BASES[SLIM].hub_reference})
    assert {one.source for one in _prepare(builder)} == {BaseSource.BOOTSTRAPPED}


def test_each_base_is_pushed_under_bases_and_its_digest_is_known():
    builder = Store()
    ready = {one.name: one for one in _prepare(builder)}
    assert f"push {REGISTRY}/bases/{PYTHON_FULL}" in builder.asked
    assert ready[PYTHON_FULL].digest == f"digest of {builder.names[PYTHON_FULL]}"


def test_a_digest_that_a_containerd_store_has_by_itself_is_no_sign_of_a_push():
    builder = Store(store="containerd")
    _prepare(builder)
    assert f"push {REGISTRY}/bases/{PYTHON_FULL}" in builder.asked


def test_what_is_there_already_is_left_alone():
    builder = _with_everything()
    ready = _prepare(builder)
    assert builder.asked == []
    assert all(one.digest and one.took_s == 0 for one in ready)


def test_a_base_of_an_older_recipe_is_made_again():
    builder = _with_everything()
    builder.labels[builder.names[PYTHON_FULL]]["org.container-bench.base.recipe"] = "older"
    _prepare(builder)
    assert f"build {PYTHON_FULL}" in builder.asked
    assert f"build {PYTHON_SLIM}" not in builder.asked


def test_an_image_of_that_name_from_elsewhere_is_not_taken_for_a_base():
    builder = Store()
    builder.add(SLIM)
    _prepare(builder, only=[SLIM])
    assert f"import {SLIM}" in builder.asked


def test_only_what_was_named_is_prepared_and_what_that_stands_on():
    builder = Store()
    assert [one.name for one in _prepare(builder, only=[PYTHON_SLIM])] == [SLIM, PYTHON_SLIM]


def test_force_makes_again_what_was_named_and_drops_what_it_replaces():
    builder = _with_everything()
    before = builder.names[PYTHON_SLIM]
    ready = _prepare(builder, only=[PYTHON_SLIM], force=True)
    assert [one.name for one in ready] == [PYTHON_SLIM]
    assert builder.names[PYTHON_SLIM] != before
    assert f"remove {before}" in builder.asked


def test_a_name_that_is_no_base_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match=r"python:2\.7.*Debian has 3\.11") as caught:
        _prepare(Store(), only=["python:2.7"])
    assert "nginx:1.22|1.26, " in caught.value.remedy


def test_without_mmdebstrap_the_command_that_installs_it_is_given(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    with pytest.raises(HostError, match=r"apt-get install .*mmdebstrap"):
        _prepare(Store())


def test_records_name_each_image_with_its_source_and_what_it_really_is():
    builder = _with_everything()
    builder.add("registry.example/own:1")
    builder.add("mine:1", builder.labels[builder.names[SLIM]])
    text = """
ARG VERSION=3.11
FROM --platform=linux/amd64 python:${VERSION}-bookworm AS build
FROM build AS more
FROM scratch
COPY --from=registry.example/own:1 a b
COPY --from=more a b
COPY --from=registry.example/absent:1 a b
COPY --from=mine:1 a b
"""
    debian = {"made_of": "made here of Debian 12's packages: python3 3.11.2"}
    assert base_records(cast("ContainerEngine", builder), external_images(text, {})) == [
        BaseRecord(name, builder.names.get(name, ""), source, **more)
        for name, source, more in (
            (PYTHON_FULL, "bootstrapped", debian),
            ("registry.example/own:1", "other", {}),
            ("registry.example/absent:1", "other", {}),
            ("mine:1", "bootstrapped", {}),
        )
    ]


def test_records_say_hub_for_what_came_from_there():
    builder = Store(hub={base.hub_reference for base in BASES.values()})
    _prepare(builder)
    assert base_records(cast("ContainerEngine", builder), [SLIM])[0].source == "hub"


def test_an_engine_that_refuses_a_name_is_a_remark_of_the_record_and_no_error(monkeypatch):
    builder = Store()

    def refuse(reference: str) -> bool:
        raise EngineRefusedError(reference, "invalid reference format", status=400)

    monkeypatch.setattr(builder, "has", refuse)
    assert base_records(cast("ContainerEngine", builder), ['"debian"']) == [
        BaseRecord('"debian"', source="other", remark="invalid reference format")
    ]


def test_of_what_a_dockerfile_needs_the_bases_that_can_be_made_are_known():
    text = f"FROM {PYTHON_SLIM} AS a\nFROM alpine\nCOPY --from=a x y\nCOPY --from=nginx a b\n"
    needed = external_images(text, {})
    made = [name for name in needed if not isinstance(meant_by(name), Refusal)]
    assert made == [PYTHON_SLIM, "nginx:latest"]


def test_another_name_of_a_base_is_made_of_the_same_recipe_and_says_what_it_is():
    builder = Store()
    ready = {one.name: one for one in _prepare(builder, only=["docker.io/library/nginx"])}
    assert list(ready) == ["debian:trixie-slim", "nginx:1.26-trixie", "nginx:latest"]
    assert builder.names["nginx:latest"] == builder.names["nginx:1.26-trixie"]
    assert ready["nginx:latest"].made_of == "made here of Debian 13's packages: nginx 1.26.3"
    builder.asked.clear()
    _prepare(builder, only=["nginx"])
    assert builder.asked == []


def test_a_name_that_states_another_version_than_debian_has_is_refused_with_the_true_one():
    with pytest.raises(PullError, match=r"what can be made here is 1\.26\.3"):
        _prepare(Store(), only=["nginx:1.26.1"])
    builder = Store()
    _prepare(builder, only=["nginx:1.26.3"])
    assert "nginx:1.26.3" in builder.names


def test_a_point_release_of_debian_is_compared_with_the_installed_one():
    builder = Store()
    _prepare(builder, only=["debian:12.11-slim"])
    assert "debian:12.11-slim" in builder.names
    with pytest.raises(PullError, match=r"what can be made here is 12\.11"):
        _prepare(builder, only=["debian:12.5-slim"])


def test_what_the_hub_has_under_another_name_is_taken_from_there():
    builder = Store(hub={"nginx:1.26"})
    assert [one.name for one in _prepare(builder, only=["nginx:1.26"])] == ["nginx:1.26"]
    assert not [one for one in builder.asked if one.startswith(("build", "import"))]


def test_nothing_is_made_where_a_registry_says_that_there_is_no_such_image():
    builder = Store()
    builder.unknown.add("nginx:1.26")
    with pytest.raises(PullError, match="manifest unknown"):
        _prepare(builder, only=["nginx:1.26"])
    assert not [one for one in builder.asked if one.startswith(("build", "import"))]


def test_a_failed_build_is_blamed_on_the_base_that_cannot_be_had():
    builder = Store(hub={"debian:12"})
    found = base_to_blame(cast("ContainerEngine", builder), ["debian:12", "ubuntu:24.04", "x:1"])
    assert found is not None
    assert found.subject == "ubuntu:24.04"
    assert "no Ubuntu" in found.cause
    assert "python:3.11|3.13[-slim]" in found.remedy
    assert base_to_blame(cast("ContainerEngine", builder), ["debian:12"]) is None


def test_an_interrupted_base_is_no_base(monkeypatch):
    builder = Store()
    monkeypatch.setattr(base_make, "installed", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        _prepare(builder, only=[SLIM])
    monkeypatch.setattr(base_make, "installed", _installed)
    builder.asked.clear()
    _prepare(builder, only=[SLIM])
    assert f"import {SLIM}" in builder.asked


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("version", "theirs"),
    [
        ("3.11.2-1+b1", "3.11.2"),
        ("5:7.0.15-1~deb12u10", "7.0.15"),
        ("20.19.2+dfsg-1+deb13u3", "20.19.2"),
        ("17.0.21.1+2-1~deb12u1", "17.0.21.1"),
        ("9.2.0~ds1-3", "9.2.0"),
        ("6.4", "6.4"),
    ],
)
def test_the_upstreams_part_of_a_version(version, theirs):
    assert upstream(version) == theirs


def test_parents_stand_before_their_children_in_the_table():
    names = list(RECIPES)
    assert all(
        names.index(base.parent) < names.index(base.name)
        for base in RECIPES.values()
        if base.parent
    )


def test_every_hub_reference_is_one_exact_release_of_its_base():
    for base in BASES.values():
        assert base.hub_reference.partition(":")[0] == base.name.partition(":")[0]
        assert re.search(r":(\d+\.\d+\.\d+-|bookworm-\d{8})", base.hub_reference)


def test_the_command_of_an_imported_base_is_in_exec_form():
    (command,) = [one for one in import_changes(BASES[SLIM], "now") if one.startswith("CMD ")]
    assert json.loads(command.removeprefix("CMD ")) == ["bash"]
