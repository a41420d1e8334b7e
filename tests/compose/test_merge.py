"""Files laid over one another: what is included, extended, or given after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.core.errors import ScenarioError
from bench.scenario.loading.compose_file import load_stack
from tests.compose.files import stack, write
from tests.compose.normal import of_bench, of_compose
from tests.compose.oracle import config, plug_in

if TYPE_CHECKING:
    from pathlib import Path


def two(folder: Path, below: str, above: str) -> Any:
    """The service `web` of two files, of which each says this of it."""
    first = write(folder, f"services: {{web: {{image: a, {below}}}}}", "base.yaml")
    second = write(folder, f"services: {{web: {above}}}", "override.yaml")
    return load_stack([first, second], environ={}).member("web")


KINDS = [
    # a single value is replaced
    ("restart: always", "{restart: 'no'}", "restart", "no"),
    # mappings are merged, in either form
    ("labels: {a: 1, b: 2}", "{labels: [b=3, c=4]}", "labels", {"a": "1", "b": "3", "c": "4"}),
    # lists are put together
    ("cap_add: [BPF, KILL]", "{cap_add: [KILL, MKNOD]}", "cap_add", ["BPF", "KILL", "MKNOD"]),
    ("security_opt: ['label:a']", "{security_opt: ['label:b']}", "security_opt",
     ["label:a", "label:b"]),
    ("dns: 1.1.1.1", "{dns: [2.2.2.2, 1.1.1.1]}", "dns", ["1.1.1.1", "2.2.2.2"]),
    # a command is one value
    ("command: [a, b]", "{command: [c]}", "command", ["c"]),
    ("entrypoint: a b", "{entrypoint: []}", "entrypoint", []),
    # `!reset` takes away, `!override` replaces
    ("cap_add: [BPF]", "{cap_add: !reset []}", "cap_add", []),
    ("cap_add: [BPF]", "{cap_add: !override [KILL]}", "cap_add", ["KILL"]),
    ("restart: always", "{restart: !reset null}", "restart", "no"),
    ("labels: {a: 1, b: 2}", "{labels: {a: !reset null}}", "labels", {"b": "2"}),
    ("labels: {a: 1, b: 2}", "{labels: !override {c: 3}}", "labels", {"c": "3"}),
]  # fmt: skip


@pytest.mark.parametrize(("below", "above", "key", "found"), KINDS)
def test_a_later_file_is_laid_over_the_earlier(tmp_path, below, above, key, found):
    assert getattr(two(tmp_path, below, above).service, key) == found


def test_an_item_takes_the_place_of_the_one_with_the_same_identity(tmp_path):
    member = two(
        tmp_path,
        "volumes: ['/a:/data', '/b:/other'], ports: ['80:80', '81:81'], "
        "ulimits: {nofile: {soft: 1, hard: 2}}, depends_on: {web2: {condition: service_healthy}}, "
        "healthcheck: {test: [CMD, a], interval: 5s}}, web2: {image: b, healthcheck: {test: x}",
        "{volumes: ['/c:/data:ro'], ports: ['80:80', '82:82'], ulimits: {nofile: 9}, "
        "depends_on: [web2], healthcheck: {test: [CMD, b]}}",
    )
    service = member.service
    assert [(one.source, one.target) for one in member.mounts] == [
        ("/c", "/data"),
        ("/b", "/other"),
    ]
    assert [one.text for one in service.ports] == ["80:80/tcp", "81:81/tcp", "82:82/tcp"]
    assert service.ulimits["nofile"].soft == 9
    assert service.depends_on["web2"].condition == "service_started"
    assert (service.healthcheck.test, service.healthcheck.interval) == (["CMD", "b"], 5.0)


def test_relative_paths_of_all_files_start_from_the_folder_of_the_first(tmp_path):
    first = write(tmp_path, "services: {web: {image: a, volumes: ['./x:/x']}}", "base.yaml")
    second = write(tmp_path, "services: {web: {volumes: ['./y:/y']}}", "more/override.yaml")
    mounts = load_stack([first, second], environ={}).member("web").mounts
    assert [one.source for one in mounts] == [str(tmp_path / "x"), str(tmp_path / "y")]


def test_a_build_keeps_the_context_that_a_later_file_does_not_name(tmp_path):
    for name in ("app", "sub"):
        write(tmp_path, "FROM a", f"{name}/Dockerfile")
    text = "services: {web: {build: ./app}, api: {build: {dockerfile: app/Dockerfile}}}"
    first = write(tmp_path, text, "a.yaml")
    second = write(tmp_path, "services: {web: {build: {target: dev}}}", "sub/b.yaml")
    found = load_stack([first, second], environ={})
    web, api = found.member("web").service.build, found.member("api").service.build
    assert web is not None
    assert api is not None
    assert (web.context, web.target) == (str(tmp_path / "app"), "dev")
    assert api.context == str(tmp_path)


def test_an_included_build_without_a_context_has_the_folder_of_its_file(tmp_path):
    write(tmp_path, "FROM a", "sub/Dockerfile")
    write(tmp_path, "services: {web: {build: {target: dev}}}", "sub/b.yaml")
    build = stack(tmp_path, "include: [sub/b.yaml]").member("web").service.build
    assert build is not None
    assert build.context == str(tmp_path / "sub")


def test_networks_and_volumes_are_merged_too(tmp_path):
    below = "services: {web: {image: a, networks: [n], volumes: ['v:/v']}}\n"
    first = write(tmp_path, below + "networks: {n: }\nvolumes: {v: }", "a.yaml")
    second = write(
        tmp_path, "networks: {n: {internal: true}}\nvolumes: {v: {external: true}}", "b.yaml"
    )
    found = load_stack([first, second], environ={})
    assert found.networks["n"].internal
    assert found.volumes["v"].external


# include


def test_of_several_included_files_the_later_override_the_earlier(tmp_path):
    write(tmp_path, "services: {db: {image: old, environment: {A: 1, B: 1}}}", "base.yaml")
    write(tmp_path, "services: {db: {image: new, environment: {B: 2}}}", "override.yaml")
    found = stack(tmp_path, "include: [{path: [base.yaml, override.yaml]}]")
    assert found.member("db").service.image == "new"
    assert found.member("db").environment == {"A": "1", "B": "2"}


def test_the_including_file_overrides_what_it_includes(tmp_path):
    write(tmp_path, "services: {db: {image: old, cap_add: [BPF]}}", "base.yaml")
    found = stack(tmp_path, "include: [base.yaml]\nservices: {db: {image: new, cap_add: [KILL]}}")
    assert found.member("db").service.image == "new"
    assert found.member("db").service.cap_add == ["BPF", "KILL"]


def test_the_including_file_may_take_something_away(tmp_path):
    write(tmp_path, "services: {db: {image: old, ports: ['80:80'], cap_add: [BPF]}}", "base.yaml")
    text = "include: [base.yaml]\nservices: {db: {ports: !reset [], cap_add: !override [KILL]}}"
    service = stack(tmp_path, text).member("db").service
    assert (service.image, service.ports, service.cap_add) == ("old", [], ["KILL"])


def test_an_included_file_may_include_others(tmp_path):
    write(tmp_path, "include: [inner/c.yaml]\nservices: {b: {image: b}}", "b.yaml")
    write(tmp_path, "services: {c: {image: c, volumes: ['./x:/x']}}", "inner/c.yaml")
    found = stack(tmp_path, "include: [b.yaml]\nservices: {a: {image: a}}")
    assert {one.name for one in found.members} == {"a", "b", "c"}
    assert found.member("c").mounts[0].source == str(tmp_path / "inner" / "x")


def test_a_service_may_extend_one_that_is_included(tmp_path):
    write(tmp_path, "services: {base: {image: b, cap_add: [BPF]}}", "base.yaml")
    text = "include: [base.yaml]\nservices: {web: {extends: base, cap_add: [KILL]}}"
    found = stack(tmp_path, text)
    assert found.member("web").service.cap_add == ["BPF", "KILL"]


# extends


def test_a_service_may_take_away_what_it_extends(tmp_path):
    text = (
        "services: {base: {image: b, ports: ['80:80'], command: x}, "
        "web: {extends: base, ports: !reset null, command: !override [y]}}"
    )
    found = stack(tmp_path, text)
    assert found.member("web").service.ports == []
    assert found.member("web").service.command == ["y"]
    assert [one.text for one in found.member("base").service.ports] == ["80:80/tcp"]


def test_a_chain_of_extensions(tmp_path):
    text = (
        "services: {a: {image: a, environment: {A: 1, B: 1, C: 1}}, "
        "b: {extends: a, environment: {B: 2, C: 2}}, "
        "c: {extends: {service: b}, environment: [C=3]}}"
    )
    assert stack(tmp_path, text).member("c").environment == {"A": "1", "B": "2", "C": "3"}


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("wbe", "no service 'wbe' to extend"),
        ("{file: no.yaml, service: x}", "no file 'no.yaml'"),
        ("{service: [a]}", "names no service"),
        ("{service: db, fiel: x}", "unknown key `fiel`"),
    ],
)
def test_what_a_service_cannot_extend_is_said_where_it_takes_part(tmp_path, extends, message):
    text = f"services: {{db: {{image: b}}, web: {{profiles: [x], extends: {extends}}}}}"
    assert len(stack(tmp_path, text).members) == 1
    with pytest.raises(ScenarioError, match=message):
        stack(tmp_path, text, profiles=["x"])


@pytest.mark.skipif(plug_in() is None, reason="there is no `docker compose` of version 2")
@pytest.mark.parametrize(("below", "above", "key", "found"), KINDS)
def test_files_are_laid_over_one_another_as_compose_does(tmp_path, below, above, key, found):
    two(tmp_path, below, above)
    program = plug_in()
    assert program is not None
    files = [tmp_path / "base.yaml", tmp_path / "override.yaml"]
    wanted = config(program, files, {})
    assert wanted is not None, (key, found)
    assert of_bench(load_stack(files, environ={})) == of_compose(wanted, {})
