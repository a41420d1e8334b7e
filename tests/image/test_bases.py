"""Where base images come from, decided against a builder that is made up."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import shutil
from typing import TYPE_CHECKING, Any, cast

import pytest

from bench.engine.build.request import BuildResult
from bench.errors import EngineRefusedError, HostError, PullError, UsageError
from bench.image import bases
from bench.image.base_table import BASES, PYTHON_FULL, PYTHON_SLIM, SLIM
from bench.image.bases import BaseSource, base_records, named_bases, prepare_bases
from tests.fakes import FACTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.engine.build.request import BuildRequest
    from bench.engine.protocol import Engine

REGISTRY = "127.0.0.1:5000"


class Builder:
    """An engine's store of images: what is in it by name, and what was asked of it."""

    def __init__(self, hub: set[str] | None = None, *, store: str = "graphdriver") -> None:
        self.facts = dataclasses.replace(FACTS, image_store=store)
        self.hub = hub or set()
        self.names: dict[str, str] = {}
        self.labels: dict[str, dict[str, str]] = {}
        self.pushed: dict[str, str] = {}
        self.asked: list[str] = []
        self._ids = (f"sha256:{number}" for number in itertools.count())

    def add(self, name: str, labels: dict[str, str] | None = None) -> str:
        self.names[name] = next(self._ids)
        self.labels[self.names[name]] = labels or {}
        return self.names[name]

    def pull(self, reference: str) -> Iterator[Mapping[str, Any]]:
        self.asked.append(f"pull {reference}")
        if reference not in self.hub:
            raise PullError(reference, "no such host")
        yield {"status": "Pulling from library"}
        self.add(reference)

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        self.asked.append(f"import {tag}")
        self.add(tag, _labels("\n".join(changes)))

    def build(self, request: BuildRequest, say: Callable[[str], None]) -> BuildResult:
        self.asked.append(f"build {request.tag}")
        text = request.dockerfile.read_text()
        parent = text.split()[1]
        assert parent in self.names, f"{request.tag} is built before {parent} is there"
        self.add(request.tag, _labels(text))
        say("[1/5] FROM it")
        return BuildResult(1.0, ())

    def tag(self, reference: str, new_reference: str) -> None:
        self.names[new_reference] = self.names[reference]

    def push(self, reference: str) -> str:
        self.asked.append(f"push {reference}")
        self.pushed[self.names[reference]] = reference.rpartition(":")[0]
        return f"digest of {self.names[reference]}"

    def has_image(self, reference: str) -> bool:
        return reference in self.names

    def image_details(self, reference: str) -> Mapping[str, Any]:
        image_id = self.names[reference]
        tags = [name for name, one in self.names.items() if one == image_id]
        known = {self.pushed[image_id]} if image_id in self.pushed else set()
        if self.facts.image_store == "containerd":
            known |= {name.rpartition(":")[0] for name in tags}
        return {
            "Id": image_id,
            "RepoTags": tags,
            "RepoDigests": [f"{name}@digest of {image_id}" for name in sorted(known)],
            "Config": {"Labels": self.labels[image_id] or None},
        }

    def remove_image(self, reference: str) -> None:
        self.asked.append(f"remove {reference}")
        raise EngineRefusedError(reference, "other images stand on it", status=409)


def _labels(text: str) -> dict[str, str]:
    return dict(re.findall(r'(org\.container-bench\.[\w.]+)="?([\w:+.-]*)"?', text))


@pytest.fixture(autouse=True)
def rootfs(monkeypatch) -> None:
    monkeypatch.setattr(bases, "make_rootfs", lambda tar, _scratch, _say: tar.write_text(""))


def _prepare(builder: Builder, **options: Any) -> list[bases.BaseImage]:
    return prepare_bases(
        cast("Engine", builder), REGISTRY, on_progress=lambda _text: None, **options
    )


def _with_everything() -> Builder:
    builder = Builder()
    _prepare(builder)
    builder.asked.clear()
    return builder


def test_bases_come_from_the_hub_under_their_official_names():
    builder = Builder(hub={base.hub_reference for base in BASES.values()})
    ready = _prepare(builder)
    assert [(one.name, one.source) for one in ready] == [(name, "hub") for name in BASES]
    assert not [one for one in builder.asked if one.startswith(("build", "import"))]


def test_bases_are_made_here_when_the_hub_fails_and_it_is_asked_only_once():
    builder = Builder()
    ready = _prepare(builder)
    assert {one.source for one in ready} == {BaseSource.BOOTSTRAPPED}
    assert [one for one in builder.asked if not one.startswith("push")] == [
        f"pull {BASES[SLIM].hub_reference}",
        f"import {SLIM}",
        f"build {PYTHON_SLIM}",
        f"build {PYTHON_FULL}",
    ]


def test_all_come_from_one_source_even_when_the_hub_fails_halfway():
    builder = Builder(hub={BASES[SLIM].hub_reference})
    assert {one.source for one in _prepare(builder)} == {BaseSource.BOOTSTRAPPED}


def test_each_base_is_pushed_under_bases_and_its_digest_is_known():
    builder = Builder()
    ready = {one.name: one for one in _prepare(builder)}
    assert f"push {REGISTRY}/bases/{PYTHON_FULL}" in builder.asked
    assert ready[PYTHON_FULL].digest == f"digest of {builder.names[PYTHON_FULL]}"


def test_a_digest_that_a_containerd_store_has_by_itself_is_no_sign_of_a_push():
    builder = Builder(store="containerd")
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
    builder = Builder()
    builder.add(SLIM)
    _prepare(builder, only=[SLIM])
    assert f"import {SLIM}" in builder.asked


def test_only_what_was_named_is_prepared_and_what_that_stands_on():
    builder = Builder()
    assert [one.name for one in _prepare(builder, only=[PYTHON_SLIM])] == [SLIM, PYTHON_SLIM]


def test_force_makes_again_what_was_named_and_drops_what_it_replaces():
    builder = _with_everything()
    before = builder.names[PYTHON_SLIM]
    ready = _prepare(builder, only=[PYTHON_SLIM], force=True)
    assert [one.name for one in ready] == [PYTHON_SLIM]
    assert builder.names[PYTHON_SLIM] != before
    assert f"remove {before}" in builder.asked


def test_a_name_that_is_no_base_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="debian:bookworm-slim"):
        _prepare(Builder(), only=["python:2.7"])


def test_without_mmdebstrap_the_command_that_installs_it_is_given(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    with pytest.raises(HostError, match=r"apt-get install .*mmdebstrap"):
        _prepare(Builder())


def test_records_name_each_from_with_image_and_source():
    builder = _with_everything()
    builder.add("registry.example/own:1")
    text = """
ARG VERSION=3.11
FROM --platform=linux/amd64 python:${VERSION}-bookworm AS build
FROM build AS more
FROM scratch
FROM registry.example/own:1
FROM registry.example/absent:1
from debian:bookworm-slim
"""
    assert base_records(cast("Engine", builder), text) == [
        {"name": name, "image_id": builder.names.get(name, ""), "source": source}
        for name, source in (
            (PYTHON_FULL, "bootstrapped"),
            ("registry.example/own:1", "other"),
            ("registry.example/absent:1", "other"),
            (SLIM, "bootstrapped"),
        )
    ]


def test_records_say_hub_for_what_came_from_there():
    builder = Builder(hub={base.hub_reference for base in BASES.values()})
    _prepare(builder)
    assert base_records(cast("Engine", builder), f"FROM {SLIM}\n")[0]["source"] == "hub"


def test_a_dockerfile_names_its_bases_once():
    text = f"FROM {PYTHON_SLIM} AS a\nFROM alpine\nFROM {PYTHON_SLIM}\n"
    assert named_bases(text) == [PYTHON_SLIM]


def test_parents_stand_before_their_children_in_the_table():
    names = list(BASES)
    assert all(
        names.index(base.parent) < names.index(base.name) for base in BASES.values() if base.parent
    )


def test_every_hub_reference_is_one_exact_release_of_its_base():
    for base in BASES.values():
        assert base.hub_reference.partition(":")[0] == base.name.partition(":")[0]
        assert re.search(r":(\d+\.\d+\.\d+-|bookworm-\d{8})", base.hub_reference)


def test_the_command_of_an_imported_base_is_in_exec_form():
    from bench.image.base_recipe import import_changes

    (command,) = [one for one in import_changes(BASES[SLIM], "now") if one.startswith("CMD ")]
    assert json.loads(command.removeprefix("CMD ")) == ["bash"]
