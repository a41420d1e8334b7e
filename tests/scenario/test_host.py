"""Cases that are plain processes: what they may say, and what only a container has."""

from __future__ import annotations

import pytest

from bench.core.domain import CacheState
from bench.scenario.loading.load import parse_scenario_text
from tests.scenario.marked import faults_in, one_fault

HEAD = "version: 1\nname: t\n"
READY = "ready: {tcp: {port: 80}}"


def case(settings: str = "", host: str = "command: [serve]") -> str:
    return f"{HEAD}cases: {{one: {{host: {{{host}}}, {READY}{settings}}}}}"


def test_a_plain_process_shares_the_hosts_network_and_is_warm_where_nothing_is_said():
    one = parse_scenario_text(case(), "s.yaml").scenario.cases["one"]
    assert one.host is not None
    assert one.host.command == ["serve"]
    assert one.network_mode == "host"
    assert one.cache == [CacheState.WARM]


def test_it_may_be_given_what_the_kernel_can_give_a_process():
    text = case(
        ", cache: [image, warm], limits: {cpus: 1, memory: 64m, pids: 9}, cpuset: '0-3,5', "
        "stop_signal: INT, gpus: 1, environment: {A: b}, observe: exit",
        host="command: serve --port 80, working_dir: ., setup: [[make], 'make again']",
    )
    one = parse_scenario_text(text, "s.yaml").scenario.cases["one"]
    assert one.effective_limits.pids == 9
    assert one.host is not None
    assert one.host.setup == [["make"], "make again"]


def test_it_leaves_the_build_of_the_defaults_behind():
    text = f"{HEAD}defaults: {{image: x, {READY}}}\ncases: {{a: {{}}, b: {{host: {{command: x}}}}}}"
    cases = parse_scenario_text(text, "s.yaml").scenario.cases
    assert cases["a"].host is None
    assert cases["b"].image is None


@pytest.mark.parametrize(
    ("settings", "message", "suggestion"),
    [
        (", «volumes: ['./a:/a']", "has no `volumes`", "`volumes: null`"),
        (", «tmpfs: /run", "has no `tmpfs`", "leave it out"),
        (", «read_only: true", "has no `read_only`", "leave it out"),
        (", «user: 1000", "has no `user`", "leave it out"),
        (", «ports: ['80']", "has no `ports`", "leave it out"),
        (", «network_mode: bridge", "has no `network_mode`", "leave it out"),
        (", «replicas: 3", "has no `replicas`", "leave it out"),
        (", «cap_add: [ALL]", "has no `cap_add`", "leave it out"),
        (", «command: x", "stands within `host`", "`host: {command: …}`"),
        (", cache: «cold", "`cache: cold` needs an image", "`cache: image`"),
        (", cache: [«base, warm]", "`cache: base` needs an image", "`cache: warm`"),
        (", stop_signal: «FOO", "'FOO' is not a signal", ""),
        (", cpuset: «two", "'two' is not a list of cores", "0-3"),
        (", cpuset: «0-999999999", "a core that no host has", "0-3"),
        (", limits: {cpus: «0.001}", "0.001 cores is less", "0.01"),
        (
            ", deploy: {resources: {«reservations: {memory: 1g}}}",
            "nothing is reserved for a plain process",
            "use `gpus`",
        ),
    ],
)
def test_what_only_a_container_has_is_refused_where_it_stands(settings, message, suggestion):
    fault = one_fault(case(settings))
    assert message in fault.message
    assert suggestion in fault.suggestion


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("command: «[]", "a command without a program"),
        ("command: «''", "a command without a program"),
        ('command: «"it\'s"', "cannot be split into words"),
        ("command: x, setup: [«'']", "a command without a program"),
        ("command: x, working_dir: «nowhere", "there is no folder 'nowhere'"),
        (f"command: x, working_dir: «{'x' * 5000}", "there is no folder 'xxx"),
        ("command: x, «image: y", "unknown key `image`"),
    ],
)
def test_its_own_block_is_checked_too(host, message):
    assert message in one_fault(case(host=host)).message


def test_no_engine_looks_after_its_health():
    text = f"{HEAD}cases: {{one: {{host: {{command: x}}, ready: {{«healthcheck: true}}}}}}"
    assert "no engine checks the health" in one_fault(text).message


def test_what_comes_from_the_defaults_is_pointed_at_there():
    text = (
        f"{HEAD}defaults: {{«volumes: ['./a:/a'], {READY}}}\n"
        "cases: {a: {image: x}, b: {host: {command: x}}}"
    )
    assert "take it away with `volumes: null`" in one_fault(text).suggestion


def test_a_case_is_one_thing_only():
    text = f"{HEAD}cases: {{«one: {{image: x, host: {{command: x}}, {READY}}}}}"
    assert "one of `image`, `build` and `host`" in one_fault(text).message


def test_a_service_is_no_plain_process():
    services = f"services: {{s: {{host: {{command: x}}, {READY}}}}}"
    faults = faults_in(f"{HEAD}{services}\ncases: {{a: {{image: x, {READY}}}}}")
    assert any("`host` has no meaning here" in one.message for one in faults)


@pytest.mark.parametrize(
    ("cases", "has_images", "needs_engine"),
    [
        ("a: {host: {command: x}}", False, False),
        ("a: {host: {command: x}}, b: {image: x}", True, True),
    ],
)
def test_plain_processes_alone_need_no_engine(cases, has_images, needs_engine):
    text = f"{HEAD}defaults: {{{READY}}}\ncases: {{{cases}}}"
    scenario = parse_scenario_text(text, "s.yaml").scenario
    assert (scenario.has_images, scenario.needs_engine) == (has_images, needs_engine)


def test_it_is_warm_where_nothing_is_said_also_for_thresholds():
    text = case() + "\nthresholds: {ready_s: {limit: '<= 3s', cache: «cold}}"
    assert "no case is measured with `cache: cold`" in one_fault(text).message
