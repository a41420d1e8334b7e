"""The shaped way: its commands, and that only who made it removes it. No card is touched."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from bench.core.errors import EngineUnavailableError, HostError
from bench.runtimes.managed import link as module
from bench.runtimes.managed.daemon import Daemon
from bench.runtimes.managed.daemons import Settings, link_registry, write_configuration
from bench.runtimes.managed.link import ShapedLink
from bench.runtimes.managed.network import link_ends
from tests.runtimes.test_private import private  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from pathlib import Path

ENDS = link_ends("10.87.0.0/16")


class System:
    """The host's programs and daemons, as far as a link needs them."""

    def __init__(self, folder: Path) -> None:
        self.commands: list[str] = []
        self.signals: list[int] = []
        self.fails = ""
        self.log = folder / "measuring.log"
        self.log.write_text("Reloaded configuration\n")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        self.commands.append(" ".join(command))
        failed = bool(self.fails) and self.fails in self.commands[-1]
        return subprocess.CompletedProcess(command, int(failed), "", "no such thing")

    def kill(self, _: int, number: int) -> None:
        self.signals.append(number)
        if number == signal.SIGHUP:
            with self.log.open("a") as file:
                file.write('time=x msg="Reloaded configuration: {}"\n')


@pytest.fixture
def system(tmp_path, monkeypatch):
    system = System(tmp_path)
    monkeypatch.setattr(module, "run_program", system.run)
    monkeypatch.setattr(module, "listens", lambda _: True)
    monkeypatch.setattr(os, "kill", system.kill)
    monkeypatch.setattr(Daemon, "start", lambda one: system.commands.append(f"start {one.name}"))
    monkeypatch.setattr(Daemon, "stop", lambda one: system.commands.append(f"stop {one.name}"))
    monkeypatch.setattr(Daemon, "pid", lambda _: 4242)
    return system


def daemon(name: str, folder: Path) -> Daemon:
    return Daemon(name, (name,), name, folder / f"{name}.daemon", folder / f"{name}.log")


@pytest.fixture
def link(tmp_path, system):
    return ShapedLink(
        ENDS, daemon("link", tmp_path), daemon("measuring", tmp_path), tmp_path / "note"
    )


def test_the_ends_are_addresses_that_the_daemons_hand_out_last():
    assert (ENDS.near, ENDS.far, ENDS.network) == (
        "10.87.255.253",
        "10.87.255.254",
        "10.87.255.252/30",
    )


def test_only_the_card_on_the_registrys_side_is_shaped(link, system):
    with link.shaped(200_000_000):
        (shaped,) = [one for one in system.commands if "tbf" in one]
    assert shaped.startswith("ip netns exec cbench-link tc qdisc add dev cbenchl1 root tbf")
    assert "rate 200000000bit" in shaped


@pytest.mark.parametrize(
    ("rate_bit_s", "burst"), [(1_000_000, 70_000), (200_000_000, 70_000), (10**10, 2_500_000)]
)
def test_what_passes_at_once_holds_the_largest_packet_and_two_milliseconds(
    link, system, rate_bit_s, burst
):
    with link.shaped(rate_bit_s):
        (shaped,) = [one for one in system.commands if "tbf" in one]
    assert f"burst {burst} " in shaped


def test_the_registry_starts_when_there_is_a_way_and_the_engine_is_told_last(link, system):
    with link.shaped(10**8):
        assert system.commands[-1] == "start link"
        assert system.signals == [signal.SIGHUP]
        assert link.address == "10.87.255.254:5591"


def test_a_registry_that_has_died_is_started_again_and_nothing_else_is_touched(link, system):
    with link.shaped(10**8):
        before = list(system.commands)
        link.serve()
        assert system.commands == [*before, "start link"]


def test_afterwards_nothing_of_it_is_there(link, system, tmp_path):
    with contextlib.suppress(ZeroDivisionError), link.shaped(10**8):
        assert (tmp_path / "note").exists()
        raise ZeroDivisionError
    assert system.commands[-3:] == [
        "stop link",
        "ip netns delete cbench-link",
        "ip link delete cbenchl0",
    ]
    assert not (tmp_path / "note").exists()


def test_what_a_killed_run_left_is_removed_before_a_new_one_is_made(link, system, tmp_path):
    (tmp_path / "note").touch()
    with link.shaped(10**8):
        assert system.commands[:3] == [
            "stop link",
            "ip netns delete cbench-link",
            "ip link delete cbenchl0",
        ]


def test_names_of_the_host_are_left_alone_by_who_did_not_make_them(link, system):
    assert link.remove() == 0
    assert system.commands == []


def test_removing_is_counted_once(link, tmp_path):
    (tmp_path / "note").touch()
    assert (link.remove(), link.remove()) == (1, 0)


def test_a_kernel_that_does_not_shape_is_named_and_nothing_stays(link, system, tmp_path):
    system.fails = "tbf"
    with pytest.raises(HostError, match=r"cannot be shaped.*no such thing") as caught:
        link.shaped(10**8).__enter__()
    assert "leave `link` out" in caught.value.remedy
    assert not (tmp_path / "note").exists()


def test_a_registry_that_ends_at_once_is_named_with_its_log(link, system, monkeypatch):
    monkeypatch.setattr(module, "listens", lambda _: False)
    monkeypatch.setattr(Daemon, "pid", lambda _: None)
    link.registry.log_file.write_text("bind: no\n")
    with pytest.raises(EngineUnavailableError, match=r"(?s)link.*bind: no"):
        link.shaped(10**8).__enter__()


def test_the_engines_configuration_takes_the_far_end_without_tls(private):  # noqa: F811
    private.paths.state.mkdir(parents=True)
    write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    configuration = json.loads((private.paths.state / "daemon.json").read_text())
    assert configuration == {"insecure-registries": ["10.87.255.252/30"]}


def test_the_registry_at_the_far_end_serves_the_same_store_and_writes_nothing(private):  # noqa: F811
    private.paths.state.mkdir(parents=True)
    write_configuration(private.paths, Settings("10.87.0.0/16", 5599))
    text = (private.paths.state / "link.yml").read_text()
    assert f"rootdirectory: {private.paths.state}/registry" in text
    assert "readonly: {enabled: true}" in text
    assert "addr: '10.87.255.254:5591'" in text
    command = link_registry(private.paths).arguments
    assert command[1:4] == ("netns", "exec", "cbench-link")
    assert command[-1] == str(private.paths.state / "link.yml")


def test_an_engine_that_was_never_started_has_no_link_to_remove(private):  # noqa: F811
    assert private.remove_link() == 0


def test_no_proxy_leads_to_the_engines_own_addresses(private, monkeypatch):  # noqa: F811
    from bench.runtimes.managed.daemons import own_daemons

    monkeypatch.setenv("NO_PROXY", "corp.example")
    daemons = own_daemons(private.paths, Settings("10.87.0.0/16", 5599))
    (measuring,) = [one for one, _ in daemons if one.name == "measuring"]
    assert dict(measuring.environment)["NO_PROXY"] == "corp.example,10.87.0.0/16"
