"""Scenarios that are good, and the folder that they need."""

from pathlib import Path

QUICKSTART = """\
# yaml-language-server: $schema=../bench/scenario/scenario.v1.schema.json
version: 1
name: quickstart
checklist: cloud-native            # thresholds and checks from there; overridden below
services:                          # run beside the cases, reachable by name, not measured
  index: {build: {context: ../images/web, dockerfile: index.Dockerfile}, ready: {http: {port: 8000}}}
defaults:                          # merged into every case
  repeat: 6
  warmup: 0
  cache: cold                      # cold | image | warm, or a list of them
  limits: {cpus: 4, memory: 8g, pids: 512}
  ready: {http: {port: 8080, path: /healthz, status: 200}, timeout: 60s, interval: 5ms}
  observe: 1s                      # how long to go on sampling after ready; `exit` waits for the end
  sample: {interval: 20ms}
  stop_grace_period: 3s
cases:
  bad:
    build: {context: ../images/web, dockerfile: bad.Dockerfile}
    expect: {fail: [CI-3, CI-4]}   # exactly these must fail, and at least one trial must get ready
  good:
    build: {context: ../images/web, dockerfile: good.Dockerfile}
thresholds:
  startup_s: "max <= 30s"
  image_size_bytes: "<= 1024MiB"
checks:
  CI-3: {severity: block, allow: ["config:8888"]}
  RS-3.1: {severity: warn, waive: {reason: "stateful by design until 2027", until: 2027-01-01}}
compare: {baseline: bad, candidates: [good]}
"""  # noqa: E501

EVERYTHING = """\
version: 1
name: every-key
description: Every key that there is.
checklist: cloud-native
x-shared: &shared {volumes: [data:/data]}
services:
  db:
    image: postgres:17
    environment: [POSTGRES_PASSWORD=x, PORT=5432]
    ready: {healthcheck: true, timeout: 2m}
    healthcheck: {test: pg_isready, interval: 1s, timeout: 1s, retries: 9, start_period: 0s}
    x-note: anything
defaults:
  repeat: 20
  warmup: 1
  cache: [cold, image, warm]
  environment: {LEVEL: debug, VERSION: 1.10, EMPTY: ""}
  sample: {interval: 10ms}
cases:
  long:
    <<: *shared
    image: python:3.13
    registry: origin
    platform: linux/amd64
    command: ["python", "-m", "http.server"]
    entrypoint: ""
    env_file: [web/app.env]
    environment: {LEVEL: null, MORE: 1}
    ports: ["8080:80", "127.0.0.1:9000-9010:9000-9010/udp", 7000]
    tmpfs: /run
    shm_size: 64m
    read_only: true
    init: true
    user: 1000
    working_dir: /srv
    network_mode: bridge
    stop_signal: SIGINT
    stop_grace_period: 0s
    cap_add: [NET_ADMIN]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true", "seccomp=unconfined"]
    group_add: [video, 44]
    sysctls: ["net.core.somaxconn=1024"]
    ipc: host
    cpuset: 0-1
    ulimits: {nofile: 1024, core: {soft: 0, hard: -1}}
    blkio_config:
      weight: 300
      device_read_bps: [{path: /dev/sda, rate: 10m}]
    gpus: all
    deploy:
      resources:
        limits: {cpus: "0.5", memory: 512MiB, pids: 100}
        reservations: {memory: 64m, devices: [{capabilities: [gpu], count: 1, driver: nvidia}]}
    ready: {all: [{http: {port: 80}}, {log: "started$"}, {exec: ["true"]}], timeout: 1m30s}
    observe: exit
  short:
    build: web
    command: run me
    limits: {cpus: 0.5}
    ready: {log: {pattern: done}}
    expect: {fail: [pull_s]}
  job:
    build: {context: web, dockerfile: Dockerfile, target: final, args: {V: 1.0}}
    network_mode: none
    ready: {exit: true}
  any:
    image: x
    gpus: 2
    ready: {any: [{tcp: {port: 1}}, {exec: test -f /ready}]}
thresholds:
  startup_s: {over: p95, limit: "<= 30s", cache: warm, arm: need, severity: warn, required: false}
  pull_s: "median < 500ms"
  cpu_cores_peak: "<= 4"
  layer_count: "<= 20"
  gpu_utilization_peak_pct: ">= 50 %"
checks:
  CI-3: off
  CI-4: {severity: warn, required: false}
compare: {baseline: long, candidates: [short, job]}
"""


def prepare(folder: Path) -> Path:
    """Make under `folder` what both need; returns the folder that scenarios stand in."""
    for name in ("bad", "good", "index"):
        (folder / "images" / "web").mkdir(parents=True, exist_ok=True)
        (folder / "images" / "web" / f"{name}.Dockerfile").touch()
    scenarios = folder / "scenarios"
    (scenarios / "web").mkdir(parents=True, exist_ok=True)
    (scenarios / "web" / "Dockerfile").touch()
    (scenarios / "web" / "app.env").write_text("A=1\n")
    return scenarios
