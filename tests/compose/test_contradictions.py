"""What each service may have for itself, and no two of a Compose file together."""

from __future__ import annotations

import pytest

from tests.compose.files import one_fault, stack
from tests.scenario.marked import faults_in, unmarked

FIRST_OF_BOTH = "services: {a: {image: x, ports: ['%s']}, b: {image: x, ports: [«'%s']}}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("80:80", "80:81"),
        ("8000-8010:8000-8010", "8005:81"),
        ("127.0.0.1:80:80", "80:81"),
        ("127.0.0.1:80:80", "0.0.0.0:80:81"),
        ("[::1]:80:80", "::1:80:81"),
        ("80:80/udp", "80:81/udp"),
    ],
)
def test_two_services_publish_one_port(tmp_path, one, other):
    fault = one_fault(tmp_path, FIRST_OF_BOTH % (one, other))
    assert "`a` publishes port" in fault.message
    assert "as well" in fault.message
    assert "leave the host's port out" in fault.suggestion


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("80:80", "80:80/udp"),
        ("127.0.0.1:80:80", "127.0.0.2:80:80"),
        ("127.0.0.1:80:80", "[::1]:80:80"),
        ("80", "80"),
        ("8000-8010:80", "8005:80"),
        ("0:80", "0:80"),
    ],
)
def test_two_services_publish_ports_that_are_not_one(tmp_path, one, other):
    text = unmarked(FIRST_OF_BOTH % (one, other))[0]
    assert len(stack(tmp_path, text).members) == 2


def test_only_who_takes_part_has_a_port(tmp_path):
    text = (
        "services: {a: {image: x, ports: ['80:80']}, "
        "b: {image: x, ports: ['80:80'], profiles: [other]}, "
        "c: {image: x, ports: ['80:80'], network_mode: host}}"
    )
    found = stack(tmp_path, text)
    assert [one.name for one in found.members] == ["a", "c"]
    (warning,) = found.warnings
    assert warning.message == "`ports` have no effect with `network_mode: host`"


def test_services_and_cases_of_a_scenario_publish_one_port():
    text, places = unmarked(
        "version: 1\nname: t\n"
        "services:\n"
        "  a: {image: x, ports: ['80:80'], ready: {tcp: {port: 80}}}\n"
        "  b: {image: x, ports: [«'80:81'], ready: {tcp: {port: 80}}}\n"
        "cases:\n"
        "  one: {image: x, ports: [«'80:82'], ready: {tcp: {port: 80}}}\n"
        "  two: {image: x, ports: ['90:82'], ready: {tcp: {port: 80}}}\n"
        "  three: {image: x, ports: ['90:82'], ready: {tcp: {port: 80}}}\n"
    )
    faults = faults_in(text)
    assert [(one.line, one.col) for one in faults] == places
    assert all("`a` publishes port 80/tcp" in one.message for one in faults)


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ("«hostname: h", "`hostname`"),
        ("«mac_address: '02:42:ac:11:00:02'", "`mac_address`"),
        ("«dns: 1.1.1.1", "`dns`"),
        ("«extra_hosts: ['a:1.1.1.1']", "`extra_hosts`"),
        ("«ports: ['80:80']", "`ports`"),
    ],
)
def test_the_network_of_another_service_has_its_own_settings(tmp_path, keys, fault):
    text = "services: {web: {image: x, network_mode: 'service:db', %s}, db: {image: x}}"
    found = one_fault(tmp_path, text % keys)
    assert found.message == f"{fault} of a service on the network of another"
    assert "at the other service" in found.suggestion


def test_two_services_with_one_container_name(tmp_path):
    text = "services: {a: {image: x, container_name: ab}, b: {image: x, «container_name: ab}}"
    assert "`a` has this `container_name` as well" in one_fault(tmp_path, text).message


NETWORK = "services: {a: {image: x, networks: {n: %s}}}\nnetworks: {n: {ipam: {config: [%s]}}}"
SUBNET = "subnet: 10.0.0.0/24"


@pytest.mark.parametrize(
    ("joined", "config", "message", "suggestion"),
    [
        ("{}", "{«subnet: bogus}", "'bogus' is no subnet", "10.0.0.0/24"),
        ("{}", "{«subnet: 10.0.0.0/99}", "'10.0.0.0/99' is no subnet", "10.0.0.0/24"),
        ("{}", "{«subnet: 10.0.0.1/24}", "is no subnet", "write 10.0.0.0/24"),
        ("{}", f"{{{SUBNET}, «gateway: x}}", "'x' is no address", "192.0.2.1"),
        ("{}", f"{{{SUBNET}, «gateway: 10.1.0.1}}", "is not in 10.0.0.0/24", "write one of it"),
        ("{}", "{«gateway: 10.0.0.1}", "`gateway` without a `subnet`", "write both"),
        ("{}", "{«ip_range: 10.0.0.0/25}", "`ip_range` without a `subnet`", "write both"),
        ("{}", f"{{{SUBNET}, «ip_range: 10.1.0.0/25}}", "is not in 10.0.0.0/24", "write a part"),
        ("{}", f"{{{SUBNET}, aux_addresses: {{«h: 10.1.1.1}}}}", "is not in 10.0.0.0/24", ""),
        ("{}", f"{{{SUBNET}}}, {{«subnet: 10.0.0.0/25}}", "overlaps with 10.0.0.0/24", ""),
        ("{}", f"{{{SUBNET}}}, {{«subnet: 10.9.0.0/24}}", "a second subnet", "keep one"),
        ("{«ipv4_address: x}", f"{{{SUBNET}}}", "'x' is no IPv4 address", ""),
        ("{«ipv4_address: '::1'}", f"{{{SUBNET}}}", "'::1' is no IPv4 address", ""),
        ("{«ipv6_address: 10.0.0.5}", f"{{{SUBNET}}}", "'10.0.0.5' is no IPv6 address", ""),
        ("{«ipv4_address: 10.1.0.5}", f"{{{SUBNET}}}", "is in no subnet of `n`", "10.0.0.0/24"),
        ("{«ipv4_address: 10.1.0.5}", "", "is in no subnet of `n`", "ipam"),
        ("{«mac_address: x}", f"{{{SUBNET}}}", "'x' is no hardware address", ""),
        ("{link_local_ips: [«x]}", f"{{{SUBNET}}}", "'x' is no address", ""),
    ],
)
def test_addresses_of_a_network(tmp_path, joined, config, message, suggestion):
    fault = one_fault(tmp_path, NETWORK % (joined, config))
    assert message in fault.message
    assert suggestion in fault.suggestion


def test_two_networks_with_the_same_addresses(tmp_path):
    text = (
        "services: {a: {image: x, networks: [n, m]}}\n"
        "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}, "
        "m: {ipam: {config: [{«subnet: 10.0.0.128/25}]}}}"
    )
    assert "overlaps with 10.0.0.0/24 of `n`" in one_fault(tmp_path, text).message


def test_two_containers_with_one_address(tmp_path):
    networks = "\nnetworks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}"
    one = "{image: x, networks: {n: {ipv4_address: 10.0.0.5}}}"
    other = "{image: x, networks: {n: {«ipv4_address: 10.0.0.5}}}"
    both = one_fault(tmp_path, f"services: {{a: {one}, b: {other}}}" + networks)
    assert "`a` has 10.0.0.5 as well" in both.message
    scaled = "{image: x, scale: 2, networks: {n: {«ipv4_address: 10.0.0.5}}}"
    several = one_fault(tmp_path, f"services: {{a: {scaled}}}" + networks)
    assert "for 2 containers" in several.message


def test_addresses_that_fit(tmp_path):
    text = (
        "services: {a: {image: x, "
        "networks: {n: {ipv4_address: 10.0.0.5, ipv6_address: 'fd00::5'}}}}\n"
        "networks: {n: {enable_ipv6: true, ipam: {config: [{subnet: 10.0.0.0/24, "
        "gateway: 10.0.0.1, ip_range: 10.0.0.128/25, aux_addresses: {h: 10.0.0.9}}, "
        "{subnet: 'fd00::/64'}]}}}"
    )
    assert stack(tmp_path, text).members


def test_names_that_no_engine_takes(tmp_path):
    text = "services: {a: {image: x, volumes: ['a b:/x']}}\nvolumes: {«'a b': {}}"
    assert "'a b' is not a name" in one_fault(tmp_path, text).message
    text = "services: {a: {image: x, networks: ['a b']}}\nnetworks: {«'a b': {}}"
    assert "'a b' is not a name" in one_fault(tmp_path, text).message


def test_a_port_by_a_name_that_no_port_has(tmp_path):
    (tmp_path / "compose.yaml").write_text(
        "services: {a: {image: x, ports: [{target: 80, name: web}, "
        "{target: 81, name: dns, protocol: udp}]}}"
    )
    case = "version: 1\nname: t\ncases: {s: {compose: {file: compose.yaml, ready: {a: {%s}}}}}"
    for ready in ("http: {port: «wbe}", "tcp: {port: «dns}", "any: [{http: {port: «wbe}}]"):
        text, places = unmarked(case % ready)
        (fault,) = faults_in(text, tmp_path)
        assert [(fault.line, fault.col)] == places
        assert "of `a` is called" in fault.message
        assert "web" in fault.suggestion


def test_a_check_of_none_is_off(tmp_path):
    text = (
        "services: {a: {image: x, depends_on: {«b: {condition: service_healthy}}}, "
        "b: {image: x, healthcheck: {test: [NONE, more]}}}"
    )
    assert "switched off" in one_fault(tmp_path, text).message


def test_a_probe_of_a_check_that_is_off(tmp_path):
    (tmp_path / "compose.yaml").write_text(
        "services: {a: {image: x, healthcheck: {test: [NONE]}}}", encoding="utf-8"
    )
    text, places = unmarked(
        "version: 1\nname: t\n"
        "cases: {s: {compose: {file: compose.yaml, ready: {«a: {healthcheck: true}}}}}"
    )
    (fault,) = faults_in(text, tmp_path)
    assert [(fault.line, fault.col)] == places
    assert "switched off" in fault.message


def test_a_core_that_this_host_has_not(tmp_path):
    (warning,) = stack(tmp_path, "services: {a: {image: x, cpuset: '4000'}}").warnings
    assert warning.message == "this host has no core 4000: `a` cannot be started on it"


def test_a_service_beside_a_stack_publishes_a_port_of_it(tmp_path):
    (tmp_path / "compose.yaml").write_text("services: {a: {image: x, ports: ['80:80']}}")
    text, places = unmarked(
        "version: 1\nname: t\n"
        "services: {b: {image: x, ports: ['80:81'], ready: {tcp: {port: 80}}}}\n"
        "cases: {s: {«compose: compose.yaml}}"
    )
    (fault,) = faults_in(text, tmp_path)
    assert [(fault.line, fault.col)] == places
    assert "`b` publishes port 80/tcp" in fault.message
