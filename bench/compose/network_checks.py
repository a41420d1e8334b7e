"""Addresses of the networks of a Compose file: well-formed, in their subnets, each given once."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from bench.compose.engine_values import check_ip_address, check_mac_address
from bench.compose.places import Places
from bench.yamldoc.nodes import locate
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.compose.model import ComposeFile
    from bench.compose.networks import AddressRange, Network, NetworkUse
    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Map
    from bench.yamldoc.source import Place

_Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Subnets:
    """The subnets of all networks, found without comparing each with each.

    Two overlap where they are the same or one lies in the other.
    """

    def __init__(self) -> None:
        self._owners: dict[_Subnet, str] = {}
        self._around: dict[_Subnet, _Subnet] = {}
        self._of: dict[str, list[_Subnet]] = {}

    def of(self, network: str) -> list[_Subnet]:
        """Those of one network."""
        return self._of.get(network, [])

    def overlapping(self, subnet: _Subnet) -> tuple[str, _Subnet] | None:
        """The first that overlaps with `subnet`, and its network."""
        inside = self._around.get(subnet)
        found = inside or next(
            (outer for outer in _with_outer(subnet) if outer in self._owners), None
        )
        return None if found is None else (self._owners[found], found)

    def add(self, network: str, subnet: _Subnet) -> None:
        """Have `subnet` as well."""
        self._owners.setdefault(subnet, network)
        self._of.setdefault(network, []).append(subnet)
        for outer in _with_outer(subnet):
            self._around.setdefault(outer, subnet)


def _with_outer(subnet: _Subnet) -> Iterator[_Subnet]:
    """`subnet`, and all that it lies in."""
    for length in range(subnet.prefixlen, -1, -1):
        yield subnet.supernet(new_prefix=length)


def check_networks(root: Map, file: ComposeFile) -> Iterator[Diagnostic]:
    """Every such fault in `file`, whose tree is `root`."""
    subnets = _Subnets()
    for name, network in file.networks.items():
        for number, given in enumerate(network.ipam.config):
            yield from _range(root, name, number, given, subnets)
    taken: dict[tuple[str, str], str] = {}
    for name, service in file.services.items():
        for key, use in (service.networks or {}).items():
            at = Places(root, name, "networks", key)
            yield from _joined(key, use, file.networks.get(key), subnets.of(key), at)
            for kind, address in _static(use):
                owner = taken.setdefault((key, address), name)
                if owner != name:
                    fault = f"`{owner}` has {address} as well"
                    yield at.key(kind).diagnostic(fault, "give each an address of its own")
                elif service.replicas > 1:
                    fault = f"one address for {service.replicas} containers"
                    yield at.key(kind).diagnostic(fault, "leave it out")


def _range(
    root: Map, name: str, number: int, given: AddressRange, subnets: _Subnets
) -> Iterator[Diagnostic]:
    """Every fault in one range; its subnet is added to `subnets`."""

    def place(*keys: str) -> Place:
        return locate(root, ("networks", name, "ipam", "config", number, *keys))[0]

    if given.subnet is None:
        for key in ("gateway", "ip_range"):
            if getattr(given, key) is not None:
                yield place(key).diagnostic(f"`{key}` without a `subnet`", "write both")
        return
    subnet, advice = _subnet(given.subnet)
    if subnet is None:
        yield place("subnet").diagnostic(f"{shown(given.subnet)} is no subnet", advice)
        return
    yield from _beside(name, subnet, subnets, place("subnet"))
    subnets.add(name, subnet)
    single = {"gateway": given.gateway, **given.aux_addresses}
    for key, single_address in single.items():
        path = (key,) if key == "gateway" else ("aux_addresses", key)
        if single_address is not None:
            yield from _inside(single_address, subnet, place(*path))
    if given.ip_range is not None:
        part, advice = _subnet(given.ip_range)
        if part is None:
            fault = f"{shown(given.ip_range)} is no range of addresses"
            yield place("ip_range").diagnostic(fault, advice)
        elif part.version != subnet.version or not part.subnet_of(subnet):  # type: ignore[arg-type]
            fault = f"{part} is not in {subnet}"
            yield place("ip_range").diagnostic(fault, "write a part of the subnet")


def _subnet(text: str) -> tuple[_Subnet | None, str]:
    """The subnet that `text` is, or None and what to write."""
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None, "write such as 10.0.0.0/24"
    if "/" not in text:
        return (
            None,
            f"write such as {text}/24" if found.version == 4 else f"write such as {text}/64",
        )
    if found.network_address != ipaddress.ip_interface(text).ip:
        return None, f"write {found}"
    return found, ""


def _beside(name: str, subnet: _Subnet, others: _Subnets, place: Place) -> Iterator[Diagnostic]:
    """A fault where no engine has `subnet` beside the `others`."""
    if found := others.overlapping(subnet):
        owner, other = found
        whose = "" if owner == name else f" of `{owner}`"
        fault = f"{subnet} overlaps with {other}{whose}"
        yield place.diagnostic(fault, "give each network addresses of its own")
    elif any(other.version == subnet.version for other in others.of(name)):
        fault = f"a second subnet of IPv{subnet.version}, which no bridge has"
        yield place.diagnostic(fault, "keep one of them")


def _inside(text: str, subnet: _Subnet, place: Place) -> Iterator[Diagnostic]:
    faults = list(_said(check_ip_address, text, place))
    yield from faults
    if not faults and ipaddress.ip_address(text) not in subnet:
        yield place.diagnostic(f"{text} is not in {subnet}", "write one of its addresses")


def _said(check: Callable[[str], None], text: str, place: Place) -> Iterator[Diagnostic]:
    try:
        check(text)
    except ValueError as error:
        message, _, advice = str(error).partition("; ")
        yield place.diagnostic(message, advice)


def _static(use: NetworkUse) -> list[tuple[str, str]]:
    """The addresses that a service asks for, with their keys."""
    given = [(key, getattr(use, key)) for key in ("ipv4_address", "ipv6_address")]
    return [(key, address) for key, address in given if address]


def _joined(
    name: str, use: NetworkUse, network: Network | None, subnets: Sequence[_Subnet], at: Places
) -> Iterator[Diagnostic]:
    """Every fault in how a service joins the network `name`."""
    if use.mac_address:
        yield from _said(check_mac_address, use.mac_address, at.key("mac_address"))
    for number, local in enumerate(use.link_local_ips):
        yield from _said(check_ip_address, local, at.key("link_local_ips", number))
    for key, text in _static(use):
        version = 4 if key == "ipv4_address" else 6
        own = [subnet for subnet in subnets if subnet.version == version]
        try:
            address = (ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)(text)
        except ValueError:
            example = "10.0.0.5" if version == 4 else "fd00::5"
            fault = f"{shown(text)} is no IPv{version} address"
            yield at.key(key).diagnostic(fault, f"write one such as {example}")
            continue
        if network is not None and not any(address in subnet for subnet in own):
            fault = f"{text} is in no subnet of `{name}`"
            advice = f"write one of {', '.join(map(str, own))}"
            none = f"give `{name}` one: `ipam: {{config: [{{subnet: …}}]}}`"
            yield at.key(key).diagnostic(fault, advice if own else none)
