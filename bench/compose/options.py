"""Settings of services and networks in the words of the engine.

These keys mean the same to Compose and to the engine, and nothing to bench.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.compose.devices import ComposeBlkioConfig
    from bench.compose.networks import Network, NetworkUse
    from bench.compose.stack import ComposeService

_NO_DRIVER = "default"


def container_options(member: ComposeService, *, capped: bool) -> dict[str, Any]:
    """Parts of the body of the engine's call that creates a container.

    Args:
        member: the container.
        capped: whether what it may use of block devices and cores is limited.
    """
    service = member.service
    extra = [
        f"{name}:{address}"
        for name, addresses in service.extra_hosts.items()
        for address in addresses[1:]
    ]
    host: dict[str, Any] = {
        "CgroupnsMode": service.cgroup,
        "CpuRealtimePeriod": service.cpu_rt_period,
        "CpuRealtimeRuntime": service.cpu_rt_runtime,
        "CpuShares": service.cpu_shares,
        "DeviceCgroupRules": service.device_cgroup_rules,
        "DeviceRequests": [
            {"Driver": "cdi", "DeviceIDs": [device.source]}
            for device in service.devices
            if device.is_cdi
        ],
        "Devices": [
            {
                "PathOnHost": device.source,
                "PathInContainer": device.target or device.source,
                "CgroupPermissions": device.permissions,
            }
            for device in service.devices
            if not device.is_cdi
        ],
        "Dns": service.dns,
        "DnsOptions": service.dns_opt,
        "DnsSearch": service.dns_search,
        "ExtraHosts": extra,
        "OomKillDisable": service.oom_kill_disable,
        "OomScoreAdj": service.oom_score_adj,
        "PidMode": service.pid if service.pid == "host" else None,
        "Runtime": service.runtime,
        "StorageOpt": service.storage_opt,
        "UTSMode": service.uts,
        "UsernsMode": service.userns_mode,
        **(_blkio(service.blkio_config) if capped else {}),
    }
    config = {"Domainname": service.domainname, "MacAddress": service.mac_address}
    return _given({**config, "HostConfig": _given(host)})


def _blkio(config: ComposeBlkioConfig) -> dict[str, Any]:
    rates = {
        "BlkioDeviceReadBps": config.device_read_bps,
        "BlkioDeviceWriteBps": config.device_write_bps,
        "BlkioDeviceReadIOps": config.device_read_iops,
        "BlkioDeviceWriteIOps": config.device_write_iops,
    }
    return {
        "BlkioWeight": config.weight,
        "BlkioWeightDevice": [
            {"Path": device.path, "Weight": device.weight} for device in config.weight_device
        ],
        **{
            key: [{"Path": rate.path, "Rate": rate.rate} for rate in found]
            for key, found in rates.items()
        },
    }


def endpoint_options(use: NetworkUse) -> dict[str, Any]:
    """How a container joins a network, beside its names there."""
    addresses = _given(
        {
            "IPv4Address": use.ipv4_address,
            "IPv6Address": use.ipv6_address,
            "LinkLocalIPs": use.link_local_ips,
        }
    )
    return _given(
        {
            "IPAMConfig": addresses,
            "MacAddress": use.mac_address,
            "DriverOpts": dict(use.driver_opts),
        }
    )


def network_options(network: Network) -> dict[str, Any]:
    """Parts of the body of the engine's call that makes a network."""
    plan = network.ipam
    ranges = [
        _given(
            {
                "Subnet": addresses.subnet,
                "IPRange": addresses.ip_range,
                "Gateway": addresses.gateway,
                "AuxiliaryAddresses": addresses.aux_addresses,
            }
        )
        for addresses in plan.config
    ]
    driver = None if plan.driver == _NO_DRIVER else plan.driver
    ipam = _given({"Driver": driver, "Config": ranges, "Options": dict(plan.options)})
    return _given(
        {
            "IPAM": ipam,
            "EnableIPv6": network.enable_ipv6,
            "Options": dict(network.driver_opts),
        }
    )


def _given(parts: dict[str, Any]) -> dict[str, Any]:
    """The parts that are set."""
    return {key: part for key, part in parts.items() if part not in (None, False, [], {}, "")}
