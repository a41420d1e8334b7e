"""Compose files as people write them: what is taken from them, in whichever form it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.compose.model import Condition
from bench.scenario.compose_service import as_case
from bench.scenario.model import Case
from tests.compose.files import stack, write

if TYPE_CHECKING:
    from pathlib import Path

ONE = "services: {{web: {{image: nginx, {}}}}}"


def web(folder: Path, settings: str, environ: dict[str, str] | None = None) -> Any:
    return stack(folder, ONE.format(settings), environ).member("web")


@pytest.mark.parametrize(
    ("folder", "text", "environ", "name"),
    [
        ("shop", "", {}, "shop"),
        ("My Shop_2", "", {}, "myshop_2"),
        ("_shop", "name: other", {}, "other"),
        ("shop", "name: '${TEXT:-other}-x'", {}, "other-x"),
        ("shop", "name: other", {"COMPOSE_PROJECT_NAME": "mine"}, "mine"),
    ],
)
def test_the_name_of_the_project_is_a_variable_of_its_files(tmp_path, folder, text, environ, name):
    (tmp_path / folder).mkdir()
    text = f"{text}\nservices: {{web: {{image: 'a:${{COMPOSE_PROJECT_NAME}}'}}}}"
    found = stack(tmp_path / folder, text, environ)
    assert (found.name, found.members[0].service.image) == (name, f"a:{name}")


def test_a_service_is_an_image_on_the_default_network(tmp_path):
    found = stack(tmp_path, "services: {web: {image: nginx}}")
    assert found.name == tmp_path.name
    assert [one.name for one in found.members] == ["web"]
    assert found.members[0].networks == {"default": ("web",)}
    assert list(found.networks) == ["default"]


@pytest.mark.parametrize(
    ("settings", "number"),
    [
        ("environment: {A: '1.10', B: x, C: true}", "1.10"),
        ("environment: ['A=1.10', B=x, C=true]", "1.10"),
        ("environment: {A: 1.10, B: x, C: true}", "1.1"),
        ("environment: {A: 0010, B: x, C: true}", "8"),
        ("environment: {A: 1e6, B: x, C: true}", "1e+06"),
    ],
)
def test_variables_are_the_texts_that_compose_makes_of_them(tmp_path, settings, number):
    assert web(tmp_path, settings).environment == {"A": number, "B": "x", "C": "true"}


@pytest.mark.parametrize("settings", ["environment: [A, NOPE]", "environment: {A: , NOPE: }"])
def test_a_name_alone_is_taken_from_where_bench_runs(tmp_path, settings):
    assert web(tmp_path, settings, {"A": "here"}).environment == {"A": "here"}


def test_the_file_s_own_variables_win_over_those_of_its_env_files(tmp_path):
    write(tmp_path, "A=1\nURL=postgres://${USER}:pw@db\nRAW='${USER}'\n", "web.env")
    member = web(tmp_path, "env_file: web.env, environment: {A: 2}", {"USER": "bench"})
    assert member.environment == {"A": "2", "URL": "postgres://bench:pw@db", "RAW": "${USER}"}
    assert "postgres://bench:pw@db" in member.from_files


def test_a_name_alone_in_an_env_file_is_taken_from_where_bench_runs(tmp_path):
    write(tmp_path, "A\nexport NOPE # not set\nB=2\n", "web.env")
    member = web(tmp_path, "env_file: web.env", {"A": "here"})
    assert member.environment == {"A": "here", "B": "2"}


def test_a_dollar_sign_in_an_env_file_is_escaped_or_begins_a_variable(tmp_path):
    write(tmp_path, "A=\"pa\\$word\"\nB=pa\\$word\nC=pa$word\nD='pa$word'\n", "web.env")
    found = stack(tmp_path, ONE.format("env_file: web.env"), {})
    assert found.member("web").environment == {
        "A": "pa$word", "B": "pa$word", "C": "pa", "D": "pa$word",
    }  # fmt: skip
    (warning,) = found.warnings
    assert (warning.line, warning.message.split()[2]) == (3, "word")


def test_an_empty_entrypoint_clears_that_of_the_image(tmp_path):
    found = stack(tmp_path, ONE.format("entrypoint: []"))
    outer = Case.model_validate({"compose": "any"})
    assert as_case(found.member("web"), outer, outer.ready).entrypoint == []


def test_a_raw_env_file_is_taken_as_it_stands(tmp_path):
    write(tmp_path, "A='x' # y\nB=${HOME}\nC\n", "web.env")
    member = web(tmp_path, "env_file: [{path: web.env, format: raw}]", {"HOME": "/r", "C": "c"})
    assert member.environment == {"A": "'x' # y", "B": "${HOME}", "C": "c"}


@pytest.mark.parametrize(
    ("key", "below", "above", "found"),
    [
        ("sysctls", "[net.a=1]", "{net.b: 2}", {"net.a": "1", "net.b": "2"}),
        ("sysctls", "{net.a: 1}", "[net.b=2]", {"net.a": "1", "net.b": "2"}),
        ("extra_hosts", "['a:1.1.1.1']", "{b: 2.2.2.2}", {"a": ["1.1.1.1"], "b": ["2.2.2.2"]}),
    ],
)
def test_what_a_service_extends_keeps_what_is_written_in_the_other_form(
    tmp_path, key, below, above, found
):
    text = (
        f"services: {{web: {{extends: base, {key}: {above}}}, base: {{image: x, {key}: {below}}}}}"
    )
    assert getattr(stack(tmp_path, text).member("web").service, key) == found


def test_hosts_may_be_written_in_both_ways_in_one_list(tmp_path):
    hosts = web(tmp_path, "extra_hosts: ['a=1.1.1.1', 'b:::1']").service.extra_hosts
    assert hosts == {"a": ["1.1.1.1"], "b": ["::1"]}


def test_a_name_may_begin_like_an_extension(tmp_path):
    found = stack(
        tmp_path,
        "x-note: {a: b}\n"
        "services: {x-web: {image: a, x-note: c, depends_on: [db]}, db: {image: b}}",
    )
    assert [one.name for one in found.members] == ["db", "x-web"]


def test_an_env_file_that_is_not_required_may_be_missing(tmp_path):
    assert web(tmp_path, "env_file: [{path: no.env, required: false}]").environment == {}


def test_variables_come_from_the_env_file_beside_and_the_environment_wins(tmp_path):
    write(tmp_path, "TAG=1.27\nNAME=nginx\n", ".env")
    found = stack(tmp_path, "services: {web: {image: '${NAME}:$TAG'}}", {"TAG": "1.28"})
    assert found.members[0].service.image == "nginx:1.28"


def test_other_env_files_take_its_place(tmp_path):
    write(tmp_path, "TAG=1\n", ".env")
    other = write(tmp_path, "TAG=2\n", "other.env")
    found = stack(tmp_path, "services: {web: {image: 'nginx:$TAG'}}", env_files=[other])
    assert found.members[0].service.image == "nginx:2"


def test_two_dollar_signs_are_one(tmp_path):
    member = web(tmp_path, 'command: "echo $${HOME}"')
    assert member.service.command == "echo ${HOME}"


def test_a_variable_that_is_not_set_is_empty_and_said(tmp_path):
    found = stack(tmp_path, ONE.format('command: "echo ${NOPE}."'))
    assert found.members[0].service.command == "echo ."
    (warning,) = found.warnings
    assert "NOPE is not set" in warning.message


def test_what_a_variable_gives_may_be_a_number_or_a_flag(tmp_path):
    settings = (
        "init: '${YES}', pids_limit: '${N}', mem_limit: '${SIZE}', "
        "deploy: {replicas: '${ONE:-1}', resources: {limits: {cpus: '${CPUS}'}}}"
    )
    environ = {"YES": "true", "N": "64", "SIZE": "64m", "CPUS": "0.5"}
    service = web(tmp_path, settings, environ).service
    assert service.init is True
    assert (service.limits.pids, service.limits.memory) == (64, 64 * 2**20)
    assert service.limits.cpus == 0.5


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ("mem_limit: 1g, cpus: '2', pids_limit: 9", (2.0, 2**30, 9)),
        ("deploy: {resources: {limits: {cpus: '2', memory: 1G, pids: 9}}}", (2.0, 2**30, 9)),
        ("mem_limit: 1073741824, cpus: 2, pids_limit: -1", (2.0, 2**30, None)),
    ],
)
def test_limits_stand_in_two_places(tmp_path, settings, limits):
    found = web(tmp_path, settings).service.limits
    assert (found.cpus, found.memory, found.pids) == limits


@pytest.mark.parametrize(
    ("written", "port"),
    [
        ("8080", "8080/tcp"),
        ("'8080:80'", "8080:80/tcp"),
        ("'127.0.0.1:53:53/udp'", "127.0.0.1:53:53/udp"),
        ("'127.0.0.1::53'", "127.0.0.1:53/tcp"),
        ("{target: 80, published: 80, host_ip: '::1'}", "[::1]:80:80/tcp"),
        ("'3000-3005:4000-4005'", "3000-3005:4000-4005/tcp"),
        ("{target: 80, published: 8080, protocol: udp, mode: host}", "8080:80/udp"),
    ],
)
def test_ports_have_a_short_and_a_long_form(tmp_path, written, port):
    (found,) = web(tmp_path, f"ports: [{written}]").service.ports
    assert found.text == port


@pytest.mark.parametrize(
    ("written", "kind", "source", "read_only"),
    [
        ("/data", "volume", None, False),
        ("data:/data", "volume", "data", False),
        ("data:/data:ro", "volume", "data", True),
        ("./here:/data:ro,z", "bind", "here", True),
        ("{type: bind, source: ./here, target: /data, read_only: true}", "bind", "here", True),
        ("{type: volume, source: data, target: /data}", "volume", "data", False),
        ("{type: tmpfs, target: /data, tmpfs: {size: 64m, mode: 01777}}", "tmpfs", None, False),
    ],
)
def test_volumes_have_a_short_and_a_long_form(tmp_path, written, kind, source, read_only):
    text = ONE.format(f"volumes: ['{written}']" if "{" not in written else f"volumes: [{written}]")
    (mount,) = stack(tmp_path, text + "\nvolumes: {data: }").member("web").mounts
    wanted = str(tmp_path / source) if kind == "bind" else source
    assert (mount.type, mount.source, mount.read_only) == (kind, wanted, read_only)
    assert mount.target == "/data"
    if kind == "tmpfs":
        assert (mount.tmpfs.size, mount.tmpfs.mode) == (64 * 2**20, 0o1777)


def test_of_two_volumes_at_one_place_the_later_holds(tmp_path):
    text = ONE.format("volumes: ['a:/data', 'b:/data']") + "\nvolumes: {a: , b: }"
    assert [one.source for one in stack(tmp_path, text).members[0].mounts] == ["b"]


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("[db]", Condition.STARTED),
        ("{db: {condition: service_started}}", Condition.STARTED),
        ("{db: {condition: service_healthy, restart: true}}", Condition.HEALTHY),
        ("{db: {condition: service_completed_successfully}}", Condition.COMPLETED),
    ],
)
def test_services_wait_for_others_in_three_ways(tmp_path, written, condition):
    text = f"services: {{web: {{image: a, depends_on: {written}}}, db: {{image: b}}}}"
    found = stack(tmp_path, text)
    assert [one.name for one in found.members] == ["db", "web"]
    (wait,) = found.member("web").waits
    assert (wait.service, wait.condition) == ("db", condition)
    assert found.waited_for("db", condition)


def test_what_is_not_required_need_not_be_there(tmp_path):
    text = "services: {web: {image: a, depends_on: {db: {required: false}}}}"
    assert stack(tmp_path, text).member("web").waits == ()


def test_networks_and_their_aliases(tmp_path):
    text = """
services:
  web: {image: a, networks: [front, back]}
  db: {image: b, networks: {back: {aliases: [store]}}}
  cache: {image: c, container_name: shop-cache, networks: [back]}
networks: {front: , back: {internal: true}}
"""
    found = stack(tmp_path, text)
    assert found.member("web").networks == {"front": ("web",), "back": ("web",)}
    assert found.member("db").networks == {"back": ("db", "store")}
    assert found.member("cache").networks == {"back": ("cache", "shop-cache")}
    assert found.networks["back"].internal
    assert not found.networks["front"].internal


def test_configs_and_secrets_are_files(tmp_path):
    write(tmp_path, "s3cret", "password.txt")
    text = """
services:
  web:
    image: a
    configs: [plain, {source: long, target: /etc/long.conf, mode: 0440}]
    secrets: [password, {source: token, target: api}]
configs: {plain: {content: "a=${A}"}, long: {content: b}}
secrets: {password: {file: ./password.txt}, token: {environment: TOKEN}}
"""
    found = stack(tmp_path, text, {"A": "1", "TOKEN": "t"})
    service = found.member("web").service
    assert [one.path("/") for one in service.configs] == ["/plain", "/etc/long.conf"]
    assert service.configs[1].mode == 0o440
    assert [one.path("/run/secrets") for one in service.secrets] == [
        "/run/secrets/password",
        "/run/secrets/api",
    ]
    assert found.configs["plain"].content == "a=1"
    assert found.secrets["password"].file == str(tmp_path / "password.txt")


@pytest.mark.parametrize(
    ("written", "test"),
    [
        ("curl -f localhost", "curl -f localhost"),
        ("[CMD, curl, -f]", ["CMD", "curl", "-f"]),
        ("[CMD-SHELL, 'exit 1']", ["CMD-SHELL", "exit 1"]),
    ],
)
def test_a_health_check_is_a_command_or_a_shell_s(tmp_path, written, test):
    settings = (
        f"healthcheck: {{test: {written}, interval: 1m30s, timeout: 5s, retries: '3', "
        "start_period: 10s, start_interval: 500ms}"
    )
    check = web(tmp_path, settings).service.healthcheck
    assert check.test == test
    assert (check.interval, check.timeout, check.retries) == (90.0, 5.0, 3)
    assert (check.start_period, check.start_interval) == (10.0, 0.5)
    assert not check.is_off


@pytest.mark.parametrize("written", ["{disable: true}", "{test: [NONE]}"])
def test_a_health_check_can_be_switched_off(tmp_path, written):
    assert web(tmp_path, f"healthcheck: {written}").service.healthcheck.is_off


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        ("init: false", "no"),
        ("restart: no", "no"),
        ('restart: "no"', "no"),
        ("restart: unless-stopped", "unless-stopped"),
        ("restart: on-failure:3", "on-failure:3"),
        ("deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}", "on-failure"),
        ("deploy: {restart_policy: {condition: any}}", "always"),
    ],
)
def test_restart_is_known(tmp_path, settings, policy):
    assert web(tmp_path, settings).service.restart_policy == policy


def test_a_build_is_a_folder_or_a_mapping(tmp_path):
    write(tmp_path, "FROM scratch\n", "app/Dockerfile")
    write(tmp_path, "FROM scratch\n", "app/docker/web.Dockerfile")
    text = """
services:
  short: {build: ./app}
  long: {build: {context: app, dockerfile: docker/web.Dockerfile, args: {V: "1.10"}, target: t}}
  inline: {build: {dockerfile_inline: "FROM scratch"}}
"""
    found = stack(tmp_path, text)
    builds: Any = {one.name: one.service.build for one in found.members}
    assert builds["short"].context == str(tmp_path / "app")
    long = builds["long"]
    assert (long.dockerfile, long.args, long.target) == (
        "docker/web.Dockerfile",
        {"V": "1.10"},
        "t",
    )
    assert builds["inline"].context == str(tmp_path)


def test_devices_ulimits_and_the_rest(tmp_path):
    settings = """
      ulimits: {nofile: 1024, nproc: {soft: 10, hard: 20}}, shm_size: 64m, read_only: true,
      user: 1000, hostname: h, working_dir: /w, cap_add: [NET_ADMIN], cap_drop: [ALL],
      security_opt: ["no-new-privileges:true"], group_add: [44, video], ipc: host,
      sysctls: ["net.core.somaxconn=1024"],
      stop_signal: SIGINT, stop_grace_period: 3s, tmpfs: /run, extra_hosts: ["a:1.2.3.4"],
      deploy: {resources: {reservations: {devices: [{count: 1, capabilities: [gpu]}]}}}
    """
    service = web(tmp_path, settings).service
    assert service.ulimits["nofile"].hard == 1024
    assert service.ulimits["nproc"].soft == 10
    assert (service.shm_size, service.user, service.tmpfs) == (64 * 2**20, "1000", ["/run"])
    assert service.extra_hosts == {"a": ["1.2.3.4"]}
    assert service.security_opt == ["no-new-privileges:true"]
    assert (service.group_add, service.ipc) == (["44", "video"], "host")
    assert service.sysctls == {"net.core.somaxconn": "1024"}
    assert service.stop_grace_period == 3.0
    assert service.deploy.resources.reservations.devices[0].count == 1


# Sharing: anchors, extends, include, profiles


def test_anchors_merges_and_x_keys(tmp_path):
    text = """
x-logging: &logging {restart: always, stop_grace_period: 1s}
x-env: &env {A: 1, B: 2}
services:
  web:
    <<: *logging
    image: nginx
    environment: {<<: *env, B: 3}
    x-note: free
"""
    member = stack(tmp_path, text).member("web")
    assert member.service.restart == "always"
    assert member.environment == {"A": "1", "B": "3"}


def test_a_service_extends_another_of_the_file(tmp_path):
    text = """
services:
  base: {image: nginx, environment: {A: 1, B: 1}, command: [a], cap_add: [BPF], profiles: [never]}
  web: {extends: base, environment: [B=2], command: [b], cap_add: [KILL], profiles: []}
"""
    found = stack(tmp_path, text, services=["web"]).member("web")
    assert found.service.image == "nginx"
    assert found.environment == {"A": "1", "B": "2"}
    assert (found.service.command, found.service.cap_add) == (["b"], ["BPF", "KILL"])


def test_what_an_included_file_extends_is_looked_for_beside_it(tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path, "services: {base: {image: wrong}}", "base.yaml")
    write(tmp_path / "sub", "services: {base: {image: right}}", "base.yaml")
    text = "services: {web: {extends: {file: base.yaml, service: base}}}"
    write(tmp_path / "sub", text, "inc.yaml")
    found = stack(tmp_path, "include: [sub/inc.yaml]\nservices: {db: {image: y}}")
    assert found.member("web").service.image == "right"


def test_a_service_extends_one_of_another_file_with_paths_from_there(tmp_path):
    write(tmp_path, "A=1\n", "common/base.env")
    write(
        tmp_path,
        "services: {base: {image: nginx, env_file: base.env, volumes: ['./data:/data:ro']}}",
        "common/base.yaml",
    )
    text = "services: {web: {extends: {file: common/base.yaml, service: base}}}"
    member = stack(tmp_path, text).member("web")
    assert member.environment == {"A": "1"}
    assert member.mounts[0].source == str(tmp_path / "common" / "data")


def test_an_included_file_has_its_own_folder_and_variables(tmp_path):
    write(tmp_path, "TAG=16\n", "db/.env")
    write(
        tmp_path,
        "services: {db: {image: 'postgres:$TAG', volumes: ['data:/data']}}\nvolumes: {data: }",
        "db/compose.yaml",
    )
    text = "include: [db/compose.yaml]\nservices: {web: {image: nginx, depends_on: [db]}}"
    found = stack(tmp_path, text)
    assert [one.name for one in found.members] == ["db", "web"]
    assert found.member("db").service.image == "postgres:16"
    assert list(found.volumes) == ["data"]


PROFILES = """
services:
  web: {image: a, depends_on: [db]}
  db: {image: b}
  debug: {image: c, profiles: [dev], depends_on: [web]}
"""


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({}, ["db", "web"]),
        ({"profiles": ["dev"]}, ["db", "web", "debug"]),
        ({"services": ["db"]}, ["db"]),
        ({"services": ["web"]}, ["db", "web"]),
        ({"services": ["debug"]}, ["db", "web", "debug"]),
    ],
)
def test_services_are_chosen_by_name_and_by_profile(tmp_path, choice, names):
    assert [one.name for one in stack(tmp_path, PROFILES, **choice).members] == names


def test_profiles_are_those_of_the_environment_where_none_is_named(tmp_path):
    environ = {"COMPOSE_PROFILES": "other, dev"}
    found = stack(tmp_path, PROFILES, environ)
    assert [one.name for one in found.members] == ["db", "web", "debug"]
    chosen = stack(tmp_path, PROFILES, environ, profiles=["none"])
    assert [one.name for one in chosen.members] == ["db", "web"]


# What is passed over, and said


@pytest.mark.parametrize(
    "settings",
    [
        "annotations: {a: b}",
        "logging: {driver: none}",
        "expose: [80]",
        "pull_policy: always",
        "tty: true",
        "deploy: {placement: {constraints: [node.role == manager]}}",
        "deploy: {resources: {reservations: {cpus: '1'}}}",
    ],
)
def test_what_changes_no_figure_is_passed_over_with_its_line(tmp_path, settings):
    (warning,) = stack(tmp_path, "services:\n  web: {image: nginx, " + settings + "}").warnings
    assert warning.line == 2
    assert "is passed over" in warning.message


@pytest.mark.parametrize(
    "settings",
    [
        "networks: {default: {priority: 100}}",
        "networks: {default: {gw_priority: 1}}",
        "volumes: [{type: bind, source: ., target: /x, read_only: true, bind: {recursive: x}}]",
        "secrets: [{source: key, mode: 0400}]",
        "gpus: [{count: 1, options: {a: b}}]",
    ],
)
def test_what_is_known_and_changes_nothing_here_is_said(tmp_path, settings):
    write(tmp_path, "s3cret", "key.txt")
    text = ONE.format(settings) + "\nsecrets: {key: {file: key.txt}}"
    (warning,) = stack(tmp_path, text).warnings
    assert warning.line == 1
    assert warning.message.endswith("passed over")


@pytest.mark.parametrize("settings", ["tty: false", "privileged: false", "labels: {}", "links: []"])
def test_what_asks_for_nothing_is_not_mentioned(tmp_path, settings):
    assert stack(tmp_path, ONE.format(settings)).warnings == ()


def test_a_folder_of_the_host_keeps_what_is_written(tmp_path):
    (tmp_path / "data").mkdir()
    (warning,) = stack(tmp_path, ONE.format("volumes: ['./data:/data']")).warnings
    assert "stays there from trial to trial" in warning.message


def test_the_digest_is_that_of_all_texts(tmp_path):
    first = stack(tmp_path, "services: {a: {image: b}}").digest
    assert stack(tmp_path, "services: {a: {image: b}}").digest == first
    assert stack(tmp_path, "services: {a: {image: c}}").digest != first
