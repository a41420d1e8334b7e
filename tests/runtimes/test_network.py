"""The private bridges: addresses that nobody else routes, and rules that are only bench's."""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path

import pytest

from bench.core.errors import HostError
from bench.runtimes.managed import network

BASE = "10.213.0.0/16"


def route(cidr: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(cidr)


def test_the_first_range_is_taken_where_nothing_is_routed(monkeypatch):
    monkeypatch.setattr(network, "_routed_networks", list)
    assert network.free_base() == BASE


@pytest.mark.parametrize("taken", ["10.213.0.0/16", "10.213.7.0/24", "10.0.0.0/8", "10.213.1.1/32"])
def test_a_range_that_overlaps_a_route_is_passed_over(monkeypatch, taken):
    monkeypatch.setattr(network, "_routed_networks", lambda: [route(taken)])
    assert not ipaddress.IPv4Network(network.free_base()).overlaps(route(taken))


def test_without_a_free_range_the_users_own_engine_is_the_remedy(monkeypatch):
    everything = [route("10.0.0.0/8"), route("172.16.0.0/12"), route("192.168.0.0/16")]
    monkeypatch.setattr(network, "_routed_networks", lambda: everything)
    with pytest.raises(HostError) as caught:
        network.free_base()
    assert "--engine docker" in caught.value.remedy


ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "docker0\t0000D50A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "tun0\t0101010A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"
)


def test_routes_are_read_in_the_kernels_byte_order(monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda _: ROUTES)
    assert network._routed_networks() == [
        route("172.17.0.0/16"),
        route("10.213.0.0/16"),
        route("10.1.1.1/32"),
    ]


def test_the_default_route_takes_no_range(monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda _: "\n".join(ROUTES.splitlines()[:2]))
    assert network.free_base() == BASE


def test_bridges_and_pools_share_the_range_without_overlap():
    measuring, building = network.bridges(BASE)
    assert (measuring.name, building.name) == ("cbench0", "cbench1")
    interfaces = [ipaddress.IPv4Interface(one.address) for one in (measuring, building)]
    pools = [ipaddress.IPv4Network(one.pool) for one in (measuring, building)]
    parts = [*(one.network for one in interfaces), *pools]
    assert all(part.subnet_of(route(BASE)) for part in parts)
    assert sum(part.num_addresses for part in parts) == route(BASE).num_addresses
    assert len(set(parts)) == 4


AMONG = "-s 10.213.0.0/17 -d 10.213.0.0/17 -m physdev ! --physdev-is-bridged"


@pytest.fixture
def iptables(monkeypatch, tmp_path):
    """An iptables of a few lines of shell that keeps its rules in a file."""
    rules = tmp_path / "rules"
    rules.touch()
    program = tmp_path / "iptables"
    program.write_text(
        "#!/bin/sh\n"
        f"rules={rules}\n"
        'shift; table=$2; action=$3; shift 3; rule="$table $*"\n'
        "case $action in\n"
        '-C) grep -qxF -- "$rule" $rules ;;\n'
        '-I) echo "$rule" >> $rules ;;\n'
        '-D) line=$(grep -nxF -- "$rule" $rules | head -1 | cut -d: -f1)\n'
        'sed -i "${line}d" $rules ;;\n'
        "esac\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    ip = tmp_path / "ip"
    ip.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/ip.log\n')
    ip.chmod(ip.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "ip_forward").write_text("0\n")
    monkeypatch.setattr(network, "_FORWARDING", tmp_path / "ip_forward")
    monkeypatch.setattr(
        network,
        "bridges",
        lambda _: (network.Bridge("cbench-test0", "10.213.0.1/18", "10.213.64.0/18"),),
    )
    return rules


def test_setting_up_twice_makes_each_rule_once(iptables):
    network.set_up(BASE)
    once = iptables.read_text()
    network.set_up(BASE)
    assert iptables.read_text() == once
    assert once.splitlines() == [
        f"nat POSTROUTING -s {BASE} ! -d {BASE} -m comment --comment container-bench -j MASQUERADE",
        f"filter FORWARD -s {BASE} -m comment --comment container-bench -j ACCEPT",
        f"filter FORWARD -d {BASE} -m comment --comment container-bench -j ACCEPT",
        "mangle FORWARD -d 10.213.255.252/30 -m comment --comment container-bench -j DROP",
        f"mangle FORWARD {AMONG} -m comment --comment container-bench -j DROP",
    ]


def test_the_bridge_is_made_with_its_address_and_brought_up(iptables):
    network.set_up(BASE)
    assert (iptables.parent / "ip.log").read_text().splitlines() == [
        "link add name cbench-test0 type bridge",
        "addr add 10.213.0.1/18 dev cbench-test0",
        "link set cbench-test0 up",
        "ntable change name arp_cache dev cbench-test0 retrans 20",
    ]


def test_packets_are_forwarded_from_then_on(iptables, tmp_path):
    network.set_up(BASE)
    assert network.forwarding() == "1"


def test_a_rule_that_the_kernel_does_not_know_is_no_must(iptables, tmp_path):
    program = tmp_path / "iptables"
    text = program.read_text().replace("-I) ", "-I) case $rule in *physdev*) exit 2; esac; ")
    program.write_text(text)
    network.set_up(BASE)
    assert len(iptables.read_text().splitlines()) == 4
    assert len([one for one in network.present(BASE) if one.startswith("rule")]) == 4


def test_tearing_down_removes_its_own_rules_and_nobody_elses(iptables):
    iptables.write_text("filter FORWARD -j DOCKER-USER\n")
    network.set_up(BASE)
    with iptables.open("a") as file:  # an older bench left a rule twice
        file.write(iptables.read_text().splitlines()[-1] + "\n")
    network.tear_down(BASE)
    assert iptables.read_text() == "filter FORWARD -j DOCKER-USER\n"


def test_a_command_that_fails_is_named_with_what_it_said(iptables, tmp_path):
    (tmp_path / "ip").write_text("#!/bin/sh\necho 'RTNETLINK answers: Not permitted' >&2; exit 2\n")
    with pytest.raises(HostError, match="Not permitted") as caught:
        network.set_up(BASE)
    assert caught.value.subject.startswith("ip link add")


@pytest.mark.parametrize("program", ["ip", "iptables"])
def test_a_program_that_is_not_there_is_named(iptables, tmp_path, monkeypatch, program):
    (tmp_path / program).unlink()
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere")
    monkeypatch.setattr(network, "_SYSTEM_PROGRAMS", tmp_path / "sbin")
    with pytest.raises(HostError, match=f"{program}: cannot be run") as caught:
        network.set_up(BASE)
    assert "iproute2" in caught.value.remedy
