"""The private engine's own things: its files, its lock, its commands. No daemon is started."""

from __future__ import annotations

import json
import os
import stat
import threading
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from bench.core.errors import EngineUnavailableError
from bench.runtimes.managed import network, requirements
from bench.runtimes.managed import private as module
from bench.runtimes.managed.daemon import Daemon
from bench.runtimes.managed.daemons import (
    Paths,
    Settings,
    StorageBackend,
    own_daemons,
    write_configuration,
)
from bench.runtimes.managed.host_changes import HostChanges
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.requirements import PACKAGES, why_impossible
from tests.fakes import FACTS


@pytest.fixture
def private(tmp_path) -> PrivateEngine:
    return PrivateEngine(Paths(state=tmp_path / "state", run=tmp_path / "run"))


def remember(private: PrivateEngine, text: str) -> None:
    private.paths.state.mkdir(parents=True)
    private.paths.settings.write_text(text)


def test_the_settings_of_the_first_start_are_remembered(private):
    assert private.settings() is None
    remember(private, '{"network_base": "10.87.0.0/16", "registry_port": 5599}')
    assert private.settings() == Settings("10.87.0.0/16", 5599)
    assert private.registry_address() == "127.0.0.1:5599"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"network_base": "10.87.0.0/16"}', '{"image_store": "zfs"}'],
)
def test_damaged_settings_count_as_none(private, text):
    remember(private, text)
    assert private.settings() is None


def test_what_a_newer_bench_has_chosen_is_left_as_it_is(private):
    text = '{"network_base": "10.87.0.0/16", "registry_port": 5599, "of_tomorrow": 1}'
    remember(private, text)
    with pytest.raises(EngineUnavailableError, match="of_tomorrow") as caught:
        private.up()
    assert "another version" in caught.value.cause
    assert private.paths.settings.read_text() == text


def test_a_full_disk_does_not_cost_the_settings_that_were_there(private, monkeypatch):
    remember(private, '{"network_base": "10.87.0.0/16", "registry_port": 5599}')

    def full(path, text):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="No space"):
        private._remember(Settings("10.88.0.0/16", 5600))
    assert private.settings() == Settings("10.87.0.0/16", 5599)


def test_before_the_first_start_there_is_no_registry(private):
    with pytest.raises(EngineUnavailableError, match="never started") as caught:
        private.registry_address()
    assert "bench engine up" in caught.value.remedy


def test_before_the_first_start_nothing_runs_and_nothing_can_be_ended(private):
    assert [one.name for one in private.status()] == [
        "registry",
        "containerd",
        "measuring",
        "building",
    ]
    assert not private.is_up()
    assert private.own_pids() == {}
    private.down()


def test_sockets_and_blobs_have_their_places(private, tmp_path):
    assert private.address("measuring") == f"unix://{tmp_path}/run/measuring.sock"
    path = private.blob_path("sha256:abcd")
    assert path.relative_to(tmp_path / "state").parts[-5:] == (
        "blobs",
        "sha256",
        "ab",
        "abcd",
        "data",
    )


def test_the_sockets_of_this_host_are_short_enough():
    assert all(len(str(Paths().socket(role))) < 100 for role in ("measuring", "building"))


def test_a_daemon_of_its_own_pid_file_is_seen(private):
    private.paths.run.mkdir(parents=True)
    (private.paths.run / "registry.daemon").write_text(str(os.getpid()))
    assert private.own_pids() == {}  # this process is no registry of bench's


@pytest.fixture
def commands(private) -> dict[str, tuple[str, ...]]:
    daemons = own_daemons(private.paths, Settings("10.87.0.0/16", 5599))
    return {one.name: one.arguments for one, _ in daemons}


def value(command: tuple[str, ...], option: str) -> str:
    return command[command.index(option) + 1]


@pytest.mark.parametrize(
    "option",
    [
        "--data-root",
        "--exec-root",
        "--pidfile",
        "--host",
        "--bridge",
        "--containerd-namespace",
        "--default-address-pool",
    ],
)
def test_each_dockerd_keeps_to_itself(commands, option):
    assert value(commands["measuring"], option) != value(commands["building"], option)


@pytest.mark.parametrize("role", ["measuring", "building"])
def test_no_dockerd_touches_the_rules_of_another(commands, role):
    assert "--iptables=false" in commands[role]
    assert "--ip-masq=false" in commands[role]


def test_the_users_own_daemon_configuration_is_not_read(private, commands):
    private.paths.state.mkdir(parents=True)
    write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    file = private.paths.state / "daemon.json"
    assert value(commands["measuring"], "--config-file") == str(file)
    assert json.loads(file.read_text()) == {"insecure-registries": ["10.87.255.252/30"]}


# which image store


def chosen(private: PrivateEngine) -> Settings:
    return private._chosen_settings()


def test_images_are_kept_by_the_graph_driver_unless_something_else_is_said(private):
    remember(private, Settings("10.87.0.0/16", 5599).to_json())
    assert chosen(private).image_store is StorageBackend.GRAPHDRIVER


def test_the_environment_chooses_the_image_store_and_it_is_remembered(private, monkeypatch):
    remember(private, Settings("10.87.0.0/16", 5599).to_json())
    monkeypatch.setenv("BENCH_IMAGE_STORE", "containerd")
    settings = chosen(private)
    assert settings == Settings("10.87.0.0/16", 5599, StorageBackend.CONTAINERD)
    assert Settings.from_json(settings.to_json()) == settings


def test_the_daemons_are_told_of_the_containerd_store(private):
    private.paths.state.mkdir(parents=True)
    settings = Settings("10.87.0.0/16", 5599, StorageBackend.CONTAINERD)
    write_configuration(private.paths, settings)
    configuration = json.loads((private.paths.state / "daemon.json").read_text())
    assert configuration["features"] == {"containerd-snapshotter": True}


def test_what_the_builder_has_fetched_is_not_there_for_the_measuring_daemon(private):
    private.paths.state.mkdir(parents=True)
    write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    text = (private.paths.state / "containerd.toml").read_text()
    policy = tomllib.loads(text)["plugins"]["io.containerd.metadata.v1.bolt"]
    assert policy == {"content_sharing_policy": "isolated"}


def test_the_image_store_is_not_changed_under_a_running_daemon(private, monkeypatch):
    remember(private, Settings("10.87.0.0/16", 5599).to_json())
    monkeypatch.setenv("BENCH_IMAGE_STORE", "containerd")
    monkeypatch.setattr(private, "own_pids", lambda: {"measuring": 1})
    with pytest.raises(EngineUnavailableError, match="runs with the graphdriver") as caught:
        chosen(private)
    assert "bench engine down" in caught.value.remedy


def test_an_image_store_that_there_is_not_is_refused(private, monkeypatch):
    remember(private, Settings("10.87.0.0/16", 5599).to_json())
    monkeypatch.setenv("BENCH_IMAGE_STORE", "zfs")
    with pytest.raises(EngineUnavailableError, match="zfs is not an image store") as caught:
        chosen(private)
    assert caught.value.remedy == "it may be graphdriver or containerd"


def test_an_engine_that_ignores_the_choice_of_its_store_is_refused(private):
    remember(private, Settings("10.87.0.0/16", 5599, StorageBackend.CONTAINERD).to_json())
    private.check_store(replace(FACTS, image_store="containerd"))
    with pytest.raises(EngineUnavailableError, match=r"Engine 20\.10\.24 uses graphdriver"):
        private.check_store(replace(FACTS, version="20.10.24", image_store="graphdriver"))


def test_the_registry_listens_on_loopback_only(private):
    private.paths.state.mkdir(parents=True)
    write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    assert "addr: '127.0.0.1:5599'" in (private.paths.state / "registry.yml").read_text()


def test_the_private_engine_needs_root(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    impossible = why_impossible()
    assert impossible is not None
    assert "root" in impossible.cause
    assert "--engine docker" in impossible.remedy


def test_the_private_engine_names_what_is_not_installed(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(requirements, "missing_programs", lambda: ["dockerd", "docker-registry"])
    impossible = why_impossible()
    assert impossible is not None
    assert "dockerd, docker-registry" in impossible.cause
    assert all(package in impossible.remedy for package in PACKAGES)


def test_where_it_cannot_run_nothing_is_written(private, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineUnavailableError, match="root"):
        private.up()
    assert not private.paths.state.exists()


def test_the_registry_alone_needs_its_program_and_no_root(private, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(requirements, "SEARCH_PATH", str(private.paths.state))
    with pytest.raises(EngineUnavailableError, match="not installed here: docker-registry"):
        private.up(registry_alone=True)
    assert not private.paths.state.exists()


@pytest.mark.parametrize(("user", "networks"), [(0, ["link", "bridges", "changes"]), (1000, [])])
def test_only_root_ends_networks_for_nobody_else_has_any(private, monkeypatch, user, networks):
    removed: list[str] = []
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(network, "tear_down", lambda _: removed.append("bridges"))
    monkeypatch.setattr(private, "remove_link", lambda: removed.append("link"))
    monkeypatch.setattr(HostChanges, "undo", lambda _: removed.append("changes"))
    remember(private, '{"network_base": "10.87.0.0/16", "registry_port": 5599}')
    private.down()
    assert removed == networks


def test_whoever_is_not_root_has_folders_of_their_own(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/home/me/state")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert Paths.of_this_user() == Paths(
        Path("/home/me/state/container-bench"), Path("/run/user/1000/container-bench")
    )
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert Paths.of_this_user().run == Path("/home/me/state/container-bench/run")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert Paths.of_this_user() == Paths()


# what other users may not see


def test_the_folders_are_closed_to_others_also_those_that_an_older_bench_left_open(private):
    private.paths.make()
    for folder in (private.paths.state, private.paths.run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        folder.chmod(0o755)
    with private.reserved("bench run a.yaml", pytest.fail):
        pass
    assert stat.S_IMODE(private.paths.state.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["registry.yml", "link.yml"])
def test_both_registries_ask_for_the_credential(private, name):
    private.paths.make()
    write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    text = (private.paths.state / name).read_text()
    assert f"path: '{private.paths.run}/registry.htpasswd'" in text


def test_a_registry_with_another_configuration_is_known_as_such(private):
    private.paths.make()
    assert write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    assert not write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    (private.paths.state / "registry.yml").write_text("version: 0.1\n")
    assert write_configuration(private.paths, Settings("10.87.0.0/16", 5599))


# going down


def test_an_engine_that_a_run_holds_is_not_ended(private):
    remember(private, Settings("10.87.0.0/16", 5599).to_json())
    with (
        private.reserved("bench run a.yaml", pytest.fail),
        pytest.raises(EngineUnavailableError, match=r"in use: bench run a\.yaml"),
    ):
        private.down()


def test_a_registry_that_a_run_on_another_engine_pulls_from_is_not_ended(private):
    remember(private, Settings("10.87.0.0/16", 5599).to_json())
    with (
        private.registry_in_use(),
        private.registry_in_use(),
        pytest.raises(EngineUnavailableError, match="a run on another engine"),
    ):
        private.down()


# one run at a time


def test_the_first_run_does_not_wait(private):
    waited: list[str] = []
    with private.reserved("bench run a.yaml", waited.append):
        assert waited == []


def test_a_second_run_waits_and_is_told_for_whom(private):
    first_holds, first_may_go = threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        with private.reserved("bench run a.yaml", order.append):
            first_holds.set()
            first_may_go.wait(10)
            order.append("first ends")

    def told(holder: str) -> None:
        order.append(holder)
        first_may_go.set()

    thread = threading.Thread(target=first)
    thread.start()
    first_holds.wait(10)
    with private.reserved("bench run b.yaml", told):
        order.append("second begins")
        assert "b.yaml" in private.paths.lock.read_text()
    thread.join()
    assert order == [
        f"bench run a.yaml (pid {os.getpid()})",
        "first ends",
        "second begins",
    ]


def test_what_a_killed_run_left_in_the_lock_is_not_repeated(private):
    private.paths.run.mkdir(parents=True)
    private.paths.lock.write_text("bench run old.yaml (pid 1)")
    with private.reserved("bench run b.yaml", pytest.fail):
        assert private.paths.lock.read_text() == f"bench run b.yaml (pid {os.getpid()})"


def test_a_run_that_fails_lets_go(private):
    with pytest.raises(ZeroDivisionError), private.reserved("bench run a.yaml", pytest.fail):
        raise ZeroDivisionError
    with private.reserved("bench run b.yaml", pytest.fail):
        pass
    assert private.paths.lock.read_text() == ""


# coming up


def test_a_daemon_that_ends_at_once_is_reported_with_its_log(tmp_path):
    (tmp_path / "log").write_text("\n".join(f"line {number}" for number in range(20)))
    daemon = Daemon("measuring", ("dockerd",), "x", tmp_path / "pid", tmp_path / "log")
    with pytest.raises(EngineUnavailableError, match="line 19") as caught:
        module._await(daemon, lambda: False)
    assert "measuring" in caught.value.subject
    assert str(tmp_path / "log") in caught.value.remedy
    assert "line 3" not in caught.value.cause


def test_a_daemon_that_answers_is_waited_for_no_longer(tmp_path):
    daemon = Daemon("measuring", ("dockerd",), "x", tmp_path / "pid", tmp_path / "log")
    module._await(daemon, lambda: True)
