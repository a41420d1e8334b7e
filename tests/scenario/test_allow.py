"""Declared contacts: names, addresses, networks and ports, and what is none of them."""

from __future__ import annotations

import ipaddress

import pytest

from bench.scenario.allow import Peer, parse_allowed
from bench.scenario.model import Scenario


def scenario(checks: dict[str, object]) -> Scenario:
    case = {"image": "x", "ready": {"exit": True}}
    return Scenario.model_validate(
        {"version": 1, "name": "s", "cases": {"one": case}, "checks": checks}
    )


@pytest.mark.parametrize(
    ("text", "name", "network", "port"),
    [
        ("config", "config", None, None),
        ("config:8888", "config", None, 8888),
        ("Config.Example.COM.:443", "config.example.com", None, 443),
        ("_srv-1.a", "_srv-1.a", None, None),
        ("10.0.0.5", None, "10.0.0.5/32", None),
        ("10.0.0.0/8:443", None, "10.0.0.0/8", 443),
        ("[2001:db8::1]", None, "2001:db8::1/128", None),
        ("[2001:db8::/32]:53", None, "2001:db8::/32", 53),
        (":53", None, None, 53),
    ],
)
def test_a_contact_is_a_host_a_port_or_both(text, name, network, port):
    found = parse_allowed(text)
    expected = None if network is None else ipaddress.ip_network(network)
    assert (found.text, found.name, found.network, found.port) == (text, name, expected, port)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (":", "not a destination"),
        ("config:", "no port that there is"),
        ("config:http", "no port that there is"),
        ("config:0", "no port that there is"),
        ("config:65536", "no port that there is"),
        ("config:٣", "no port that there is"),
        ("http://config", "'http://config' has no port"),
        ("2001:db8::1", "stands in brackets"),
        ("[2001:db8::1", "not a destination"),
        ("[config]", "is no address"),
        ("config/path", "is not a network"),
        ("10.0.0.5/8", "has host bits set"),
        ("10.0.0.256", "is no address"),
        ("0.0.0.0/0:443", "would allow every address"),
        ("*.example.com", "neither a name nor an address"),
        ("a b", "neither a name nor an address"),
        ("", "not a destination"),
    ],
)
def test_what_is_no_contact_is_refused_with_what_to_write(text, why):
    with pytest.raises(ValueError, match=why) as raised:
        parse_allowed(text)
    assert ";" in str(raised.value), "what is wrong, then what to write"


def test_a_name_and_a_port_together_ask_for_both():
    allowed = parse_allowed("config:8888")
    address = ipaddress.ip_address("10.0.0.5")
    assert allowed.covers(Peer(("config", "other"), address, 8888))
    assert not allowed.covers(Peer(("config",), address, 8889))
    assert not allowed.covers(Peer(("configs",), address, 8888))
    assert not allowed.covers(Peer((), address, 8888))


def test_a_network_does_not_hold_addresses_of_the_other_version():
    allowed = parse_allowed("10.0.0.0/8")
    assert not allowed.covers(Peer((), ipaddress.ip_address("2001:db8::1"), 443))


def test_the_contacts_of_all_rows_are_declared_once():
    checks: dict[str, object] = {
        "CI-3": {"allow": ["a", "b:1"]},
        "OPS-1": {"allow": ["b:1"]},
        "CI-4": "off",
    }
    assert [one.text for one in scenario(checks).declared_contacts] == ["a", "b:1"]


def test_a_scenario_with_a_contact_that_is_none_is_not_valid():
    with pytest.raises(ValueError, match="no port that there is"):
        scenario({"CI-3": {"allow": ["config:99999"]}})
