"""The type of a value is known after its variables were replaced; nothing left is not set."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from bench.core.errors import ScenarioError
from bench.scenario.compose_service import as_case
from bench.scenario.model import Case
from tests.compose.files import stack


def service(folder: Any, settings: str, **environ: str) -> Any:
    text = f"services: {{web: {{image: a, {settings}}}}}"
    return stack(folder, text, environ).member("web").service


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("platform", None), ("cpus", None), ("mem_limit", None), ("pids_limit", None),
        ("init", False), ("read_only", False), ("oom_kill_disable", False), ("user", None),
        ("hostname", None), ("shm_size", None), ("cpuset", None), ("stop_signal", None),
        ("network_mode", None), ("runtime", None), ("restart", "no"), ("scale", None),
        ("stop_grace_period", 10.0), ("working_dir", None), ("container_name", None),
    ],
)  # fmt: skip
def test_what_a_variable_leaves_empty_is_not_set(tmp_path, key, found):
    assert getattr(service(tmp_path, f"{key}: '${{NOTHING:-}}'"), key) == found
    assert getattr(service(tmp_path, f"{key}: ''"), key) == found


@pytest.mark.parametrize("value", ["'${Q:-false}'", "'${Q:-}'", "'no'", "false"])
def test_a_flag_that_is_off_asks_for_nothing(tmp_path, value):
    service(tmp_path, f"privileged: {value}, use_api_socket: {value}")


def test_texts_are_numbers_and_flags_where_these_are_wanted(tmp_path):
    found = service(
        tmp_path,
        "ulimits: {nofile: {soft: '${N:-1024}', hard: 2048}, nproc: '7'}, init: '${I}', "
        "healthcheck: {test: x, retries: '${R}', disable: 'off'}, scale: '${S:-1}', "
        "oom_score_adj: '-500', cpu_shares: '${C:-73}', "
        "deploy: {restart_policy: {condition: any, max_attempts: '3'}}",
        I="yes",
        R="4",
    )
    assert (found.ulimits["nofile"].soft, found.ulimits["nproc"].hard) == (1024, 7)
    assert found.init is True
    assert (found.healthcheck.retries, found.healthcheck.is_off) == (4, False)
    assert (found.replicas, found.oom_score_adj, found.cpu_shares) == (1, -500, 73)


@pytest.mark.parametrize(
    ("settings", "cores"),
    [
        ("cpus: '0'", None),
        ("cpus: 0", None),
        ("cpus: '0.5'", 0.5),
        ("cpus: '${C:-2}'", 2.0),
        ("cpu_quota: 50000", 0.5),
        ("cpu_quota: '50000', cpu_period: 25ms", 2.0),
        ("cpu_quota: -1", None),
        ("deploy: {resources: {limits: {cpus: '0'}}}", None),
    ],
)
def test_cores_are_given_in_many_ways(tmp_path, settings, cores):
    assert service(tmp_path, settings).limits.cpus == cores


@pytest.mark.parametrize("mode", ["z", "Z", "ro,z", "rw,Z"])
def test_a_named_volume_may_have_a_label_of_selinux(tmp_path, mode):
    text = f"services: {{web: {{image: a, volumes: ['data:/x:{mode}']}}}}\nvolumes: {{data: }}"
    (mount,) = stack(tmp_path, text).member("web").mounts
    assert (mount.type, mount.bind.selinux) == ("volume", mode[-1])


@pytest.mark.parametrize(
    ("written", "rights"),
    [("0440", 0o440), ("'0440'", 0o440), ("288", 0o440), ("0o440", 0o440), ("'0o440'", 0o440)],
)
def test_the_rights_of_a_file_are_octal_where_they_look_like_it(tmp_path, written, rights):
    text = (
        f"services: {{web: {{image: a, configs: [{{source: c, mode: {written}}}]}}}}\n"
        "configs: {c: {content: x}}"
    )
    (use,) = stack(tmp_path, text).member("web").service.configs
    assert use.mode == rights


def test_a_build_has_all_its_keys(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM a")
    (tmp_path / "token").write_text("t")
    text = """
services:
  web:
    image: never-pulled:${TAG}
    build:
      context: .
      additional_contexts: [shared=., base=docker-image://a]
      secrets: [token, {source: key, target: id}]
      ssh: [default, deploy=./token]
      cache_from: [a]
      cache_to: ["type=local,dest=c"]
      platforms: ["linux/amd64"]
      target: t
      no_cache: "${NO:-true}"
      pull: "false"
      network: host
      labels: [a=b]
      args: {A: 1, HERE: }
secrets: {token: {file: ./token}, key: {environment: KEY}}
"""
    member = stack(tmp_path, text, {"KEY": "k", "HERE": "h"}).member("web")
    outer = Case.model_validate({"compose": "any"})
    build = as_case(member, outer, outer.ready).build
    assert build is not None
    assert build.context == str(tmp_path)
    assert build.additional_contexts == {"shared": str(tmp_path), "base": "docker-image://a"}
    assert [(one.id, one.file, one.environment) for one in build.secrets] == [
        ("token", str(tmp_path / "token"), None),
        ("id", None, "KEY"),
    ]
    assert build.ssh == ("default", f"deploy={tmp_path / 'token'}")
    assert (build.cache_from, build.cache_to) == (("a",), ("type=local,dest=c",))
    assert (build.platforms, build.target, build.network) == (("linux/amd64",), "t", "host")
    assert (build.no_cache, build.pull) == (True, False)
    assert (build.labels, build.args) == ({"a": "b"}, {"A": "1", "HERE": "h"})


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("dns: ['${D:-}', 1.1.1.1]", {"dns": ["1.1.1.1"]}),
        ("dns: '${D:-}'", {"dns": []}),
        ("healthcheck: {test: [], interval: 1d}", {"healthcheck.test": None}),
        ("healthcheck: {test: x, interval: 1d1h}", {"healthcheck.interval": 25 * 3600.0}),
        (
            "extra_hosts: ['a:[::1]', 'b=1.2.3.4']",
            {"extra_hosts": {"a": ["::1"], "b": ["1.2.3.4"]}},
        ),
        ("extra_hosts: {a: ['[::1]', '::2']}", {"extra_hosts": {"a": ["::1", "::2"]}}),
        ("mem_limit: 0, deploy: {resources: {limits: {memory: 1g}}}", {"mem_limit": 0}),
        ("pids_limit: 5, deploy: {resources: {limits: {pids: 0}}}", {"pids_limit": 5}),
        ("gpus: [{count: -1}]", {"gpus.0.count": "all"}),
    ],
)
def test_forms_that_compose_reads_are_read(tmp_path, settings, found):
    made = service(tmp_path, settings)
    for path, expected in found.items():
        value = made
        for key in path.split("."):
            value = value[int(key)] if key.isdecimal() else getattr(value, key)
        assert value == expected


@pytest.mark.parametrize("name", ["_base", ".x", "-", "a" * 100, "A_b.C"])
def test_whatever_compose_lets_a_service_be_called(tmp_path, name):
    found = stack(tmp_path, f'services: {{"{name}": {{image: a}}}}').member(name)
    assert found.service.image == "a"


def test_options_of_a_driver_may_be_empty_and_not_absent(tmp_path):
    text = "services: {web: {image: a, volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {o: %s}}}"
    stack(tmp_path, text % "'${NFS:-}'")
    with pytest.raises(ScenarioError, match="nothing is written there"):
        stack(tmp_path, text % "")


def test_a_name_for_an_interface_is_said_to_be_passed_over(tmp_path):
    text = "services: {web: {image: a, networks: {n: {interface_name: eth9}}}}\nnetworks: {n: {}}\n"
    (warning,) = stack(tmp_path, text).warnings
    assert "`interface_name` is passed over" in str(warning)


@pytest.mark.parametrize("key", ["mem_limit", "user", "cpus", "deploy"])
def test_a_limit_that_an_unset_variable_leaves_out_is_said(tmp_path, key):
    setting = f"{key}: '${{UNSET}}'"
    if key == "deploy":
        setting = "deploy: {resources: {limits: {memory: '${UNSET}'}}}"
    (warning,) = stack(tmp_path, f"services: {{web: {{image: a, {setting}}}}}").warnings
    assert "the variable UNSET is not set" in str(warning)


def test_a_number_that_is_too_large_for_one_stays_as_it_is_written(tmp_path):
    found = service(tmp_path, "environment: {A: 1e400, B: -1e400, C: 1e3}")
    assert found.environment == {"A": "1e400", "B": "-1e400", "C": "1000"}


@pytest.mark.parametrize("size", ["512Mi", "512mib", "0.0005t", "536870912"])
def test_sizes_are_read_with_every_suffix_of_compose(tmp_path, size):
    assert abs(service(tmp_path, f"mem_limit: '{size}'").mem_limit - 512 * 2**20) < 14 * 2**20


@pytest.mark.parametrize(
    "setting",
    [
        "env_file: {long}", "label_file: {long}", "build: {long}", "volumes: ['./{long}:/x']",
        "extends: {{file: {long}, service: a}}", "devices: ['/{long}:/dev/x']",
    ],
)  # fmt: skip
def test_a_path_that_is_too_long_is_one_that_is_not_there(tmp_path, setting):
    text = setting.format(long="x" * 300)
    with contextlib.suppress(ScenarioError):  # with its line, and no fault of bench's own
        service(tmp_path, text)


def test_a_container_and_a_service_of_one_name_are_refused(tmp_path):
    text = "services: {a: {image: x, scale: 2}, a-1: {image: y}, a-3: {image: z}}"
    with pytest.raises(ScenarioError, match="`a-1` have one name") as caught:
        stack(tmp_path, text)
    assert len(caught.value.diagnostics) == 1


def test_services_that_extend_each_other_without_an_end_are_refused(tmp_path):
    chain = "".join(f"  s{one}: {{extends: s{one + 1}}}\n" for one in range(600))
    with pytest.raises(ScenarioError, match="extend each other"):
        stack(tmp_path, f"services:\n{chain}  s600: {{image: a}}\n")


def test_files_that_include_each_other_over_and_over_are_refused_soon(tmp_path):
    for number in range(5):
        names = ", ".join([f"i{number + 1}.yaml"] * 10)
        (tmp_path / f"i{number}.yaml").write_text(f"include: [{names}]\n")
    (tmp_path / "i5.yaml").write_text("services: {a: {image: x}}\n")
    with pytest.raises(ScenarioError, match="files are named in all"):
        stack(tmp_path, "include: [i0.yaml]\n")
