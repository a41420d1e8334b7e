"""Compose files that cannot be measured: each fault with its line, and what to write."""

from __future__ import annotations

import pytest

from bench.core.errors import ScenarioError
from bench.scenario.loading.compose_file import load_stack
from tests.compose.files import one_fault, write
from tests.scenario.marked import unmarked


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        ("«", "the file is empty"),
        ("«[]", "is no mapping"),
        ("«name: x", "`services` is missing"),
        ("services: «{}", "nothing in it"),
        ("services: {«web: {command: x}}", "neither `image` nor `build`"),
        ("services: {web: {image: a, «comand: x}}", "unknown key `comand`"),
        ("services: {web: {image: a, «privileged: true}}", "`privileged` is known, but"),
        ("services: {web: {image: a, devices: [«'a:b:c:d']}}", "is not a device"),
        ("services: {web: {image: a, network_mode: «'service:db'}}", "no service 'db' to wait for"),
        ("services: {web: {image: a, network_mode: «other}}", "'other' is not known here"),
        ("services: {web: {image: a, «network_mode: 'container:x'}}", "`container_name` 'x'"),
        ("services: {web: {image: a, «ipc: 'container:x'}}", "`container_name` 'x'"),
        ("services: {web: {image: a, «volumes_from: ['container:x']}}", "`container_name` 'x'"),
        ("services: {web: {image: a, ports: [«'80:x']}}", "is not a port to publish"),
        ("services: {web: {image: a, mem_limit: «8x}}", "is not a size"),
        ("services: {web: {image: a, stop_grace_period: «5}}", "is not a duration"),
        ("services: {web: {image: a, restart: «sometimes}}", "`restart`"),
        ("services: {web: {image: a, volumes: [«'a:b:c:d']}}", "is not a volume"),
        ("services: {web: {image: a, «volumes: ['data:/d']}}", "in the file's `volumes`"),
        ("services: {web: {image: a, networks: {«back: }}}", "in the file's `networks`"),
        ("services: {web: {image: a, «secrets: [s]}}", "in the file's `secrets`"),
        ("services: {web: {image: a, depends_on: {«nope: }}}", "no service 'nope' to wait for"),
        ("services: {web: {image: a, depends_on: {«web: }}}", "waits for itself"),
        ("services: {web: {image: a, «container_name: one, scale: 2}}", "for 2 containers"),
        ("services: {web: {image: a, «scale: 2, deploy: {replicas: 3}}}", "differ"),
        ("«services: {web: {image: a, deploy: {replicas: 0}}}", "no service has a container"),
        ("services: {web: {image: a, scale: «9999}}", "9999 is too large"),
        (
            "services: {web: {image: a, «cpus: 1, deploy: {resources: {limits: {cpus: 2}}}}}",
            "differ",
        ),
        ("services: {web: {image: a, healthcheck: {test: «[curl]}}}", "first word of `test`"),
        ("services: {web: {image: a, networks: [default], «network_mode: host}}", "together"),
        ("services: {web: {image: a, «env_file: no.env}}", "there is no file"),
        ("services: {web: {build: «./nope}}", "there is no folder"),
        ("services: {web: {build: «https://example.org/x.git}}", "not a folder of this host"),
        ("services: {web: {image: a, extends: «{file: x}}}", "names no service"),
        ("services: {web: {image: a, extends: «web}}", "extends itself"),
        ("services: {web: {image: a, extends: «wbe}, api: {image: b}}", "no service 'wbe'"),
        ("include: [«nope.yaml]\nservices: {web: {image: a}}", "there is no file 'nope.yaml'"),
        ("services: {web: {image: a, secrets: [s]}}\nsecrets: {s: «{}}", "exactly one of"),
        (
            "services: {web: {image: a, secrets: [s]}}\nsecrets: {s: {external: «true}}",
            "`external`: bench reads none",
        ),
        ("services: {web: {image: '«${X:?say which}'}}", "the variable X is not set: say which"),
        ("services: {web: {image: a, command: 'awk «${'}}", "without its `}`"),
        ("services: {«web: {image: !reset x}}", "neither `image` nor `build`"),
        ("services: {web: {image: «!vault x}}", "a YAML tag"),
        ("services: {web: {image: a, ports: [«!reset x]}}", "at an item of a list"),
        ("services: {web: {image: a, ulimits: {nofile: «-7}}}", "-7 is too small"),
        ("services: {«web: {image: a, gpus: [{count: 0}]}}", "0 is not a number of devices"),
        ("services: {web: {image: «'A b'}}", "is no name of an image"),
        ("services: {web: {image: a, «mem_limit: 5m}}", "less than an engine takes"),
        ("services: {web: {image: a, «cpus: 0.001}}", "less than the kernel takes"),
        (
            "services: {web: {image: a, deploy: {resources: {limits: {«memory: 1k}}}}}",
            "less than an engine takes",
        ),
        ("services: {web: {image: a, mem_limit: «99999999999999999999}}", "too large"),
        ("services: {web: {image: a, cpuset: «0-999999999}}", "a core that no host has"),
        ("services: {web: {image: a, stop_signal: «NOPE}}", "is not a signal"),
        ("services: {web: {image: a, stop_grace_period: «1000000000s}}", "longer than a week"),
        ('services: {web: {image: a, command: «"a \'b"}}', "cannot be split into words"),
        ("services: {web: {image: a, ports: [«'80:99999']}}", "no port that there is"),
        ("services: {web: {image: a, ports: [«'80-85:90-91']}}", "two ranges that differ"),
        ("services: {web: {image: a, volumes: [«'/x:data']}}", "is no path"),
        (
            "services: {web: {image: a, volumes: [{type: tmpfs, target: «data}]}}",
            "'data' is no path",
        ),
        ("services: {web: {image: a, environment: [«'=x']}}", "is no name of a variable"),
        ("services: {web: {image: a, healthcheck: {test: «[CMD]}}}", "without its command"),
        ("services: {web: {image: a, security_opt: [«seccomp=x]}}", "seccomp are not read"),
        ("services: {web: {image: a, sysctls: [«x]}}", "'x' is not NAME=VALUE"),
        ("services: {web: {image: a, extra_hosts: [«x]}}", "'x' is not NAME:VALUE"),
        ("services: {web: {image: a, restart: «on-failure:-1}}", "does not say when"),
        ("services: {web: {image: a, ports: [«~]}}", "an item without a value"),
        ("services: {web: {image: a, env_file: [«~]}}", "an item without a value"),
        ("services: {web: {image: a, depends_on: «[[db]]}, db: {image: b}}", "is not a mapping"),
        (
            (
                "services: {web: {image: a, tmpfs: /x, secrets: [{source: s, mode: «'0999'}]}}\n"
                "secrets: {s: {content: x}}"
            ),
            "is not the rights of a file",
        ),
        (
            (
                "services: {web: {image: a, «volumes: "
                "[{type: bind, source: ./no, target: /x, bind: {create_host_path: false}}]}}"
            ),
            "`create_host_path` is false",
        ),
        ("services: {web: {extends: {service: db, «files: x}}, db: {image: b}}", "key `files`"),
        ("include: [{path: «1}]\nservices: {web: {image: a}}", "a file is expected"),
        ("include: [«[a.yaml]]\nservices: {web: {image: a}}", "a file is expected"),
        ("include: [«{}]\nservices: {web: {image: a}}", "no file is named here"),
        ("services: {web: {image: a}, «x-web: {}}", "neither `image` nor `build`"),
    ],
)
def test_the_fault_is_where_it_stands(tmp_path, marked, message):
    assert message in one_fault(tmp_path, marked).message


def test_services_that_wait_for_each_other(tmp_path):
    text = "services: {a: {image: x, «depends_on: [b]}, b: {image: x, depends_on: [a]}}"
    assert "a -> b -> a" in one_fault(tmp_path, text).message


def test_a_service_that_only_a_profile_has(tmp_path):
    text = "services: {a: {image: x, depends_on: {«b: }}, b: {image: x, profiles: [dev]}}"
    assert "only the profile dev has" in one_fault(tmp_path, text).message


def test_the_health_of_a_service_without_a_check(tmp_path):
    text = (
        "services: {a: {image: x, depends_on: {«b: {condition: service_healthy}}}, "
        "b: {image: x, healthcheck: {disable: true}}}"
    )
    assert "switched off" in one_fault(tmp_path, text).message


def test_a_service_that_is_not_there_to_choose(tmp_path):
    fault = one_fault(tmp_path, "«services: {web: {image: a}}", services=["wbe"])
    assert "no service 'wbe'" in fault.message
    assert "`web`" in fault.suggestion


def test_every_service_has_a_profile(tmp_path):
    text = "«services: {web: {image: a, profiles: [x]}}"
    assert "every service has a profile" in one_fault(tmp_path, text).message


def test_a_secret_from_a_variable_that_is_not_set(tmp_path):
    text = "services: {a: {image: x, secrets: [s]}}\nsecrets: {«s: {environment: NOPE}}"
    assert "the variable NOPE is not set" in one_fault(tmp_path, text).message


def test_files_of_services_that_are_not_started_need_not_be_there(tmp_path):
    path = write(tmp_path, "services: {a: {image: x}, b: {build: ./nope}}")
    assert len(load_stack(path, services=["a"], environ={}).members) == 1


def test_all_faults_are_reported_at_once(tmp_path):
    path = write(tmp_path, "services:\n  a: {image: x, comand: y}\n  b: {image: x, mem_limit: 8x}")
    with pytest.raises(ScenarioError) as raised:
        load_stack(path, environ={})
    assert [one.line for one in raised.value.diagnostics] == [2, 3]


def test_a_file_that_includes_itself(tmp_path):
    text = "include: [«compose.yaml]\nservices: {web: {image: a}}"
    assert "includes itself" in one_fault(tmp_path, text).message


def test_no_such_file(tmp_path):
    with pytest.raises(ScenarioError, match="no such file"):
        load_stack(tmp_path / "nope.yaml", environ={})


def test_a_misspelt_include_is_not_taken_for_none(tmp_path):
    text = "include: [«{«paht: more.yaml}]\nservices: {web: {image: a}}"
    marked, places = unmarked(text)
    with pytest.raises(ScenarioError) as raised:
        load_stack(write(tmp_path, marked), environ={})
    assert [(one.line, one.col) for one in raised.value.diagnostics] == places


@pytest.mark.parametrize(
    ("included", "message"),
    [
        ("servcies: {db: {image: b}}", "unknown key `servcies`"),
        ("services: 1", "`services`: 1 is not a mapping"),
        ("services: [db]", "`services`: a list is not a mapping"),
    ],
)
def test_what_an_included_file_says_is_checked_there(tmp_path, included, message):
    write(tmp_path, included, "more.yaml")
    path = write(tmp_path, "include: [more.yaml]\nservices: {web: {image: a}}")
    with pytest.raises(ScenarioError) as raised:
        load_stack(path, environ={})
    (fault,) = raised.value.diagnostics
    assert fault.file.endswith("more.yaml")
    assert message in fault.message


def test_a_raw_env_file_has_a_name_in_each_line(tmp_path):
    write(tmp_path, "# a note\n\nA=1\nno name\n=x\n", "raw.env")
    path = write(tmp_path, "services: {a: {image: x, env_file: [{path: raw.env, format: raw}]}}")
    with pytest.raises(ScenarioError) as raised:
        load_stack(path, environ={})
    assert [one.line for one in raised.value.diagnostics] == [4, 5]
