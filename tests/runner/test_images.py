"""Getting the images of a run ready: built or mirrored, then pushed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from bench.core.errors import (
    BuildError,
    EngineError,
    EngineRefusedError,
    PullError,
    RegistryError,
)
from bench.journal.facts.image import BaseRecord, BuiltStep
from bench.runner.images import ImageMaker
from bench.runtimes.build_request import BuildResult, BuildStep, BuildTool, Secret
from bench.runtimes.images import ImageInfo
from bench.runtimes.select import Choice, Session
from bench.scenario.model import Case
from tests.fakes import FakeBuilder, FakeImages, FakeRuntime
from tests.pulls import digest_of, manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.runtimes.managed.private import PrivateEngine
    from bench.runtimes.managed.registry import Manifest, Registry

LABEL = "org.container-bench"
TAG = "127.0.0.1:5000/my-scenario/web:latest"


class FakeRegistry:
    """Knows a manifest for everything, and has no layer to give."""

    address = "127.0.0.1:5000"

    def __init__(self) -> None:
        self.architectures: list[str] = []

    def manifest(self, repository: str, reference: str, architecture: str) -> Manifest:
        self.architectures.append(architecture)
        return manifest_of(repository, 4096, 100)

    def config(self, repository: str, manifest: Manifest) -> dict[str, Any]:
        return {"config": {"Cmd": ["serve"]}, "architecture": "amd64"}

    def blob(self, repository: str, digest: str) -> None:
        raise RegistryError(digest, "is not there")


@dataclass
class Private:
    folder: Path

    def layer_directory(self) -> Path:
        return self.folder


@pytest.fixture
def builder():
    return FakeRuntime()


@pytest.fixture
def registry():
    return FakeRegistry()


@pytest.fixture
def own():
    """The user's own engine, beside the private one."""
    return FakeRuntime()


@pytest.fixture
def brought():
    """What each maker says that an engine has only through it, the last one last."""
    return []


@pytest.fixture
def make(builder, own, registry, brought, tmp_path, monkeypatch):
    """Makes the image of a case called `web`."""
    monkeypatch.setattr(Session, "users_engine", lambda _: own)

    def make(case: dict[str, Any], *, private: bool = True):
        session = Session(
            Choice("private" if private else "unix:///d.sock", explicit=False, origin=""),
            FakeRuntime(is_exclusive=private),
            builder,
            cast("Registry", registry),
            cast("PrivateEngine", Private(tmp_path / "layers")),
        )
        maker = ImageMaker(session, "run-7", "My_Scenario", lambda _: None)
        brought.append(maker.brought)
        if not case:
            return maker.make_calibration()
        container = Case.model_validate(case | {"ready": {"exit": True}})
        return maker.make("web", container, tmp_path)

    return make


@pytest.fixture
def dockerfile(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    return tmp_path / "app"


def test_a_build_is_tagged_for_the_registry_timed_and_pushed(make, builder, dockerfile):
    image = make({"build": {"context": "app", "args": {"A": "1"}, "target": "final"}})
    ((request, *_),) = builder.arguments_of("build")
    assert (request.context, request.tag) == (dockerfile, TAG)
    assert request.dockerfile == dockerfile / "Dockerfile"
    assert (request.args, request.target) == ({"A": "1"}, "final")
    assert builder.arguments_of("push") == [(TAG,)]
    assert image.facts.source == "built"
    assert image.facts.build_s == 0.5


@pytest.mark.parametrize(
    "line",
    [
        "ARG API_TOKEN=hunter2-hunter2",
        "ARG API_TOKEN",
        'ENV A=1 API_TOKEN="hunter2-hunter2"',
        "ENV API_TOKEN hunter2-hunter2",
        "ENV API_TOKEN=hunter",
        "ENV API_TOKEN='hunter'",
        "RUN login --as me:hunter2-hunter2",
    ],
)
def test_its_dockerfile_is_kept_without_secrets(make, dockerfile, line):
    (dockerfile / "Dockerfile").write_text(f"FROM scratch\n{line}\nRUN hunt\n")
    args = {"API_TOKEN": "hunter2-hunter2"}
    kept = make({"build": {"context": "app", "args": args}}).facts.dockerfile
    assert (kept.name, kept.target, kept.base_layers) == ("Dockerfile", None, 0)
    assert kept.text.startswith(f"FROM scratch\n{line[:10]}")
    assert "hunter" not in kept.text
    assert kept.text.endswith("RUN hunt\n")


def test_records_of_its_layers_are_kept_without_secrets(make, dockerfile, registry, monkeypatch):
    made_by = "RUN |1 API_TOKEN=hunter2-hunter2 /bin/bash -c make"
    layers = manifest_of("x", 4096, 100).layers
    config = {"history": [{"created_by": made_by}] * len(layers)}
    monkeypatch.setattr(registry, "config", lambda *_: config)
    image = make({"build": {"context": "app", "args": {"API_TOKEN": "hunter2-hunter2"}}})
    said = {layer.instruction for layer in image.facts.layers}
    assert said == {"RUN |1 API_TOKEN=*** /bin/bash -c make"}


@pytest.mark.parametrize(
    ("opening", "has", "count"),
    [
        ("FROM mine:1", True, 2),
        ("FROM mine:1", False, None),
        ("FROM mine:1 AS a\nFROM a", True, 2),
        ("FROM ${BASE}", True, None),
    ],
)
def test_the_layers_of_its_base_are_counted_where_the_engine_has_it(
    make, builder, dockerfile, monkeypatch, opening, has, count
):
    (dockerfile / "Dockerfile").write_text(f"{opening}\nCOPY . .\n")
    builder.image = ImageInfo("sha256:1", layers=("x", "y"), size_bytes=7)
    monkeypatch.setattr(FakeImages, "has", lambda *_: has)
    assert make({"build": "app"}).facts.dockerfile.base_layers == count


def test_its_findings_are_kept_with_it(make, dockerfile):
    (dockerfile / "Dockerfile").write_text("FROM scratch\nENV API_TOKEN=hunter2-hunter2\n")
    (dockerfile / "run").write_text("")
    found = make({"build": "app"}).facts.dockerfile.findings
    assert ("secret-in-env", "error", 2) in [(it.rule, it.severity, it.line) for it in found]
    assert "hunter2" not in repr(found)
    assert make({"build": {"context": "app", "target": "0"}}).facts.dockerfile.findings is None


def test_a_dockerfile_that_is_too_long_is_not_kept(make, dockerfile):
    (dockerfile / "Dockerfile").write_text("FROM scratch\n" + "# x\n" * 70_000)
    assert make({"build": "app"}).facts.dockerfile is None


def test_trials_pull_by_digest(make, dockerfile):
    image = make({"build": "app"})
    digest = manifest_of("my-scenario/web").digest
    assert image.reference == f"127.0.0.1:5000/my-scenario/web@{digest}"
    assert image.manifest.digest == digest
    assert image.facts.transfer_bytes == 4096 + 100 + 1512


@pytest.mark.parametrize(
    ("case", "architecture"),
    [
        ({"image": "nginx", "platform": "linux/s390x"}, ""),
        ({"image": "nginx"}, "s390x"),
    ],
    ids=["asked for", "all there is"],
)
def test_an_image_for_another_machine_is_not_emulated(
    make, builder, monkeypatch, case, architecture
):
    facts = dataclasses.replace(builder.info, architecture="amd64")
    monkeypatch.setattr(builder, "_info", facts)
    builder.image = ImageInfo("sha256:1", architecture=architecture)
    with pytest.raises(EngineError, match="linux/s390x, and the engine's machine is linux/amd64"):
        make(case)


def test_what_somebodys_own_engine_has_only_through_this_run_is_known(make, builder, brought):
    reference = make({"image": "nginx"}, private=False).reference
    assert brought[-1] == ["nginx", TAG, reference]
    builder.present_images["nginx"] = {}
    reference = make({"image": "nginx"}, private=False).reference
    assert brought[-1] == [TAG, reference]
    make({"image": "nginx"})
    assert brought[-1] == []


def test_a_platform_that_is_this_machines_is_no_matter(make, builder, monkeypatch):
    facts = dataclasses.replace(builder.info, architecture="amd64")
    monkeypatch.setattr(builder, "_info", facts)
    assert make({"image": "nginx", "platform": "linux/amd64"}).facts.source == "mirrored"


def test_of_an_index_that_was_pushed_the_image_for_the_engines_machine_is_measured(
    make, builder, registry, dockerfile, monkeypatch
):
    builder.image = ImageInfo("sha256:1", architecture="arm64")
    make({"build": "app"})
    assert registry.architectures == ["arm64"]


def test_on_benchs_own_builder_images_stay_and_on_somebodys_they_belong_to_the_run(
    make, builder, dockerfile
):
    make({"build": "app"})
    make({"build": "app"}, private=False)
    labels = [request.labels for request, *_ in builder.arguments_of("build")]
    assert labels == [{LABEL: "kept"}, {LABEL: "run-7"}]


def test_a_build_after_a_change_is_timed_and_counted_and_leaves_nothing_behind(
    make, builder, dockerfile, monkeypatch
):
    changed = []

    def build(request):
        changed.append((request.context / "app.py").read_text() != "serve()\n")
        assert request.dockerfile.parent == request.context
        builder.present_images[request.tag] = request.labels
        steps = (
            BuildStep("RUN make", cached=changed[-1]),
            BuildStep("COPY . /", cached=False, seconds=2),
        )
        return BuildResult(1.25, steps, ("read otherwise",))

    monkeypatch.setattr(builder.builder, "build", build)
    (dockerfile / "app.py").write_text("serve()\n")
    image = make({"build": {"context": "app", "rebuild_after": "app.py"}})
    assert changed == [False, True]
    assert (image.facts.build_s, image.facts.rebuild_s) == (1.25, 1.25)
    assert image.facts.metric_values()["build_steps"] == 2
    assert image.facts.built == (
        BuiltStep("RUN make", cached=False, seconds=None),
        BuiltStep("COPY . /", cached=False, seconds=2),
    )
    assert image.facts.remarks == ("read otherwise",)
    assert image.facts.rebuilt == ("COPY . /",)
    assert image.facts.metric_values()["rebuild_steps"] == 1
    assert list(builder.present_images) == [TAG]
    assert builder.arguments_of("push") == [(TAG,)]
    assert (dockerfile / "app.py").read_text() == "serve()\n"


def test_what_a_case_says_of_its_build_reaches_the_builder_with_whole_paths(
    make, builder, dockerfile, tmp_path, monkeypatch
):
    monkeypatch.setenv("U", "of u")
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "lib").mkdir()
    seen = []

    def build(request):
        seen.append((request, request.dockerfile.read_text()))
        return BuildResult(1, ())

    monkeypatch.setattr(builder.builder, "build", build)
    make(
        {
            "build": {
                "context": "app",
                "dockerfile_inline": "FROM scratch\n",
                "additional_contexts": {"lib": "lib", "base": "docker-image://debian"},
                "secrets": [{"id": "t", "file": "token"}, {"id": "u", "environment": "U"}],
                "ssh": ["default", "id=key"],
                "cache_from": ["type=local,src=c"],
                "cache_to": ["type=local,dest=c"],
                "no_cache": True,
                "pull": True,
                "network": "none",
                "labels": {"a": "b"},
            }
        }
    )
    ((request, text),) = seen
    assert text == "FROM scratch\n"
    assert request.contexts == {"lib": str(tmp_path / "lib"), "base": "docker-image://debian"}
    assert request.secrets == (
        Secret("t", tmp_path / "token"),
        Secret("u", value="of u"),
    )
    assert (request.ssh, request.network) == (("default", f"id={tmp_path / 'key'}"), "none")
    assert request.cache_from == (f"type=local,src={tmp_path / 'c'}",)
    assert request.cache_to == (f"type=local,dest={tmp_path / 'c'}",)
    assert (request.no_cache, request.pull) == (True, True)
    assert request.labels == {"a": "b", LABEL: "kept"}


def test_a_builder_without_a_session_is_given_its_bases_for_it_has_no_credentials(
    make, builder, dockerfile, monkeypatch
):
    tool = property(lambda _: BuildTool("buildkit", "20.10"))
    monkeypatch.setattr(FakeBuilder, "tool", tool)
    (dockerfile / "Dockerfile").write_text("FROM example.com/private:1\n")
    builder.streams["example.com/private:1"] = [[{"status": "done"}]]
    make({"build": "app"}, private=False)
    assert builder.pulls_of == ["example.com/private:1"]


def test_a_build_for_another_machine_is_refused_before_it_is_made(
    make, builder, dockerfile, monkeypatch
):
    monkeypatch.setattr(builder, "_info", dataclasses.replace(builder.info, architecture="amd64"))
    with pytest.raises(EngineError, match="is for linux/s390x"):
        make({"build": {"context": "app", "platforms": ["linux/amd64", "linux/s390x"]}})
    assert builder.arguments_of("build") == []


def test_without_a_change_there_is_one_build_and_no_figure_of_another(make, builder, dockerfile):
    image = make({"build": "app"})
    assert len(builder.arguments_of("build")) == 1
    assert not {"rebuild_s", "rebuild_steps"} & set(image.facts.metric_values())


def test_a_build_that_fails_after_the_change_says_so_of_the_users_own_file(
    make, builder, dockerfile, monkeypatch
):
    def build(request):
        if request.context != dockerfile:
            raise BuildError("Dockerfile", "the build failed: no")
        return BuildResult(1, ())

    monkeypatch.setattr(builder.builder, "build", build)
    (dockerfile / "app.py").write_text("serve()\n")
    with pytest.raises(BuildError, match=r"after a change of app\.py: the build") as caught:
        make({"build": {"context": "app", "rebuild_after": ["app.py"]}})
    assert caught.value.subject == str(dockerfile / "Dockerfile")


def test_a_build_that_fails_is_the_images_fault(make, builder, dockerfile):
    builder.trouble("build", BuildError("Dockerfile", "the build failed"))
    with pytest.raises(BuildError):
        make({"build": "app"})
    assert builder.arguments_of("push") == []


def test_an_image_is_pulled_and_mirrored(make, builder):
    image = make({"image": "nginx:1.27"})
    assert builder.pulls_of == ["nginx:1.27"]
    assert builder.arguments_of("tag") == [("nginx:1.27", TAG)]
    assert (image.facts.source, image.facts.build_s) == ("mirrored", None)


def test_an_image_that_only_the_users_engine_has_is_taken_from_there(
    make, builder, own, monkeypatch
):
    builder.streams["mine:1"] = [[PullError("mine:1", "not found")]]
    own.present_images["mine:1"] = {}
    moved: list[str] = []
    monkeypatch.setattr(own.images, "save", lambda reference: f"archive of {reference}")
    monkeypatch.setattr(builder.images, "load", moved.append)
    assert make({"image": "mine:1"}).facts.source == "engine"
    assert moved == ["archive of mine:1"]
    assert own.present_images == {"mine:1": {}}


def test_an_image_that_the_builder_still_has_will_do_where_its_registry_is_away(make, builder):
    builder.streams["nginx:1"] = [[PullError("nginx:1", "no such host")]]
    builder.present_images["nginx:1"] = {}
    assert make({"image": "nginx:1"}).facts.source == "builder"


def test_an_image_that_can_be_had_nowhere_is_an_error_with_its_cause(make, builder):
    builder.streams["no:1"] = [[PullError("no:1", "manifest unknown")]]
    with pytest.raises(PullError, match=r"cannot be had: .*manifest unknown") as caught:
        make({"image": "no:1"})
    assert "these can be made here: debian:12" in caught.value.remedy


@pytest.fixture
def made_here(builder, monkeypatch):
    """What is asked to be made here of Debian's packages; nothing takes as long as that does."""
    made: list[list[str]] = []

    def prepare(engine, address, *, on_progress, only, ask_hub):
        made.append([*only, "hub" if ask_hub else "no hub"])
        for name in only:
            builder.present_images[name] = {}

    monkeypatch.setattr("bench.runner.images.prepare_bases", prepare)
    return made


def test_an_image_that_no_registry_gives_is_made_here_where_that_is_possible(
    make, builder, made_here, monkeypatch
):
    record = BaseRecord("nginx:1.26", source="bootstrapped", made_of="nginx 1.26.3")
    monkeypatch.setattr("bench.runner.images.base_records", lambda *_: [record])
    builder.streams["nginx:1.26"] = [[PullError("nginx:1.26", "no such host")]]
    image = make({"image": "nginx:1.26"})
    assert made_here == [["nginx:1.26", "no hub"]]
    assert image.facts.source == "bootstrapped"
    assert image.bases == (record,)


def test_what_a_registry_does_not_have_is_not_made_here(make, builder, made_here):
    refusal = EngineRefusedError("nginx:1.26", "manifest unknown", status=404)
    builder.streams["nginx:1.26"] = [[refusal]]
    with pytest.raises(PullError, match="manifest unknown"):
        make({"image": "nginx:1.26"})
    assert made_here == []


def test_nothing_is_made_on_somebodys_own_engine(make, builder, made_here):
    builder.streams["nginx:1.26"] = [[PullError("nginx:1.26", "no such host")]]
    with pytest.raises(PullError):
        make({"image": "nginx:1.26"}, private=False)
    assert made_here == []


def test_what_the_stages_of_a_build_need_is_there_before_it_starts(
    make, builder, dockerfile, made_here
):
    (dockerfile / "Dockerfile").write_text(
        "ARG V=3.11\nFROM python:$V-slim AS a\nFROM golang:1.24\nFROM scratch AS b\n"
        "COPY --from=a x y\nCOPY --from=redis x y\nCOPY --from=mine:1 x y\n"
    )
    image = make({"build": {"context": "app", "args": {"V": "3.13"}}})
    assert made_here == [["python:3.13-slim", "redis:latest", "hub"]]
    assert [one.name for one in image.bases] == ["python:3.13-slim", "redis:latest", "mine:1"]
    make({"build": "app"})
    assert made_here[1:] == [["python:3.11-slim", "hub"]]


def test_a_look_up_for_the_record_never_fails_a_case(make, builder, dockerfile, monkeypatch):
    (dockerfile / "Dockerfile").write_bytes(b"# caf\xe9\nFROM scratch\nCOPY --from=a:1 x y\n")

    def refuse(reference: str) -> bool:
        raise EngineError(reference, "it is busy")

    monkeypatch.setattr(builder.images, "has", refuse)
    assert make({"build": "app"}).bases[0].remark == "it is busy"


def test_a_build_that_fails_for_want_of_its_base_is_not_the_images_fault(make, builder, dockerfile):
    (dockerfile / "Dockerfile").write_text("FROM ubuntu:24.04\n")
    builder.trouble("build", BuildError("Dockerfile", "the build failed"))
    builder.streams["ubuntu:24.04"] = [[PullError("ubuntu:24.04", "no such host")]]
    with pytest.raises(PullError, match="no such host, and it cannot be made here") as caught:
        make({"build": "app"})
    assert "python:3.11|3.13[-slim]" in caught.value.remedy


def test_on_somebodys_own_engine_no_base_is_pulled_to_find_out_why_a_build_failed(
    make, builder, dockerfile
):
    (dockerfile / "Dockerfile").write_text("FROM ubuntu:24.04\n")
    builder.trouble("build", BuildError("Dockerfile", "the build failed"))
    with pytest.raises(BuildError):
        make({"build": "app"}, private=False)
    assert builder.pulls_of == []


def test_a_base_that_the_builder_keeps_to_itself_is_fetched_for_its_layers(
    make, builder, dockerfile, registry, monkeypatch
):
    (dockerfile / "Dockerfile").write_text("FROM mine:1\n")
    builder.image = ImageInfo("sha256:1", layers=("x",), size_bytes=7)
    monkeypatch.setattr(registry, "config", lambda *_: {"rootfs": {"diff_ids": ["x", "y"]}})
    monkeypatch.setattr("bench.runner.images.push_base", lambda *_: "pushed")
    image = make({"build": "app", "cache": "base"})
    assert builder.pulls_of == ["mine:1"]
    assert (image.base.count, image.base.reference) == (1, "pushed")


def test_somebodys_own_engine_is_not_asked_to_pull_what_it_has(make, builder):
    builder.present_images["nginx:1"] = {}
    assert make({"image": "nginx:1"}, private=False).facts.source == "engine"
    assert builder.pulls_of == []


def test_from_its_own_registry_an_image_is_pulled_by_the_digest_that_it_has_there(
    make, builder, monkeypatch
):
    digests = (f"{TAG}@{digest_of('a')}", f"nginx@{digest_of('b')}")
    builder.image = ImageInfo("sha256:1", digests=digests, size_bytes=7)
    image = make({"image": "nginx:1", "registry": "origin"})
    assert image.reference == f"nginx@{digest_of('b')}"
    assert image.manifest is None
    assert image.facts.engine_size_bytes == 7


def test_of_several_registries_the_one_that_was_named_is_pulled_from(make, builder, monkeypatch):
    names = ["nginx", "public.example/docker/library/nginx"]
    digests = tuple(f"{name}@{digest_of('b')}" for name in names)
    builder.image = ImageInfo("sha256:1", digests=digests)
    for image, repository in (
        ("docker.io/library/nginx:1", names[0]),
        (f"{names[1]}:1", names[1]),
    ):
        made = make({"image": image, "registry": "origin"})
        assert made.reference == f"{repository}@{digest_of('b')}"


def test_an_image_without_a_registry_of_its_own_cannot_be_pulled_from_it(make):
    with pytest.raises(EngineError, match="has no registry of its own"):
        make({"image": "nginx:1", "registry": "origin"})


def test_the_calibration_is_imported_and_pushed_like_the_others(make, builder, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    image = make({})
    (_, tag, changes), *_ = builder.arguments_of("import_rootfs")
    assert tag == "127.0.0.1:5000/my-scenario/calibration:latest"
    assert changes == ('ENTRYPOINT ["/nothing"]', f"LABEL {LABEL}=kept")
    assert image.facts.case == "calibration"


def test_an_architecture_without_the_program_has_none(make, builder, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "s390x")
    assert make({}) is None
    assert builder.order == []
