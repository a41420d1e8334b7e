"""The networks of a stack, how a service joins one, and its ports, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from bench.compose.values import Flag, Option, Whole, Word
from bench.yamldoc.values import Model, Text


class Port(Model):
    """A port to publish."""

    target: Word
    published: Word | None = None
    host_ip: Text | None = None
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    app_protocol: Text | None = None
    mode: Literal["host", "ingress"] = "host"
    name: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_known(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(f'{value!r} is not a port to publish; write it as "8080:80"')  # noqa: TRY004
        return value

    @property
    def text(self) -> str:
        """The short form."""
        published = f"{self.published}:" if self.published else ""
        address = self.host_ip or ""
        if ":" in address and not address.startswith("["):
            address = f"[{address}]"
        before = f"{address}:" if address else ""
        return f"{before}{published}{self.target}/{self.protocol}"


class NetworkUse(Model):
    """How a service joins a network."""

    aliases: list[Text] = []
    ipv4_address: Text | None = None
    ipv6_address: Text | None = None
    link_local_ips: list[Text] = []
    mac_address: Text | None = None
    driver_opts: dict[str, Option] = {}
    priority: Whole = 0
    gw_priority: Whole = 0
    interface_name: Text | None = None


class AddressRange(Model):
    """Addresses of a network."""

    subnet: Text | None = None
    ip_range: Text | None = None
    gateway: Text | None = None
    aux_addresses: dict[str, Text] = {}


class AddressPlan(Model):
    """How a network hands out its addresses."""

    driver: Text | None = None
    config: list[AddressRange] = []
    options: dict[str, Option] = {}


class Network(Model):
    """A network of the stack."""

    driver: Literal["bridge", "default"] | None = None
    driver_opts: dict[str, Option] = {}
    internal: Flag = False
    enable_ipv6: Flag = False
    ipam: AddressPlan = Field(default_factory=AddressPlan)
