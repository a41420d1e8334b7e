"""The private engine's own bridges: unused addresses, and routing to the outside for them.

The private daemons run with iptables switched off, because a second dockerd that manages iptables
flushes the chains of the first. The rules they need are added here, as bench's own.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import HostError

_CANDIDATES = ("10.213.0.0/16", "10.87.0.0/16", "172.29.0.0/16", "10.151.0.0/16", "192.168.0.0/16")
_COMMENT = "container-bench"
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_SYSTEM_PROGRAMS = Path("/usr/sbin")  # often not on a user's PATH

_ASK_AGAIN_MS = 20
"""Interval of the host's ARP requests for an unanswered address on a bridge.

Addresses are reused, and a late packet for the previous container (a reply to one of its requests)
makes the host send an ARP request before a new container has the address. The first probe would
then wait for the next request, a whole second by the kernel's default.
"""


@dataclass(frozen=True)
class Bridge:
    """One bridge: its name, its own address with prefix, and the pool for further networks."""

    name: str
    address: str
    pool: str


def bridges(base: str) -> tuple[Bridge, Bridge]:
    """The measuring engine's bridge and the builder's, inside the range `base`."""
    network = ipaddress.IPv4Network(base)
    measuring, measuring_pool, building, building_pool = list(network.subnets(new_prefix=18))
    return (
        Bridge("cbench0", f"{measuring[1]}/18", str(measuring_pool)),
        Bridge("cbench1", f"{building[1]}/18", str(building_pool)),
    )


@dataclass(frozen=True)
class LinkEnds:
    """The addresses of the two ends of a shaped link, and the network that holds only them."""

    near: str
    far: str
    network: str


def link_ends(base: str) -> LinkEnds:
    """Addresses inside the range `base` that the daemons would assign last."""
    *_, last = ipaddress.IPv4Network(base).subnets(new_prefix=30)
    return LinkEnds(str(last[1]), str(last[2]), str(last))


def free_base() -> str:
    """A private /16 that overlaps no address or route of this host.

    Raises:
        HostError: every candidate is taken.
    """
    taken = _routed_networks()
    for candidate in _CANDIDATES:
        network = ipaddress.IPv4Network(candidate)
        if not any(network.overlaps(used) for used in taken):
            return candidate
    raise HostError(
        "private engine",
        "every private network range that bench knows is routed on this host",
        "use your own engine with --engine docker",
    )


def _routed_networks() -> list[ipaddress.IPv4Network]:
    """The IPv4 networks in the main routing table, except the default route."""
    networks = []
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        fields = line.split()
        address = int.from_bytes(bytes.fromhex(fields[1]), "little")
        mask = int.from_bytes(bytes.fromhex(fields[7]), "little")
        if mask:
            networks.append(ipaddress.IPv4Network((address, mask.bit_count())))
    return networks


def set_up(base: str) -> None:
    """Create the bridges and the rules that let containers out; existing ones are kept."""
    if forwarding() != "1":
        forward("1")
    for bridge in bridges(base):
        if not Path(f"/sys/class/net/{bridge.name}").exists():
            _ip("link", "add", "name", bridge.name, "type", "bridge")
            _ip("addr", "add", bridge.address, "dev", bridge.name)
        _ip("link", "set", bridge.name, "up")
        wait = ("dev", bridge.name, "retrans", str(_ASK_AGAIN_MS))
        _ip("ntable", "change", "name", "arp_cache", *wait)
    for rule in _rules(base):
        if not _iptables(*rule.check()):
            _iptables(*rule.insert(), must=rule.must)


def forwarding() -> str:
    """Whether this host forwards packets: `0` or `1`."""
    return _FORWARDING.read_text().strip()


def forward(value: str) -> None:
    """Enable (`1`) or disable (`0`) packet forwarding, which containers need to reach anything.

    Raises:
        HostError: not permitted here.
    """
    try:
        _FORWARDING.write_text(value)
    except OSError as error:
        raise HostError("net.ipv4.ip_forward", f"cannot be set: {error.strerror}") from error


def present(base: str) -> list[str]:
    """The parts of `set_up` that exist now, a line for each."""
    found = [
        f"bridge {bridge.name} ({bridge.address})"
        for bridge in bridges(base)
        if Path(f"/sys/class/net/{bridge.name}").exists()
    ]
    rules = [rule for rule in _rules(base) if _iptables(*rule.check())]
    return found + [
        f"rule {' '.join(('-t', rule.table, '-A', rule.chain, *rule.match))}" for rule in rules
    ]


def tear_down(base: str) -> None:
    """Remove everything that `set_up` created."""
    for rule in _rules(base):
        while _iptables(*rule.check()):
            _iptables(*rule.delete(), must=True)
    for bridge in bridges(base):
        if Path(f"/sys/class/net/{bridge.name}").exists():
            _ip("link", "delete", bridge.name)


@dataclass(frozen=True)
class _FilterRule:
    """A rule of the kernel's packet filter; optional if not every kernel supports it."""

    table: str
    chain: str
    match: tuple[str, ...]
    must: bool = True

    def check(self) -> tuple[str, ...]:
        return ("-t", self.table, "-C", self.chain, *self.match)

    def insert(self) -> tuple[str, ...]:
        return ("-t", self.table, "-I", self.chain, *self.match)

    def delete(self) -> tuple[str, ...]:
        return ("-t", self.table, "-D", self.chain, *self.match)


def _rules(base: str) -> tuple[_FilterRule, ...]:
    """Rules that let containers out, and two that block traffic.

    No container can reach the registry at the far end of a link; only the measuring daemon
    connects to it, from the host. And no container can reach a network of the measuring engine
    that it is not attached to, which dockerd would enforce if it managed rules. Traffic within a
    bridge is not affected, even if the kernel passes it to iptables. The table is evaluated before
    the filter table, so that the order of the rules there does not matter.
    """
    mark = ("-m", "comment", "--comment", _COMMENT)
    measuring = str(next(ipaddress.IPv4Network(base).subnets(new_prefix=17)))
    among = ("-s", measuring, "-d", measuring, "-m", "physdev", "!", "--physdev-is-bridged")
    return (
        _FilterRule("nat", "POSTROUTING", ("-s", base, "!", "-d", base, *mark, "-j", "MASQUERADE")),
        _FilterRule("filter", "FORWARD", ("-s", base, *mark, "-j", "ACCEPT")),
        _FilterRule("filter", "FORWARD", ("-d", base, *mark, "-j", "ACCEPT")),
        _FilterRule("mangle", "FORWARD", ("-d", link_ends(base).network, *mark, "-j", "DROP")),
        _FilterRule("mangle", "FORWARD", (*among, *mark, "-j", "DROP"), must=False),
    )


def _ip(*arguments: str) -> None:
    _must("ip", arguments)


def _iptables(*arguments: str, must: bool = False) -> bool:
    if must:
        _must("iptables", ("-w", *arguments))
        return True
    return run_program("iptables", "-w", *arguments).returncode == 0


def _must(program: str, arguments: tuple[str, ...]) -> None:
    done = run_program(program, *arguments)
    if done.returncode != 0:
        raise HostError(f"{program} {' '.join(arguments)}", done.stderr.strip() or "failed")


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a system program to its end.

    Raises:
        HostError: it is not installed.
    """
    search_path = f"{os.environ.get('PATH', '')}:{_SYSTEM_PROGRAMS}"
    path = shutil.which(program, path=search_path) or program
    environ = os.environ | {"PATH": search_path}  # `ip netns exec` looks for its program there
    try:
        return subprocess.run(
            [path, *arguments], check=False, capture_output=True, text=True, env=environ
        )
    except OSError as error:
        raise HostError(
            program, f"cannot be run: {error.strerror}", "install iproute2 and iptables"
        ) from error
