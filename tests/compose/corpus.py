"""Compose files that between them have every key of the specification in each of its forms.

Each file has one service with one key in one form, and what that form needs beside it. The forms
are those that the specification's schema allows: a number may be text, a flag too, a list may be a
mapping, and any value may come from a variable, which may leave nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass

ENVIRON = {"TEXT": "text", "TOKEN": "t0ken"}
FILES = {
    "Dockerfile": "FROM scratch\n",
    "other/Dockerfile": "FROM scratch\n",
    "web.env": 'A=1\nB: two\nC="$TEXT"\n# a note\nexport D=4\n',
    "more.env": "A=2\n",
    "labels.txt": "a=b\n",
    "conf.txt": "conf\n",
    "cred.txt": "cred\n",
    "base.yaml": "services: {base: {image: base, environment: {A: base, B: base}, cap_add: [BPF]}}",
    "part.yaml": "services: {part: {image: part}}\nvolumes: {parts: }\n",
    "data/file": "data\n",
}

_AROUND = """
networks:
  front:
    ipam: {{config: [{{subnet: 172.16.238.0/24}}, {{subnet: '2001:3984:3989::/64'}}]}}
  back: {{}}
volumes:
  data:
  more: {{}}
configs:
  conf: {{file: conf.txt}}
secrets:
  cred: {{file: cred.txt}}
  token: {{environment: TOKEN}}
{rest}"""

UNSET = "'${NOTHING:-}'"
FLAG = ("true", "false", "'true'", "'${ON:-true}'", "'${OFF:-false}'", UNSET, "")
_LABELS = ("{a: b, c: 1, d: true, e: }", "[a=b, c, d=1]", "{}", "[]")
_HOSTS = ("{a: 10.0.0.1, b: '::1'}", "['a:10.0.0.1', 'b=::1']", "{a: [10.0.0.1, 10.0.0.2]}")
_SPECIAL_DEVICES = (
    "[{capabilities: [gpu]}]",
    "[{driver: nvidia, count: 1, capabilities: [gpu, utility]}]",
    "[{driver: nvidia, count: '2', capabilities: [gpu]}]",
    "[{driver: nvidia, count: all, capabilities: [gpu]}]",
    "[{driver: nvidia, device_ids: ['0', '3'], capabilities: [gpu]}]",
    "[{capabilities: [gpu], options: {virtualization: false}}]",
    "[{capabilities: [gpu], options: [a=b]}]",
)


def number(value: str) -> tuple[str, ...]:
    """A number in its forms."""
    return (value, f"'{value}'", f"'${{N:-{value}}}'", UNSET)


def text(value: str) -> tuple[str, ...]:
    """A text in its forms."""
    bare = value.strip("'")
    return (value, f"'{bare}'", f"'${{T:-{bare}}}'", UNSET, "")


def texts(*values: str) -> tuple[str, ...]:
    """A list of texts in its forms."""
    return (
        f"[{', '.join(values)}]",
        f"[{values[0]}]",
        "[]",
        "['${T:-" + values[0].strip("'") + "}']",
    )


def one_or_more(*values: str) -> tuple[str, ...]:
    """A text, or a list of them."""
    return (*texts(*values), *text(values[0]))


OF_SERVICE: dict[str, tuple[str, ...]] = {
    "annotations": _LABELS,
    "attach": FLAG,
    "blkio_config": (
        "{weight: 300}",
        "{weight: '300', weight_device: [{path: /dev/null, weight: 400}]}",
        "{device_read_bps: [{path: /dev/null, rate: 12mb}]}",
        "{device_write_bps: [{path: /dev/null, rate: 1024}]}",
        "{device_read_iops: [{path: /dev/null, rate: 120}]}",
        "{device_write_iops: [{path: /dev/null, rate: '30'}]}",
    ),
    "build": (
        ".",
        "./other",
        "{context: .}",
        "{}",
        "{context: other, dockerfile: ../Dockerfile}",
        "{dockerfile_inline: 'FROM scratch'}",
    ),
    "cap_add": texts("NET_ADMIN", "SYS_TIME"),
    "cap_drop": texts("ALL", "CHOWN"),
    "cgroup": ("host", "private", UNSET),
    "cgroup_parent": text("m-parent"),
    "command": (
        "echo hello",
        "'echo \"hello world\" $$HOME'",
        "[echo, hello]",
        "[]",
        "",
        "''",
        "['${T:-a}', '']",
    ),
    "configs": (
        "[conf]",
        "[{source: conf}]",
        "[{source: conf, target: /etc/conf, uid: '103', gid: '103', mode: 0440}]",
        "[{source: conf, mode: '0440'}]",
        "[{source: conf, mode: 288}]",
    ),
    "container_name": text("my-web"),
    "cpu_count": number("2"),
    "cpu_percent": number("50"),
    "cpu_period": (*number("50000"), "50ms"),
    "cpu_quota": (*number("25000"), "25ms"),
    "cpu_rt_period": (*number("1400"), "1400us"),
    "cpu_rt_runtime": (*number("400"), "400us"),
    "cpu_shares": number("73"),
    "cpus": (*number("0.5"), *number("2"), "0", "'0'", ".5"),
    "cpuset": text("0-3"),
    "credential_spec": ("{file: spec.json}", "{registry: x}", "{config: conf}"),
    "depends_on": (
        "[db]",
        "[db, cache]",
        "{db: {condition: service_started}}",
        "{db: {condition: service_healthy, restart: true, required: true}}",
        "{cache: {condition: service_completed_successfully, required: false}}",
        "{db: {condition: '${C:-service_started}', restart: '${R:-false}'}}",
        "[]",
        "{}",
    ),
    "deploy": (
        "{}",
        "{mode: replicated, endpoint_mode: vip, labels: {a: b}}",
        "{replicas: 1}",
        "{replicas: '2'}",
        "{resources: {limits: {cpus: '0.5', memory: 50M, pids: 1}}}",
        "{resources: {limits: {cpus: 0.5, memory: 1g, pids: '100'}}}",
        "{resources: {limits: {cpus: '${C:-}', memory: '${M:-}', pids: '${P:-}'}}}",
        "{resources: {reservations: {cpus: '0.25', memory: 20M}}}",
        (
            "{resources: {reservations: {generic_resources: "
            "[{discrete_resource_spec: {kind: gpu, value: 2}}]}}}"
        ),
        *(f"{{resources: {{reservations: {{devices: {one}}}}}}}" for one in _SPECIAL_DEVICES),
        "{restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 120s}}",
        "{restart_policy: {condition: any, max_attempts: '3'}}",
        (
            "{placement: {constraints: [node.role == manager], preferences: [{spread: a}], "
            "max_replicas_per_node: 1}}"
        ),
        (
            "{update_config: {parallelism: 2, delay: 10s, failure_action: pause, monitor: 1s, "
            "max_failure_ratio: 0.5, order: stop-first}}"
        ),
        "{rollback_config: {parallelism: '2', order: start-first}}",
    ),
    "develop": (
        "{}",
        "{watch: [{path: ., action: sync, target: /x, ignore: [node_modules/]}]}",
        "{watch: [{path: ., action: rebuild}, {path: other, action: sync+restart, target: /y}]}",
    ),
    "device_cgroup_rules": texts("c 1:3 mr", "a 7:* rmw"),
    "devices": (
        "[/dev/null]",
        "['/dev/null:/dev/other']",
        "['/dev/null:/dev/other:r']",
        "[{source: /dev/null, target: /dev/other, permissions: rw}]",
        "[{source: /dev/null}]",
    ),
    "dns": one_or_more("8.8.8.8", "9.9.9.9"),
    "dns_opt": texts("use-vc", "no-tld-query"),
    "dns_search": one_or_more("example.com", "dc1.example.com"),
    "domainname": text("example.com"),
    "entrypoint": (
        "/entry.sh",
        "[/entry.sh, -x]",
        "[]",
        "''",
        "'sh -c \"exec x\"'",
        "",
    ),
    "env_file": (
        "web.env",
        "[web.env]",
        "[web.env, more.env]",
        "[{path: web.env}]",
        "[{path: no.env, required: false}, {path: web.env, required: true}]",
        "[{path: more.env, format: raw}]",
        "['${E:-web.env}']",
    ),
    "environment": (
        "{A: 1, B: two, C: true, D: 1.10, E: 010, F: , G: '', TEXT: }",
        "[A=1, B=two, TEXT, NOPE, 'D=', 'E=a=b']",
        "{}",
        "[]",
        "{A: '${T:-x}', B: '$$T', C: '$TEXT-${TEXT}-${NOPE:-d}-${TEXT:+set}'}",
        "{A: 1e6, B: 0x10, C: 0.0001, D: 1_000, E: .5, F: ~, G: no, H: 12345678901234567890}",
    ),
    "expose": ("[80]", "['80', '443/tcp', '8000-8010']", "[]"),
    "extends": (
        "base",
        "{service: base}",
        "{file: base.yaml, service: base}",
    ),
    "external_links": texts("other", "'other:alias'"),
    "extra_hosts": _HOSTS,
    "gpus": ("all", *_SPECIAL_DEVICES),
    "group_add": ("[mail]", "[mail, 101]", "['101']", "[]"),
    "healthcheck": (
        "{test: curl -f localhost}",
        "{test: [CMD, curl, -f, localhost]}",
        "{test: [CMD-SHELL, curl -f localhost]}",
        "{test: [NONE]}",
        "{disable: true}",
        "{disable: 'false', test: [CMD, x], interval: 1m30s, timeout: 10s, retries: 3}",
        "{test: x, retries: '3', start_period: 40s, start_interval: 5s}",
        "{test: x, interval: '${I:-30s}', retries: '${R:-}', timeout: '${T:-}'}",
        "{interval: 1h2m3.5s}",
        "{}",
    ),
    "hostname": text("web-1"),
    "image": (*text("nginx"), "nginx:1.27", "ghcr.io/a/b@sha256:" + "a" * 64),
    "init": FLAG,
    "ipc": ("host", "private", "shareable", "none", "'service:db'", UNSET),
    "isolation": ("default", UNSET),
    "label_file": ("labels.txt", "[labels.txt]"),
    "labels": _LABELS,
    "links": ("[db]", "['db:store']", "[db, 'cache:kv']", "[]"),
    "logging": (
        "{driver: json-file}",
        "{driver: syslog, options: {syslog-address: 'tcp://192.168.0.42:123', max-file: 3, x: }}",
        "{}",
    ),
    "mac_address": text("'02:42:ac:11:65:43'"),
    "mem_limit": (*number("67108864"), "64m", "64mb", "'64M'", "1g", "0"),
    "mem_reservation": (*number("33554432"), "32m", "1gb"),
    "mem_swappiness": number("60"),
    "memswap_limit": (*number("134217728"), "128m", "-1", "'-1'"),
    "models": ("[llm]", "{llm: {endpoint_var: URL}}"),
    "network_mode": ("bridge", "host", "none", "'service:db'", UNSET),
    "networks": (
        "[front]",
        "[front, back]",
        "{front: , back: }",
        "{front: {aliases: [a, b]}, back: {priority: 1000}}",
        "{front: {ipv4_address: 172.16.238.10}}",
        "{front: {mac_address: '02:42:ac:11:65:43', gw_priority: 1, interface_name: eth0}}",
        "{front: {link_local_ips: [57.123.22.11], driver_opts: {a: b, c: 1}}}",
        "{front: {ipv6_address: '2001:3984:3989::10'}}",
        "[default]",
        "[]",
        "{}",
    ),
    "oom_kill_disable": FLAG,
    "oom_score_adj": (*number("500"), "-500"),
    "pid": ("host", "'service:db'", UNSET, "~"),
    "pids_limit": (*number("100"), "-1", "0"),
    "platform": ("linux/amd64", "'${P:-linux/amd64}'", UNSET, ""),
    "ports": (
        "[80]",
        "['80']",
        "['8080:80', 9000]",
        "['3000-3002']",
        "['9090-9091:8080-8081']",
        "['49100-49110:22']",
        "['127.0.0.1:8001:8001']",
        "['127.0.0.1:5000-5002:5000-5002']",
        "['127.0.0.1::53']",
        "[':81:81']",
        "['[::1]:82:82']",
        "['6060:6060/udp', '6061:6061/TCP']",
        "['${P:-8080}:80']",
        "[{target: 80}]",
        "[{target: 80, published: 8080}]",
        "[{target: '80', published: '8080', host_ip: 127.0.0.1, protocol: udp, mode: host}]",
        "[{target: 80, published: '8080-8090', name: web, app_protocol: http, mode: ingress}]",
        "['8080:80', '8080:80', '0.0.0.0:8080:80']",
        "[]",
    ),
    "post_start": ("[{command: ./x.sh, user: root}]",),
    "pre_stop": ("[{command: [./x.sh], environment: [A=1]}]",),
    "pre_start": ("[{command: x}]",),
    "privileged": FLAG,
    "profiles": ("[]", "[on]", "['${P:-on}', off]"),
    "provider": ("{type: model, options: {model: x}}",),
    "pull_policy": ("always", "never", "missing", "if_not_present", "build", "daily", UNSET),
    "pull_refresh_after": ("24h",),
    "read_only": FLAG,
    "restart": ("'no'", "no", "always", "on-failure", "'on-failure:3'", "unless-stopped", UNSET),
    "runtime": text("runc"),
    "scale": (*number("1"), *number("3"), "0", "'0'"),
    "secrets": (
        "[cred]",
        "[cred, token]",
        "[{source: cred, target: other}]",
        "[{source: token, target: /etc/token, uid: '1', gid: '1', mode: 0400}]",
        "[{source: cred, mode: '0400'}]",
    ),
    "security_opt": texts(
        "'no-new-privileges:true'", "'apparmor:unconfined'", "seccomp=unconfined"
    ),
    "shm_size": (*number("67108864"), "64m", "2gb"),
    "stdin_open": FLAG,
    "stop_grace_period": ("1m30s", "10s", "500ms", "'${G:-1s}'", UNSET),
    "stop_signal": text("SIGUSR1"),
    "storage_opt": ("{size: 1G}", "{size: '1G'}"),
    "sysctls": (
        "{net.core.somaxconn: 1024, net.ipv4.tcp_syncookies: 0}",
        "[net.core.somaxconn=1024, net.ipv4.tcp_syncookies=0]",
        "{net.core.somaxconn: '${N:-1024}'}",
    ),
    "tmpfs": (*one_or_more("/run", "/tmp"), "'/run:size=64m,mode=1777'"),
    "tty": FLAG,
    "ulimits": (
        "{nproc: 65535}",
        "{nproc: '65535'}",
        "{nofile: {soft: 20000, hard: 40000}}",
        "{nofile: {soft: '${N:-1024}', hard: '2048'}, core: -1}",
        "{memlock: {soft: -1, hard: -1}}",
    ),
    "use_api_socket": ("true", "false"),
    "user": (*text("web"), "'1000'", "'1000:1000'", "'${U:-1000}:${G:-1000}'"),
    "userns_mode": ("host", UNSET),
    "uts": ("host", UNSET),
    "volumes": (
        "[/anonymous]",
        "['data:/data']",
        "['data:/data:ro', 'more:/more:z']",
        "['./data:/data']",
        "['./data:/data:ro,Z', './web.env:/x:rw']",
        "['./data:/data:cached', './data:/other:rshared']",
        "['data:/data:nocopy']",
        "['data:/a/../data/', '/etc/hostname:/x:ro']",
        "['${V:-data}:/data']",
        "['data:/data', 'more:/data']",
        "[{type: volume, source: data, target: /data}]",
        "[{type: volume, target: /data, volume: {nocopy: true, labels: {a: b}}}]",
        "[{type: volume, source: data, target: /data, read_only: 'true', volume: {nocopy: 'no'}}]",
        "[{type: bind, source: ./data, target: /data, read_only: true}]",
        (
            "[{type: bind, source: ./data, target: /data, bind: {propagation: rshared, "
            "create_host_path: true, selinux: z}}]"
        ),
        (
            "[{type: bind, source: ./data, target: /data, consistency: cached, bind: "
            "{create_host_path: 'false', recursive: enabled}}]"
        ),
        "[{type: tmpfs, target: /data}]",
        "[{type: tmpfs, target: /data, tmpfs: {size: 10485760, mode: 01777}}]",
        "[{type: tmpfs, target: /data, tmpfs: {size: 10m, mode: '01777'}}]",
        "[{type: volume, source: data, target: /data, volume: {subpath: sub}}]",
        "[{type: image, source: nginx, target: /data}]",
        "[{type: cluster, source: data, target: /data}]",
        "[{type: npipe, source: x, target: /data}]",
        "[]",
    ),
    "volumes_from": ("[db]", "['db:ro']", "['container:db-1']"),
    "working_dir": text("/srv"),
}
"""Keys of a service, each with its forms as they would be written in a flow mapping."""

OF_BUILD: dict[str, tuple[str, ...]] = {
    "args": ("{A: 1, B: , TEXT: }", "[A=1, B, TEXT]", "{V: 1.10}"),
    "additional_contexts": (
        "{a: ./other, b: 'docker-image://alpine', c: 'https://example.com/x.git'}",
        "[a=./other, 'b=docker-image://alpine']",
        "{a: 'service:db'}",
    ),
    "cache_from": texts("alpine", "'type=local,src=c'"),
    "cache_to": texts("'type=inline'", "'type=local,dest=c'"),
    "dockerfile": text("Dockerfile"),
    "entitlements": texts("network.host"),
    "extra_hosts": _HOSTS,
    "isolation": ("default",),
    "labels": _LABELS,
    "network": ("host", "none", UNSET),
    "no_cache": FLAG,
    "no_cache_filter": ("x", "[x, y]"),
    "platforms": texts("linux/amd64", "linux/arm64"),
    "privileged": FLAG,
    "provenance": ("true", "false", "mode=max"),
    "pull": FLAG,
    "sbom": ("true", "false", "generator=x"),
    "secrets": (
        "[cred]",
        "[{source: cred}]",
        "[{source: token, target: key, uid: '1', gid: '1', mode: 0400}]",
    ),
    "shm_size": (*number("67108864"), "64m"),
    "ssh": ("[default]", "{default: }", "[default, key=./cred.txt]", "{key: ./cred.txt}"),
    "tags": texts("'a:1'", "'b:2'"),
    "target": text("stage"),
    "ulimits": ("{nofile: 1024}", "{nofile: {soft: 1024, hard: 2048}}"),
}

AT_THE_TOP: dict[str, tuple[str, ...]] = {
    "name": text("my-project"),
    "version": ("'3.8'", "'2'"),
    "x-note": ("{any: [thing]}", "1", "~"),
    "include": (
        "[part.yaml]",
        "[{path: part.yaml}]",
        "[{path: [part.yaml], project_directory: ., env_file: web.env}]",
        "[{path: part.yaml, env_file: [web.env, more.env]}]",
    ),
    "models": ("{llm: {model: ai/smollm2, context_size: 1024, runtime_flags: [a]}}",),
}

_DRIVER = "driver_opts: {a: b, c: 1}"
OF_RESOURCE: dict[str, tuple[str, ...]] = {
    "networks": (
        "",
        "{}",
        "{name: other}",
        "{driver: bridge}",
        "{driver: overlay}",
        f"{{{_DRIVER}}}",
        "{external: true}",
        "{external: true, name: other}",
        "{external: {name: other}}",
        "{external: '${E:-false}'}",
        *(f"{{{key}: {one}}}" for key in ("internal", "attachable", "enable_ipv6") for one in FLAG),
        "{enable_ipv4: true}",
        *(f"{{labels: {one}}}" for one in _LABELS),
        "{ipam: {}}",
        (
            "{ipam: {driver: default, config: [{subnet: 172.28.0.0/16, ip_range: 172.28.5.0/24, "
            "gateway: 172.28.5.254, aux_addresses: {host1: 172.28.1.5}}], options: {foo: bar}}}"
        ),
        "{ipam: {config: [{subnet: '2001:db8::/64'}]}, enable_ipv6: true}",
    ),
    "volumes": (
        "",
        "{}",
        "{name: other}",
        "{driver: local}",
        "{driver: other}",
        "{driver: local, driver_opts: {type: none, o: bind, device: ./data}}",
        f"{{{_DRIVER}}}",
        "{external: true}",
        "{external: true, name: other}",
        "{external: {name: other}}",
        "{external: 'false'}",
        *(f"{{labels: {one}}}" for one in _LABELS),
    ),
    "configs": (
        "{file: ./conf.txt}",
        "{environment: TOKEN}",
        "{content: 'a=${TEXT}'}",
        "{external: true}",
        "{external: true, name: other}",
        "{name: other, file: conf.txt, labels: {a: b}}",
        "{file: conf.txt, template_driver: golang}",
    ),
    "secrets": (
        "{file: ./cred.txt}",
        "{environment: TOKEN}",
        "{external: true}",
        "{external: {name: other}}",
        "{name: other, file: cred.txt, labels: [a=b]}",
        "{file: cred.txt, driver: x, driver_opts: {a: b}}",
        "{file: cred.txt, template_driver: golang}",
    ),
}

_USES = {
    "networks": "networks: [it]",
    "volumes": "volumes: ['it:/it']",
    "configs": "configs: [it]",
    "secrets": "secrets: [it]",
}
_BESIDE = {"memswap_limit": {"mem_limit": "64m"}}
"""Keys that must stand beside another."""

_OTHERS = (
    "  db: {image: db, container_name: db-1, healthcheck: {test: x}}\n"
    "  cache: {image: cache}\n"
    "  base: {image: base, environment: {A: base, B: base}, cap_add: [BPF], profiles: [never]}\n"
)


@dataclass(frozen=True)
class Sample:
    """A Compose file of the corpus.

    Attributes:
        name: where its form stands, and the form.
        text: of the file.
    """

    name: str
    text: str

    @property
    def key(self) -> str:
        """Where its form stands, such as `services.cpus`."""
        return self.name.partition(" = ")[0]


def samples() -> list[Sample]:
    """All of them."""
    found = [
        _sample(f"services.{key}", form, service={**_BESIDE.get(key, {}), key: form})
        for key, forms in OF_SERVICE.items()
        for form in forms
    ]
    found += [
        _sample(f"build.{key}", form, service={"build": f"{{context: ., {key}: {form}}}"})
        for key, forms in OF_BUILD.items()
        for form in forms
    ]
    found += [
        _sample(key, form, rest=f"{key}: {form}\n")
        for key, forms in AT_THE_TOP.items()
        for form in forms
    ]
    for kind, forms in OF_RESOURCE.items():
        for form in forms:
            key, _, use = _USES[kind].partition(": ")
            sample = _sample(kind, form, service={key: use})
            text_ = sample.text.replace(f"{kind}:\n", f"{kind}:\n  it: {form}\n", 1)
            found.append(Sample(sample.name, text_))
    return found


def _sample(where: str, form: str, service: dict[str, str] | None = None, rest: str = "") -> Sample:
    keys = {"image": "nginx", **(service or {})}
    if "build" in keys:
        keys.pop("image")
    web = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    text_ = f"services:\n  web:\n{web}{_OTHERS}{_AROUND.format(rest=rest)}"
    return Sample(f"{where} = {form}", text_)
