"""Nobody else answers for a case that has no address of its own."""

from __future__ import annotations

import socket

import pytest

from bench.core.errors import HostError
from bench.scenario.model import Case
from bench.trial.host_ports import check_free

PLAIN = {"host": {"command": ["serve"]}}
SHARED = {"image": "x", "network_mode": "host"}


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("case", [PLAIN, SHARED], ids=["plain process", "the host's network"])
@pytest.mark.parametrize("probe", ["tcp", "http"])
def test_a_port_that_another_program_has_is_an_error(taken, case, probe):
    ready = {"all": [{"log": "up"}, {probe: {"port": taken}}]}
    with pytest.raises(HostError, match="answered by another program") as caught:
        check_free(Case.model_validate(case | {"ready": ready}))
    assert caught.value.subject == f"port {taken}"


def test_a_port_that_nobody_has_is_free(taken):
    check_free(Case.model_validate(PLAIN | {"ready": {"log": "up"}}))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check_free(Case.model_validate(PLAIN | {"ready": {"tcp": {"port": port}}}))


def test_a_container_has_an_address_of_its_own(taken):
    check_free(Case.model_validate({"image": "x", "ready": {"tcp": {"port": taken}}}))
