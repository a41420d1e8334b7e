"""A stack on a real engine: three services of a Compose file, who waits for whom, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.analysis.stack_totals import chain_of, starts_of
from bench.core.domain import TrialStatus
from bench.judge.model import Outcome
from bench.runtimes.protocol import LABEL

if TYPE_CHECKING:
    from bench.analysis.stack_totals import StackStart
    from bench.results.run import Run

COMPOSE = """
x-shell: &shell {{image: {image}, stop_grace_period: 1s}}
services:
  seed:
    <<: *shell
    command: [sh, -c, "sleep 0.3; echo $$WORD > /data/word; cat /etc/note /run/secrets/key"]
    environment: {{WORD: story}}
    volumes: ["data:/data"]
    configs: [{{source: note, target: /etc/note}}]
    secrets: [key]
  store:
    <<: *shell
    command: [sh, -c, "trap 'exit 0' TERM; httpd -f -p 8080 -h /data & wait"]
    volumes: ["data:/data:ro"]
    depends_on: {{seed: {{condition: service_completed_successfully}}}}
    networks: {{back: {{aliases: [shelf]}}}}
    healthcheck: {{test: "wget -q -O /dev/null http://127.0.0.1:8080/word", interval: 500ms}}
    deploy: {{resources: {{limits: {{memory: 32m, cpus: "0.5", pids: 20}}}}}}
  front:
    <<: *shell
    command:
      - sh
      - -c
      - "trap 'exit 0' TERM; wget -q -O /www/word http://shelf:8080/word
        && wget -q -O /www/again http://store:8080/word && httpd -f -p 8080 -h /www & wait"
    depends_on: {{store: {{condition: service_healthy}}}}
    networks: [default, back]
networks: {{back: {{internal: true}}}}
volumes: {{data: }}
configs: {{note: {{content: "a note\\n"}}}}
secrets: {{key: {{content: "a-key-that-nobody-may-read"}}}}
"""

SCENARIO = """
version: 1
name: stack
checklist: cloud-native
cases:
  empty: &case
    repeat: 1
    observe: 100ms
    compose: &use
      file: compose.yaml
      timeout: 20s
      ready: {front: {http: {port: 8080, path: /again, status: 200}, timeout: 20s}}
  filled: {<<: *case, compose: {<<: *use, volumes: filled}}
  dies:
    <<: *case
    compose: {file: dies.yaml, timeout: 20s}
"""

DIES = """
services:
  lives: {{image: {image}}}
  dies: {{image: {image}, command: [sh, -c, "echo no model; exit 7"], depends_on: [lives]}}
  waits:
    image: {image}
    depends_on: {{dies: {{condition: service_completed_successfully}}}}
"""


@pytest.fixture(scope="module")
def found(private, busybox, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("stack"))
    bench.scenario(COMPOSE.format(image=busybox), "compose.yaml")
    bench.scenario(DIES.format(image=busybox), "dies.yaml")
    done = bench("run", bench.scenario(SCENARIO), "--progress", "quiet")
    assert "Traceback" not in done.stderr, done.stderr
    run = bench.latest()
    assert run.outcome == "complete", done.stderr
    return run


def starts(run: Run, case: str) -> list[StackStart]:
    found = [one for one in starts_of(run.results) if one.whole.key.case == case]
    assert found, [(one.trial_id, one.reason) for one in run.results]
    return found


def test_it_gets_ready_over_its_networks_volumes_and_names(found):
    for one in starts(found, "empty"):
        assert one.whole.status is TrialStatus.OK, (one.whole.reason, one.whole.log_tail)
        assert [member.service for member in one.members] == ["seed", "store", "front"]


def test_the_chain_is_that_of_the_file(found):
    cold = starts(found, "empty")[0]
    assert cold.whole.key.cache == "cold"
    assert [link.service for link in chain_of(cold)] == ["seed", "store", "front"]
    seed, store, front = cold.members
    assert store.metrics["waited_s"] >= 0.3
    assert seed.metrics["waited_s"] < store.metrics["waited_s"]
    assert front.metrics["waited_s"] >= store.metrics["waited_s"] + 0.5
    assert front.metrics["startup_s"] == pytest.approx(cold.whole.metrics["startup_s"], abs=0.1)


def test_the_pull_is_proved_for_each_image_once(found):
    cold = starts(found, "empty")[0]
    facts = [member.facts.member for member in cold.members]
    pulled = [one is not None and one.pulled for one in facts]
    assert pulled == [True, False, False], "all three have the same image"
    assert cold.whole.metrics["downloaded_bytes"] > 0
    assert cold.whole.metrics["pull_s"] < cold.whole.metrics["startup_s"]


def test_memory_and_cpu_are_those_of_all_services(found):
    cold = starts(found, "empty")[0]
    together = cold.whole.metrics["memory_peak_bytes"]
    marks = cold.total_of("memory_peak_bytes")
    assert marks is not None
    assert max(one.metrics["memory_anon_peak_bytes"] for one in cold.members) <= together
    assert together <= marks * 1.05
    cpu = sum(one.metrics["cpu_s"] for one in cold.members)
    assert cold.whole.metrics["cpu_s"] == pytest.approx(cpu, rel=0.05)


def test_configs_and_secrets_are_there_and_the_secret_is_hidden(found):
    cold = starts(found, "empty")[0]
    log = (found.folder / "logs" / f"empty-{cold.members[0].trial_id}.log").read_text()
    assert log == "a note\n***"


def test_limits_are_those_of_the_file(found):
    store = starts(found, "empty")[0].members[1]
    limits = store.facts.limits
    assert limits is not None
    assert limits.applied is not None
    assert limits.requested.memory_bytes == 32 * 2**20
    assert limits.applied.memory_bytes == 32 * 2**20


def test_filled_volumes_are_filled_by_an_attempt_that_does_not_count(found):
    fit = [one.whole for one in starts(found, "filled") if one.whole.key.arm == "fit"]
    assert [one.status for one in fit] == [TrialStatus.INVALID, TrialStatus.OK]
    assert "this trial has filled them" in fit[0].reason


def test_a_service_that_dies_fails_the_stack_and_the_rest_is_given_up(found):
    fit = [one for one in starts(found, "dies") if one.whole.key.arm == "fit"]
    (one,) = fit
    assert one.whole.status is TrialStatus.FAILED
    assert "dies: " in one.whole.reason
    assert "code 7" in one.whole.reason
    assert one.whole.log_tail == ("no model",)
    waits = one.member("waits")
    assert waits is not None
    assert waits.reason.startswith("given up: dies: ")
    assert "start" not in {span.phase for span in waits.phases}


def test_the_checklist_is_judged_on_the_whole(found):
    verdicts = {one.id: one for one in found.verdicts if one.case == "empty"}
    assert verdicts["CI-4"].verdict is Outcome.PASS
    assert verdicts["CI-5"].verdict is Outcome.PASS
    assert verdicts["CI-7"].verdict is Outcome.PASS
    assert "the total of its services" in verdicts["CI-7"].reason
    assert verdicts["CI-3"].verdict is Outcome.NOT_MEASURED
    assert not verdicts["RS-3.1"].required


def test_nothing_is_left(found, measuring):
    kinds = {item.kind for item in measuring.owned(LABEL) if item.run_id == found.run_id}
    assert not kinds - {"image"}


def test_an_option_needs_no_scenario(private, busybox, tmp_path):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path)
    bench.scenario(COMPOSE.format(image=busybox), "compose.yaml")
    options = ("--service", "seed", "--repeat", "1", "--progress", "quiet")
    any_host = ("--max-other-load", "any", "--set", "max_steal=any")
    job = ("--set", "cases.stack.compose.ready.seed.exit=true")
    done = bench("run", "--compose", "compose.yaml", *options, *job, *any_host)
    assert "Traceback" not in done.stderr, done.stderr
    (cold, *_) = starts(bench.latest(), "stack")
    assert [one.service for one in cold.members] == ["seed"]
    assert cold.whole.status is TrialStatus.OK, cold.whole.reason


SHARED = """
services:
  web:
    image: {image}
    command: [sh, -c, "trap 'exit 0' TERM; cat /etc/hosts; httpd -f -p 8080 -h /www & wait"]
    scale: ${{N:-2}}
    stop_grace_period: 1s
    extra_hosts: {{far: [10.9.9.1, 10.9.9.2]}}
    ulimits: {{nofile: {{soft: "${{NO:-1024}}", hard: 2048}}}}
    networks: [default, fixed]
  gate:
    image: {image}
    command:
      - sh
      - -c
      - "trap 'exit 0' TERM; hostname -f; test -c /dev/other && echo a device;
        httpd -f -p 8081 -h /data & wait"
    stop_grace_period: 1s
    hostname: gate
    domainname: example.com
    runtime: runc
    devices: ["/dev/null:/dev/other:rw"]
    oom_score_adj: "300"
    volumes: ["data:/data:z"]
    networks: {{fixed: {{ipv4_address: 172.30.199.9}}}}
  side:
    image: {image}
    command:
      - sh
      - -c
      - "trap 'exit 0' TERM; wget -q -O - http://172.30.199.9:8081/ 2>&1 | head -n1;
        hostname; httpd -f -p 8082 -h /data & wait"
    stop_grace_period: 1s
    network_mode: service:gate
    volumes_from: ["gate:ro"]
    pid: service:gate
    depends_on: [web]
  none: {{image: nowhere, scale: 0, privileged: true}}
  off: {{image: nowhere, profiles: [never], devices: [/dev/nowhere]}}
networks: {{fixed: {{ipam: {{config: [{{subnet: 172.30.199.0/24}}]}}}}}}
volumes: {{data: {{external: "${{E:-true}}"}}}}
"""

OF_SHARED = """
version: 1
name: shared
cases:
  all:
    repeat: 1
    observe: 100ms
    compose:
      file: compose.yaml
      timeout: 20s
      ready: {web: {tcp: {port: 8080}}, gate: {tcp: {port: 8081}}, side: {tcp: {port: 8082}}}
"""


def test_services_share_networks_volumes_and_processes_and_have_several_containers(
    private, busybox, tmp_path
):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path)
    bench.scenario(SHARED.format(image=busybox), "compose.yaml")
    any_host = ("--max-other-load", "any", "--set", "max_steal=any")
    done = bench("run", bench.scenario(OF_SHARED), "--progress", "quiet", *any_host)
    assert "Traceback" not in done.stderr, done.stderr
    run = bench.latest()
    (one, *_) = starts(run, "all")
    assert one.whole.status is TrialStatus.OK, (one.whole.reason, one.whole.log_tail)
    names = [member.service for member in one.members]
    assert names == ["web-1", "web-2", "gate", "side"]
    logs = {
        member.service: (run.folder / "logs" / f"all-{member.trial_id}.log").read_text()
        for member in one.members
    }
    assert {"10.9.9.1\tfar", "10.9.9.2\tfar"} <= set(logs["web-2"].splitlines())
    assert logs["gate"].splitlines() == ["gate.example.com", "a device"]
    assert logs["side"].splitlines()[-1] == "gate"
