"""Whose socket it is, asked of this very process."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bench.egress.processes import SocketOwners

OWN_NAME = Path("/proc/self/comm").read_text().strip()


@pytest.fixture
def owners() -> SocketOwners:
    return SocketOwners(os.getpid())


def test_the_owner_of_a_connection_is_found_by_its_ports(owners):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            local = client.getsockname()[1]
            assert owners.owner("tcp", local, port) == OWN_NAME
            assert owners.owner("tcp", local, port + 1) is None


@pytest.mark.parametrize("connected", [True, False])
def test_the_owner_of_a_datagram_socket_is_found(owners, connected):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        if connected:
            one.connect(("127.0.0.1", 9))
        assert owners.owner("udp", one.getsockname()[1], 9) == OWN_NAME


def test_a_socket_of_ipv6_is_found(owners):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.bind(("::", 0))
        assert owners.owner("udp", one.getsockname()[1], 9) == OWN_NAME


def test_a_socket_that_is_closed_has_no_owner(owners):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    assert owners.owner("udp", port, 9) is None


def test_a_process_that_is_gone_has_no_sockets():
    assert SocketOwners(2**22 + 1).owner("tcp", 1, 1) is None
