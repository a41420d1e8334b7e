"""What an engine would refuse when it creates a container is refused where it is written.

The same settings stand in a service of a Compose file and in a case of a scenario, and both are
told the same.
"""

from __future__ import annotations

import pytest

from bench.scenario.loading.load import parse_scenario_text
from tests.compose.files import one_fault, stack
from tests.scenario.marked import case
from tests.scenario.marked import one_fault as one_fault_of_scenario

DIGITS = "0123456789abcdef" * 4

OF_BOTH = [
    ("image: «Nginx:1.27", "'Nginx:1.27' is no name of an image", "small letters: nginx:1.27"),
    ("image: «https://nginx", "is no name of an image", "leave https:// out"),
    ("image: «nginx@sha256:abc", "is no name of an image", "64 digits from 0 to f"),
    (f"image: «nginx@sha256:{DIGITS[:62]}", "the digest has 62 digits", "sha256 has 64"),
    (f"image: «nginx@sha256:{DIGITS.upper()}", "capitals in a digest", "small letters"),
    (f"image: «{DIGITS[1:]}a", "is the id of an image", "write its name"),
    (f"image: «{'a/' * 150}b", "is no name of an image", "the most is 255 characters"),
    ("platform: «bogus", "'bogus' is no platform", "linux/amd64"),
    ("platform: «linux/", "'linux/' is no platform", "linux/amd64"),
    ("platform: «a/b/c/d", "is no platform", "linux/amd64"),
    ("cap_add: [«NET_ADMN]", "'NET_ADMN' is no capability", "did you mean NET_ADMIN?"),
    ("cap_drop: [«CAP_ALL]", "'CAP_ALL' is no capability", "or ALL"),
    ("security_opt: [«bogus]", "'bogus' is no security option", "apparmor"),
    ("security_opt: [«'no-new-privileges:x']", "neither true nor false", ":true"),
    ("sysctls: {«vm.swappiness: 1}", "cannot be set for a container alone", "only net.*"),
    ("network_mode: host, sysctls: {«net.core.somaxconn: 9}", "the host's own", "leave one out"),
    ("ipc: host, sysctls: {«kernel.shmmax: 9}", "the host's own with `ipc: host`", "one out"),
    ("tmpfs: [«'/run:size=abc']", "'size=abc' is no option of a tmpfs", "size=64m"),
    ("tmpfs: [«'/run:noexc']", "'noexc' is no option of a tmpfs", "did you mean noexec?"),
    ("tmpfs: [«'/']", "would hide the whole image", "a folder"),
    ("volumes: [«'./a:/']", "would hide the whole image", "a folder"),
    ("ulimits: {«nofiles: 5}", "'nofiles' is no resource", "did you mean nofile?"),
    ("ulimits: {«nofile: {soft: 9, hard: 5}}", "soft limit is above the hard one", "at most 5"),
    ("ulimits: {«nofile: {soft: -1, hard: 5}}", "soft limit is above the hard one", "at most 5"),
    ("healthcheck: {retries: «-1}", "-1 is too small", "the least is"),
    ("healthcheck: {interval: «-1s}", "'-1s' is negative", "zero or more"),
    ("healthcheck: {interval: «900us}", "`interval`: '900us' is less than an engine takes", "1ms"),
    ("healthcheck: {timeout: «1us}", "`timeout`: '1us' is less", "1ms"),
    ("healthcheck: {start_period: «1us}", "`start_period`: '1us' is less", "1ms"),
    ("healthcheck: {start_interval: «1us}", "`start_interval`: '1us' is less", "1ms"),
    ("healthcheck: {test: «[curl]}", "the first word of `test`", "put one before it"),
    ("healthcheck: {test: «[CMD]}", "`CMD` without its command", "the words of one"),
    ("healthcheck: {test: «[CMD-SHELL, a, b]}", "`CMD-SHELL` without its command", "one text"),
    ("healthcheck: {test: «NONE}", "a program that is called NONE", "write [NONE]"),
    ("blkio_config: {weight: «5}", "5 is too small", "the least is 10"),
    ("blkio_config: {weight: «1001}", "1001 is too large", "the most is 1000"),
    ("blkio_config: {device_read_bps: [{path: /dev/a, rate: «0b}]}", "'0b' is nothing", "size"),
    ("blkio_config: {device_read_bps: [{path: «sda, rate: 1m}]}", "is no path from", "a slash"),
    ("cpuset: «3-1", "'3-1' names no core", "0-3"),
    ("stop_grace_period: «-1s", "'-1s' is negative", "zero or more"),
    (
        "deploy: {resources: {limits: {memory: 64m}, reservations: {«memory: 128m}}}",
        "128 MiB of memory are reserved, more than the limit of 64.0 MiB",
        "at most the limit",
    ),
    (
        "deploy: {resources: {reservations: {«memory: 1m}}}",
        "1.00 MiB of memory is less than an engine takes",
        "the least is 6m",
    ),
    (
        (
            "deploy: {resources: {reservations: {devices: [«{capabilities: [gpu], count: 1, "
            "device_ids: ['0']}]}}}"
        ),
        "`count` and `device_ids` together",
        "keep one of them",
    ),
    ("deploy: {resources: {limits: {pids: «5000000}}}", "5000000 is too large", "4194304"),
    ("tmpfs: [/run], volumes: [«'./a:/run/']", "two mounts at '/run'", "keep one"),
    ("ports: ['80:80', «'80:81']", "port 80/tcp of this host is published twice", "leave"),
]

OF_COMPOSE = [
    ("container_name: «'a b'", "'a b' is no name of a container", "letters, digits"),
    ("hostname: «'a b'", "'a b' is no name of a host", "letters, digits"),
    (f"hostname: «{'a' * 65}", "is no name of a host", "at most 64"),
    ("domainname: «'a b'", "'a b' is no name of a host", "letters"),
    ("mac_address: «zz", "'zz' is no hardware address", "02:42"),
    ("dns: [1.1.1.1, «bogus]", "'bogus' is no address", "192.0.2.1"),
    ("extra_hosts: [«'db:bogus']", "'bogus' is no address", "host-gateway"),
    ("extra_hosts: {db: «1.2.3}", "'1.2.3' is no address", "host-gateway"),
    ("device_cgroup_rules: [«bogus]", "'bogus' is no rule for devices", "c 10:229 rwm"),
    ("devices: [«fuse]", "'fuse' is no path from the root of the host", "a slash"),
    ("devices: [«'/dev/fuse:fuse']", "is no path from the root of the container", "a slash"),
    ("devices: [«'/dev/fuse:/dev/fuse:x']", "'x' are no rights to a device", "rwm"),
    ("labels: {«'': x}", "'' is no name of a label", ""),
    ("cpu_quota: 500, «cpu_period: 500", "a period of 500", "1000 to 1000000"),
    ("«cpu_quota: 500", "a quota of 500", "the least is 1000"),
    ("«cpu_quota: 1000, cpu_period: 1000000", "0.001 cores is less than", "0.01"),
    ("cpus: 1, «cpu_quota: 50000", "`cpus` and `cpu_quota` together", "keep one"),
    ("cpus: 1, «cpu_period: 50000", "`cpus` and `cpu_period` together", "keep one"),
    ("cpu_rt_period: 10, «cpu_rt_runtime: 20", "longer than", "at most"),
    ("«cpu_shares: 1", "1 is no share of the cores", "2 to 262144"),
    ("«cpu_shares: -1", "-1 is no share of the cores", "2 to 262144"),
    ("pids_limit: «5000000", "5000000 is too large", "4194304"),
    ("mem_limit: 64m, «mem_reservation: 128m", "are reserved, more than", "at most the limit"),
    ("mem_limit: 64m, «memswap_limit: 32m", "with swap is less than", "at least"),
    ("«memswap_limit: 32m", "`memswap_limit` without a limit of memory", "mem_limit"),
    ("memswap_limit: «x", "is not a size", ""),
    ("mem_swappiness: «101", "101 is too large", "the most is 100"),
    ("oom_score_adj: «1001", "1001 is too large", "the most is 1000"),
    ("oom_score_adj: «-1001", "-1001 is too small", "the least is -1000"),
    ("shm_size: «-1", "-1 is too small", ""),
    ("blkio_config: {weight_device: [{path: /dev/a, weight: «5}]}", "5 is too small", "is 10"),
    ("blkio_config: {device_read_iops: [{path: /dev/a, rate: «0}]}", "0 is nothing", "a size"),
    ("deploy: {resources: {reservations: {devices: [«{count: 1}]}}}", "`capabilities`", "gpu"),
    ("deploy: {restart_policy: {condition: «maybe}}", "'maybe' is not known here", "any"),
    ("deploy: {restart_policy: {max_attempts: «-1}}", "-1 is too small", "the least is 0"),
    (
        "volumes: [{type: bind, source: ., target: /x, bind: {propagation: «bogus}}]",
        "'bogus' is not known here",
        "private",
    ),
    ("uts: host, «hostname: x", "`hostname` and `uts: host` together", "keep one"),
    ("network_mode: host, «mac_address: '02:42:ac:11:00:02'", "network of the host", "leave"),
    ("scale: 2, ports: [«'80:80']", "each of the 2 containers would publish port 80/tcp", "leave"),
    ("scale: 3, ports: [«'80-81:80']", "publish one of the 2 ports 80-81/tcp", "at least 3"),
]

GOOD = [
    f"image: nginx@sha256:{DIGITS}",
    "image: localhost:5000/a/b:1, platform: linux/arm64/v8",
    "cap_add: [net_raw, CAP_SYS_ADMIN], cap_drop: [all]",
    "sysctls: {net.core.somaxconn: 1024, kernel.shmmax: 9, net/ipv4/ip_forward: 1}",
    "tmpfs: ['/run:size=10m,mode=1777,uid=0,noexec', '/x:size=50%', '/y:']",
    "ulimits: {NOFILE: 5, core: {soft: 0, hard: -1}}",
    "healthcheck: {test: [NONE]}",
    "healthcheck: {test: [], interval: 1ms, start_period: 0s}",
    "ports: ['127.0.0.1:80:80', '127.0.0.2:80:81', '80:80/udp', '9000-9010:9000', '8080', '8080']",
    "ports: ['80:80', '80:80']",
    "cpuset: '0', shm_size: 64m",
    "ports: ['::1:6000:6000', '[::2]:6000:6000']",
]

GOOD_IN_COMPOSE = [
    "cpu_quota: -1, cpu_shares: 0, pids_limit: -1, shm_size: 0",
    "cpu_quota: 50000, cpu_period: 100000",
    "cpus: 0, cpu_quota: 50000",
    "mem_limit: 64m, memswap_limit: -1, mem_swappiness: -1",
    "mem_limit: 64m, memswap_limit: 64m",
    "extra_hosts: ['a:host-gateway', 'b=::1', 'c:[::1]'], dns: ['::1']",
    "devices: [vendor.com/class=name]",
    "scale: 2, ports: ['80', '8080-8081:80']",
    "healthcheck: {test: [CMD, 'true'], interval: 0s, retries: 0}",
    "network_mode: host, ports: ['80:80', '80:81']",
    "labels: {'a=b': c}",
    "hostname: a_b.example, domainname: example.com",
    "blkio_config: {weight: 0}",
]


def _compose(settings: str) -> str:
    image = "" if "image" in settings else "image: a, "
    return f"services: {{web: {{{image}{settings}}}}}"


@pytest.mark.parametrize(("settings", "message", "suggestion"), OF_BOTH + OF_COMPOSE)
def test_a_service_of_a_compose_file(tmp_path, settings, message, suggestion):
    fault = one_fault(tmp_path, _compose(settings))
    assert message in fault.message
    assert suggestion in fault.suggestion


@pytest.mark.parametrize(("settings", "message", "suggestion"), OF_BOTH)
def test_a_case_of_a_scenario(settings, message, suggestion):
    fault = one_fault_of_scenario(case(settings))
    assert message in fault.message
    assert suggestion in fault.suggestion


@pytest.mark.parametrize("settings", GOOD + GOOD_IN_COMPOSE)
def test_what_engines_take_is_taken_in_a_compose_file(tmp_path, settings):
    assert stack(tmp_path, _compose(settings)).members


@pytest.mark.parametrize("settings", GOOD)
def test_what_engines_take_is_taken_in_a_scenario(settings):
    assert parse_scenario_text(case(settings), "s.yaml", environ={}).scenario
