"""What is noted before the engine goes up, and put back when it goes down. No host is changed."""

from __future__ import annotations

import json

import pytest

from bench.runtimes.managed import host_changes as module
from bench.runtimes.managed import network
from bench.runtimes.managed.daemons import Paths
from bench.runtimes.managed.host_changes import HostChanges


class Host:
    """A host's setting, and the folder in which its daemons make files."""

    def __init__(self) -> None:
        self.forwards = "0"
        self.programs: list[str] = []

    def forward(self, value: str) -> None:
        self.forwards = value


@pytest.fixture
def host(monkeypatch, tmp_path) -> Host:
    host = Host()
    (tmp_path / "boot_id").write_text("this boot\n")
    monkeypatch.setattr(module, "_BOOT_ID", tmp_path / "boot_id")
    made = (tmp_path / "docker" / "key.json", tmp_path / "docker")
    monkeypatch.setattr(module, "_MADE_BY_DAEMONS", made)
    monkeypatch.setattr(module, "_programs", lambda: host.programs)
    monkeypatch.setattr(module, "_cgroups", lambda _: [])
    monkeypatch.setattr(network, "forwarding", lambda: host.forwards)
    monkeypatch.setattr(network, "forward", host.forward)
    monkeypatch.setattr(network, "present", lambda _: ["bridge cbench0"])
    return host


@pytest.fixture
def changes(tmp_path) -> HostChanges:
    paths = Paths(tmp_path / "state", tmp_path / "run")
    paths.make()
    return HostChanges(paths)


def go_up(host: Host, changes: HostChanges, tmp_path) -> None:
    changes.note()
    host.forward("1")
    (tmp_path / "docker").mkdir(exist_ok=True)
    (tmp_path / "docker" / "key.json").touch()


def test_what_was_changed_is_listed_and_put_back(host, changes, tmp_path):
    go_up(host, changes, tmp_path)
    assert changes.present("10.213.0.0/16") == [
        "bridge cbench0",
        "net.ipv4.ip_forward: 0 before, 1 now",
        f"file {tmp_path}/docker/key.json",
        f"file {tmp_path}/docker",
    ]
    changes.undo()
    assert host.forwards == "0"
    assert not (tmp_path / "docker").exists()
    assert changes.present("10.213.0.0/16") == ["bridge cbench0"]


def test_going_up_again_does_not_forget_what_was_there_first(host, changes, tmp_path):
    for _ in range(2):
        go_up(host, changes, tmp_path)
    changes.undo()
    assert host.forwards == "0"
    assert not (tmp_path / "docker").exists()


def test_what_was_there_before_stays(host, changes, tmp_path):
    host.forwards = "1"
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "key.json").touch()
    go_up(host, changes, tmp_path)
    changes.undo()
    assert host.forwards == "1"
    assert (tmp_path / "docker" / "key.json").exists()


def test_a_folder_in_which_somebody_has_put_a_file_since_stays(host, changes, tmp_path):
    go_up(host, changes, tmp_path)
    (tmp_path / "docker" / "daemon.json").touch()
    changes.undo()
    assert [one.name for one in (tmp_path / "docker").iterdir()] == ["daemon.json"]


def test_what_another_engine_may_rely_on_by_now_stays(host, changes, tmp_path):
    go_up(host, changes, tmp_path)
    host.programs.append("dockerd")
    changes.undo()
    assert host.forwards == "1"
    assert (tmp_path / "docker" / "key.json").exists()


def test_a_setting_of_the_boot_before_is_not_put_back(host, changes, tmp_path):
    go_up(host, changes, tmp_path)
    (tmp_path / "boot_id").write_text("the next boot\n")
    changes.undo()
    assert host.forwards == "1"


def test_a_damaged_note_counts_as_none(host, changes):
    (changes.paths.state / "host.json").write_text("{")
    changes.note()
    noted = json.loads((changes.paths.state / "host.json").read_text())
    assert noted["ip_forward"] == "0"
