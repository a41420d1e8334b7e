"""What takes no part in a run is not judged: other profiles, other services, what only they use."""

from __future__ import annotations

import pytest

from bench.core.errors import ScenarioError
from tests.compose.files import stack, write

OTHERS = [
    "{image: x, privileged: true}",
    "{image: x, devices: [/dev/kfd]}",
    "{image: x, comand: y}",
    "{}",
    "{image: 'No Name'}",
    "{image: x, depends_on: [nowhere]}",
    "{build: ./nowhere}",
    "{image: x, env_file: no.env}",
    "{image: '${NOPE:?set it}'}",
    "{image: '${'}",
    "{image: x, volumes: ['nowhere:/x'], networks: [nowhere], secrets: [nowhere]}",
    "{image: x, networks: [odd], volumes: ['odd:/x'], configs: [odd], secrets: [odd]}",
    "{image: x, mem_limit: 1k}",
    "{image: x, network_mode: 'container:x'}",
    "{image: x, ports: [nonsense], extends: nowhere}",
    "{image: x, sysctls: [nonsense]}",
]
REST = """
networks: {odd: {driver: overlay}}
volumes: {odd: {driver: nfs}}
configs: {odd: {external: true}}
secrets: {odd: {external: true}}
"""


@pytest.mark.parametrize("other", OTHERS)
def test_a_service_of_a_profile_that_is_not_active_is_not_judged(tmp_path, other):
    profile = "{profiles: [amd]" + (", " if other != "{}" else "") + other[1:]
    found = stack(tmp_path, f"services: {{web: {{image: nginx}}, amd: {profile}}}{REST}")
    assert [one.name for one in found.members] == ["web"]
    assert found.warnings == ()


@pytest.mark.parametrize("other", OTHERS)
def test_a_service_that_nobody_asked_for_is_not_judged(tmp_path, other):
    text = f"services: {{web: {{image: nginx}}, other: {other}}}{REST}"
    assert [one.name for one in stack(tmp_path, text, services=["web"]).members] == ["web"]


@pytest.mark.parametrize("other", [one for one in OTHERS if "kfd" not in one])
def test_it_is_judged_where_it_takes_part(tmp_path, other):
    with pytest.raises(ScenarioError):
        stack(tmp_path, f"services: {{web: {{image: nginx}}, other: {other}}}{REST}")


@pytest.mark.parametrize("none", ["scale: 0", "scale: '0'", "deploy: {replicas: 0}"])
def test_a_service_without_containers_takes_no_part(tmp_path, none):
    text = (
        "services: {web: {image: a, depends_on: {job: {condition: service_healthy}}}, "
        f"job: {{image: b, {none}, privileged: true}}}}"
    )
    found = stack(tmp_path, text)
    assert [one.name for one in found.members] == ["web"]
    assert found.member("web").waits == ()


def test_a_service_is_named_by_a_variable_s_profile(tmp_path):
    text = "services: {web: {image: a, profiles: ['${P:-on}']}, db: {image: b}}"
    assert len(stack(tmp_path, text).members) == 1
    assert len(stack(tmp_path, text, profiles=["on"]).members) == 2
    assert len(stack(tmp_path, text, {"P": "x"}, profiles=["x"]).members) == 2


def test_all_profiles_are_active_by_a_star(tmp_path):
    text = "services: {web: {image: a, profiles: [x]}, db: {image: b, profiles: [y]}}"
    assert len(stack(tmp_path, text, profiles=["*"]).members) == 2


@pytest.mark.parametrize(
    "how",
    ["links: [db]", "links: ['db:store']", "network_mode: 'service:db'", "ipc: 'service:db'",
     "pid: 'service:db'", "volumes_from: [db]", "volumes_from: ['db:ro']",
     "network_mode: 'container:store'", "volumes_from: ['container:store']"],
)  # fmt: skip
def test_what_a_service_has_of_another_it_waits_for(tmp_path, how):
    text = f"services: {{web: {{image: a, {how}}}, db: {{image: b, container_name: store}}}}"
    found = stack(tmp_path, text, services=["web"])
    assert [one.name for one in found.members] == ["db", "web"]
    assert [one.service for one in found.member("web").waits] == ["db"]


def test_a_link_is_a_name_of_the_other(tmp_path):
    text = (
        "services: {web: {image: a, links: ['db:store', cache]}, db: {image: b}, cache: {image: c}}"
    )
    found = stack(tmp_path, text)
    assert found.member("db").networks == {"default": ("db", "store")}
    assert found.member("cache").networks == {"default": ("cache",)}


def test_two_links_by_the_same_name_are_refused(tmp_path):
    text = (
        "services: {a: {image: a, links: ['c:store']}, b: {image: b, links: ['d:store']}, "
        "c: {image: c}, d: {image: d}}"
    )
    with pytest.raises(ScenarioError, match="another's name here"):
        stack(tmp_path, text)


# Several containers of a service


def test_a_service_may_have_several_containers(tmp_path):
    text = (
        "services: {web: {image: a, scale: 3, ports: ['8000-8010:80']}, "
        "lb: {image: b, depends_on: {web: {condition: service_started}}}}"
    )
    found = stack(tmp_path, text)
    assert [one.name for one in found.members] == ["web-1", "web-2", "web-3", "lb"]
    assert {one.of for one in found.members} == {"web", "lb"}
    assert found.member("web-2").networks == {"default": ("web", "web-2")}
    assert [one.service for one in found.member("lb").waits] == ["web-1", "web-2", "web-3"]


def test_an_external_volume_is_an_empty_one_and_that_is_said(tmp_path):
    text = (
        "services:\n  web: {image: a, volumes: ['v:/v']}\nvolumes:\n  v: {external: '${E:-true}'}"
    )
    found = stack(tmp_path, text, {"E": "true"})
    assert list(found.volumes) == ["v"]
    (warning,) = found.warnings
    assert (warning.line, "begins with an empty one" in warning.message) == (4, True)


def test_a_device_that_this_host_has_not_is_said(tmp_path):
    (warning,) = stack(tmp_path, "services: {web: {image: a, devices: [/dev/nope]}}").warnings
    assert "this host has no /dev/nope" in warning.message


def test_a_file_that_only_others_need_need_not_be_there(tmp_path):
    write(tmp_path, "A=1", "web.env")
    text = (
        "services: {web: {image: a, env_file: web.env}, b: {image: x, env_file: no, profiles: [p]}}"
    )
    assert stack(tmp_path, text).member("web").environment == {"A": "1"}
