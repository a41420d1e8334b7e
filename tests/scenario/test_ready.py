"""What a `ready` may say, and what the image says where it says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bench.compose.container_keys import Healthcheck
from bench.scenario.inferred import (
    ImageSays,
    UnsaidError,
    exposed_ports,
    inferred_words,
    published_ports,
    settled,
)
from bench.scenario.loading.load import parse_scenario_text
from bench.scenario.probes import Ready
from bench.scenario.redact import redacted
from bench.scenario.requests import accepted, status_words

EXPOSED = ImageSays({"ExposedPorts": {"8080/tcp": {}}})
CURL = ["curl", "-f", "http://localhost/"]


def ready(**keys: Any) -> Ready:
    return Ready.model_validate(keys)


def read(text: str) -> Ready:
    scenario = parse_scenario_text(
        f"version: 1\nname: t\ncases: {{a: {{image: x{text}}}}}", "s.yaml"
    )
    return scenario.scenario.cases["a"].ready


# Statuses


@pytest.mark.parametrize(
    ("written", "taken", "words"),
    [
        (None, {200, 204, 299}, "2xx"),
        (401, {401}, "401"),
        ("200-399", {200, 301, 399}, "200-399"),
        ([200, 401], {200, 401}, "200 or 401"),
        (["200-204", 404], {200, 204, 404}, "200-204 or 404"),
        (" 200 - 299 ", {200, 299}, " 200 - 299 "),
    ],
)
def test_statuses_are_one_a_range_or_a_list_of_both(written, taken, words):
    found = accepted(written)
    assert taken <= found
    assert not found & {100, 199, 403, 500}
    assert status_words(written) == words


def test_a_list_of_statuses_is_read_from_a_file():
    probe = read(", ready: {http: {port: 80, status: [200, 401-403]}}").http
    assert probe is not None
    assert probe.accepted == {200, 401, 402, 403}


# What the image says


@pytest.mark.parametrize("text", ["", ", ready: {timeout: 9s}"])
def test_a_case_may_leave_its_probe_to_the_image(text):
    assert read(text).named() == []
    assert read(text).probes() == []


def test_secrets_in_headers_are_redacted_and_other_headers_are_not():
    headers = {"Authorization": "Bearer x", "X-Api-Key": "y", "Accept": "z"}
    tree = {"cases": {"a": {"ready": {"http": {"port": 80, "headers": headers}}}}}
    shown = redacted(tree)["cases"]["a"]["ready"]["http"]["headers"]
    assert shown == {"Authorization": "***", "X-Api-Key": "***", "Accept": "z"}


@pytest.mark.parametrize(
    ("check", "command"),
    [
        ({"Test": ["CMD", *CURL]}, CURL),
        ({"Test": ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]},
         ["/bin/sh", "-c", "curl -f http://localhost/ || exit 1"]),
    ],
)  # fmt: skip
def test_the_command_of_a_health_check_is_run_as_an_exec_probe(check, command):
    config = {"Healthcheck": check, "ExposedPorts": {"80/tcp": {}}}
    found = settled(ready(timeout="9s"), ImageSays(config))
    assert found.exec is not None
    assert (found.exec.command, found.timeout, found.named()) == (command, 9.0, ["exec"])


def test_the_shell_of_the_image_runs_it():
    config = {"Healthcheck": {"Test": ["CMD-SHELL", "x"]}, "Shell": ["/bin/bash", "-lc"]}
    found = settled(ready(), ImageSays(config))
    assert found.exec is not None
    assert found.exec.command == ["/bin/bash", "-lc", "x"]


@pytest.mark.parametrize("test", ["up", ["CMD-SHELL", "up"]])
def test_a_health_check_of_the_case_comes_before_that_of_the_image(test):
    config = {"Healthcheck": {"Test": ["CMD", "other"]}}
    found = settled(ready(), ImageSays(config, Healthcheck(test=test)))
    assert found.exec is not None
    assert found.exec.command == ["/bin/sh", "-c", "up"]


@pytest.mark.parametrize(
    ("config", "own"),
    [
        ({}, None),
        ({"Healthcheck": {"Test": ["NONE"]}}, None),
        ({"Healthcheck": {"Test": []}}, None),
        ({"Healthcheck": {"Test": ["CMD", "x"]}}, Healthcheck(disable=True)),
    ],
)
def test_without_a_health_check_a_connection_to_the_exposed_port_decides(config, own):
    before = ready()
    says = ImageSays({**config, "ExposedPorts": {"8080/tcp": {}, "53/udp": {}}}, own)
    found = settled(before, says)
    assert found.tcp is not None
    assert found.tcp.port == 8080
    assert inferred_words(before, found, says) == (
        "no probe named in `ready`: a connection to port 8080 decides, which the image exposes; "
        "many servers accept before they can answer"
    )


@pytest.mark.parametrize(
    "keys",
    [
        {"http": {"path": "/healthz"}},
        {"tcp": {}},
        {"grpc": {}},
        {"all": [{"log": "up"}, {"http": {"path": "/healthz"}}]},
        {"any": [{"tcp": {}}, {"tcp": {"socket": "/run/x"}}]},
    ],
)
def test_a_probe_without_a_port_asks_at_the_exposed_one(keys):
    before = ready(**keys)
    found = settled(before, EXPOSED)
    assert [one.endpoint.port for one in found.probes() if one.endpoint][:1] == [8080]
    assert inferred_words(before, found, EXPOSED) == (
        "`ready` names no port: 8080 is asked, which the image exposes"
    )


def test_what_is_said_is_left_as_it_is():
    for keys in ({"http": {"port": 1}}, {"log": "x"}, {"tcp": {"socket": "/x"}}, {"exit": True}):
        before = ready(**keys)
        assert settled(before, EXPOSED) is before
        assert inferred_words(before, before, EXPOSED) == ""


@pytest.mark.parametrize(
    ("keys", "exposed", "cause"),
    [
        ({}, {}, "`ready` names no probe, and the image has neither HEALTHCHECK nor EXPOSE"),
        ({"tcp": {}}, {}, "`ready` names no port, and the image exposes none"),
        ({}, {"80/tcp": {}, "443/tcp": {}}, "the image exposes several ports: 80, 443"),
        (
            {"tcp": {}},
            {"80": {}, "443": {}},
            "`ready` names no port, and the image exposes several",
        ),
        ({"tcp": {}}, {"53/udp": {}}, "exposes none"),
    ],
)
def test_what_an_image_does_not_say_clearly_is_no_guess(keys, exposed, cause):
    with pytest.raises(UnsaidError) as error:
        settled(ready(**keys), ImageSays({"ExposedPorts": exposed}))
    assert cause in error.value.cause
    assert "port: " in error.value.remedy


@pytest.mark.parametrize(
    ("exposed", "ports"),
    [
        ({"80/tcp": {}}, [80]),
        ({"443/TCP": {}, "80": {}}, [80, 443]),
        ({"8000-8002/tcp": {}}, [8000, 8001, 8002]),
        ({"0/tcp": {}, "70000/tcp": {}, "x": {}, "80/sctp": {}}, []),
        (None, []),
        (["80"], []),
    ],
)
def test_only_tcp_ports_that_there_are_count_as_exposed(exposed, ports):
    assert exposed_ports({"ExposedPorts": exposed}) == ports


@pytest.mark.parametrize(
    ("mappings", "ports"),
    [
        (["8080:80"], [80]),
        (["80", "127.0.0.1:5353:53/udp", "127.0.0.1::443/tcp"], [80, 443]),
        (["[::1]:8080:80", "8000-8001:9000-9001"], [80, 9000, 9001]),
    ],
)
def test_of_published_ports_those_of_the_container_count(mappings, ports):
    assert published_ports(mappings) == ports


def test_the_one_port_that_is_published_comes_before_those_that_are_exposed():
    config: dict[str, Any] = {"ExposedPorts": {"80/tcp": {}, "443/tcp": {}}}
    before, says = ready(http={}), ImageSays(config, published=[443])
    found = settled(before, says)
    assert found.http is not None
    assert found.http.port == 443
    assert inferred_words(before, found, says) == (
        "`ready` names no port: 443 is asked, which is published"
    )


def test_a_name_of_a_port_is_that_of_the_compose_file():
    before, says = ready(http={"port": "web"}), ImageSays({}, names={"web": 8080, "admin": 9})
    found = settled(before, says)
    assert found.http is not None
    assert found.http.port == 8080
    assert inferred_words(before, found, says) == ""
    with pytest.raises(UnsaidError, match="no port is called 'wb'") as error:
        settled(ready(http={"port": "wb"}), says)
    assert "web, admin" in error.value.remedy


# What of it is output


def test_of_one_pattern_with_several_numbers_the_greatest_is_followed():
    keys = [{"log": "a"}, {"log": {"pattern": "a", "times": 3}}, {"log": "b"}, {"tcp": {"port": 1}}]
    assert ready(all=keys).log_patterns() == {"a": 3, "b": 1}
