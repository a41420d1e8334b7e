"""A network that leads nowhere: a holder container whose default route leads into a black hole.

The holder is on the engine's own bridge, so that probes reach its address as they would reach any
container's. In its network namespace every route to elsewhere is replaced by one into a pair of
virtual devices that nobody reads but the watch. The container under test joins that namespace,
where the watch listens already.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import platform
import socket
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.egress.namespace import inside, ip_program, run_ip
from bench.egress.refusal import refusal
from bench.egress.tap import Tap
from bench.egress.watch import HOST_MODE, OTHER_KERNEL, ROOTLESS, Listening, is_rootless
from bench.images import calibration
from bench.journal.facts.contacts import WayOut
from bench.runtimes.specs import WorkloadSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.egress.ledger import Ledger
    from bench.egress.packets import Packet
    from bench.runtimes.images import ImageStore
    from bench.runtimes.protocol import ContainerEngine, RuntimeInfo
    from bench.runtimes.workload import Workload
    from bench.scenario.allow import Network

DNS_STAND_IN = ipaddress.ip_address("198.51.100.53")
"""The DNS server of a container with a cut network: an address for documentation (RFC 5737)."""

_IMAGE = "container-bench/pause:latest"
_SINK, _SINK_END, _WAY_IN = "cbsink0", "cbsink1", "eth0"
_OWN_V6 = ipaddress.ip_address("fd00:cb::2")  # so that attempts over IPv6 leave it too
_SIOCGIFNETMASK = 0x891B


def why_not_cut(engine: RuntimeInfo, network_mode: str = "bridge") -> str:
    """Why a container of this engine cannot be cut off; empty where it can."""
    if network_mode == "host":
        return HOST_MODE
    if not engine.is_local:
        return OTHER_KERNEL
    if is_rootless(engine):
        return ROOTLESS
    if os.geteuid() != 0:
        return "cutting off the network needs root"
    if ip_program() is None:
        return "cutting off the network needs `ip` (package iproute2)"
    if not calibration.supports(platform.machine()):
        return f"no holder image for {platform.machine()}"
    return ""


class CutNetwork:
    """The holder, its namespace, and the taps in it.

    Attributes:
        holder: whose network others join; None before it is made.
        address: of the holder on the engine's bridge, where probes go.
    """

    def __init__(self, runtime: ContainerEngine, way_out: WayOut) -> None:
        self._runtime = runtime
        self._way_out = way_out
        self._taps: list[Tap] = []
        self.holder: Workload | None = None
        self.address = ""
        self._pid = 0

    def make(
        self,
        name: str,
        labels: Mapping[str, str],
        hosts: Mapping[str, str],
        reachable: Sequence[Network],
    ) -> None:
        """Start the holder, cut its network off, and listen there.

        Args:
            name: of the holder.
            labels: mark it as bench's own.
            hosts: addresses by name, for /etc/hosts.
            reachable: what can be reached all the same.

        Raises:
            EngineError: the holder does not run.
            HostError: its network cannot be changed.
        """
        _have_image(self._runtime.images, labels)
        spec = WorkloadSpec(
            image=_IMAGE,
            name=name,
            labels=labels,
            extra_hosts=hosts,
            dns=(str(DNS_STAND_IN),),
            dns_search=(".",),
        )
        self.holder = self._runtime.create(spec)
        self.holder.start()
        state = self.holder.state()
        if not state.pid or not state.address:
            raise EngineError(name, f"the holder of the network is not running: {state.error}")
        self.address, self._pid = state.address, state.pid
        host = _address_facing(state.address)
        self._taps = inside(state.pid, lambda: _cut_off(state.address, host, reachable))

    def watch(self, ledger: Ledger) -> Listening:
        """The watch on whatever joins; owns the taps from now on."""
        taps, self._taps = self._taps, []
        refuses = self._way_out is WayOut.REFUSED
        says = "refuses" if refuses else "never answers"
        watch = Listening(
            taps,
            ledger,
            reach=f"every packet that left its network namespace; the network {says}",
            way_out=self._way_out,
            own=[ipaddress.ip_address(self.address), _OWN_V6],
            answer=_refuse if refuses else None,
        )
        watch.found(self._pid, None, "")
        return watch

    def remove(self) -> None:
        """Remove the holder, and its namespace with it."""
        for tap in self._taps:
            tap.close()
        self._taps = []
        if self.holder is not None:
            self.holder.remove()
            self.holder = None


def _refuse(tap: Tap, packet: Packet) -> None:
    if tap.device == _SINK_END and (frame := refusal(packet)):
        tap.send(frame)


def _have_image(images: ImageStore, labels: Mapping[str, str]) -> None:
    """Have the image of the holder in the engine's store, outside every registry."""
    if images.has(_IMAGE):
        return
    with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
        tar = Path(folder) / "rootfs.tar"
        calibration.write_rootfs(tar, platform.machine(), calibration.PAUSE)
        changes = [f'ENTRYPOINT ["/{calibration.PAUSE}"]']
        changes += [f"LABEL {name}={value}" for name, value in labels.items()]
        images.import_rootfs(tar, _IMAGE, tuple(changes))


def _address_facing(address: str) -> str:
    """This host's own address on the bridge that leads to `address`; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        anything.connect((address, 9))
        return str(anything.getsockname()[0])


def _cut_off(address: str, host: str, reachable: Sequence[Network]) -> list[Tap]:
    """Change the routes of the calling thread's namespace, and listen on the ways out of it.

    Args:
        address: of the holder.
        host: this host's on the same bridge.
        reachable: what is still routed, over the host.
    """
    network = _own_network(address)
    commands = [
        f"link add {_SINK} type veth peer name {_SINK_END}",
        f"link set {_SINK} arp off",
        f"link set {_SINK_END} arp off",
        f"link set {_SINK_END} up",
        f"link set {_SINK} up",
    ]
    run_ip(commands)
    taps = [Tap(_SINK_END)]
    try:
        # probes come from the host's own address, and their answers must find back
        commands = [f"route add {host}/32 dev {_WAY_IN} scope link src {address}"]
        commands += [
            f"route replace {network} via {host} dev {_WAY_IN} src {address}"
            for network in reachable
            if network.version == 4 and network != ipaddress.ip_network(host)
        ]
        commands += [
            f"route replace default dev {_SINK} src {address}",
            f"route del {network} dev {_WAY_IN}",
        ]
        run_ip(commands)
        _cut_off_v6()
        taps.append(Tap(_WAY_IN))
    except BaseException:
        for tap in taps:
            tap.close()
        raise
    return taps


def _own_network(address: str) -> ipaddress.IPv4Network:
    """The network that the way in is on, by the mask that the engine gave its device."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        request = struct.pack("256s", _WAY_IN.encode())
        mask = fcntl.ioctl(anything, _SIOCGIFNETMASK, request)[20:24]
    return ipaddress.IPv4Network(f"{address}/{ipaddress.IPv4Address(mask)}", strict=False)


def _cut_off_v6() -> None:
    """Lead IPv6 into the sink too, where the kernel has it; of its own it says nothing there."""
    settings = Path("/proc/sys/net/ipv6/conf")  # of the thread that opens them
    if not settings.is_dir():
        return
    (settings / _WAY_IN / "disable_ipv6").write_text("1")
    (settings / _SINK_END / "disable_ipv6").write_text("1")
    for name in ("accept_ra", "router_solicitations", "dad_transmits"):
        (settings / _SINK / name).write_text("0")
    run_ip([f"link set {_SINK} addrgenmode none"])
    (settings / _SINK / "disable_ipv6").write_text("0")
    run_ip(
        [
            f"addr add {_OWN_V6}/128 dev {_SINK} nodad",
            f"route add ::/0 dev {_SINK}",
        ]
    )
    if (settings / "lo" / "disable_ipv6").read_text().strip() == "1":
        # without an address of its own ::1 would lead into the sink, and `localhost` with it
        run_ip(["route add unreachable ::1/128"])
