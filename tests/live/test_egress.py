"""Planted attempts to reach outside: all found with the network open and cut, none invented."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
import tarfile
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.analysis.contacts import before_ready
from bench.egress.cut import DNS_STAND_IN, CutNetwork
from bench.egress.ledger import Ledger
from bench.journal.facts.contacts import Observation, WayOut
from bench.runner.leftovers import remove_from
from bench.runtimes.build_request import BuildRequest
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec
from tests.live.conftest import Bench

HERE = Path(__file__).parent
LIBRARIES = ("libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1")

SCENARIO = """
version: 1
name: egress
checklist: cloud-native
checks: {{CI-4: off, CI-5: off, CI-7: off, CI-8: off, RS-3.1: off, CI-3: {{allow: [platform]}}}}
services:
  store: {{image: {image}, ready: {{tcp: {{port: 8080}}}}}}
  platform: {{image: {image}, ready: {{tcp: {{port: 8080}}}}}}
defaults:
  repeat: 2
  image: {image}
  cache: warm
  observe: 0s
  stop_grace_period: 0s
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 20s}}
cases:
  quiet: {{repeat: 5}}
  loopback:
    command:
      [sh, -c, "httpd -p 127.0.0.1:81 -h /www; exec plant need:127.0.0.1:81 udp:127.0.0.1:9
        -- httpd -f -p 8080 -h /www"]
  plants:
    command: [plant, "ask:updates.example.com", "tcp:198.51.100.9:443", "udp:198.51.100.7:8125",
      "ping:198.51.100.10", "tcp:[2001:db8::9]:443", --, httpd, -f, -p, "8080", -h, /www]
    repeat: 5
  resolves:
    command: [plant, "resolve:telemetry.example.com", --, httpd, -f, -p, "8080", -h, /www]
    repeat: 1
  calls-service: {{command: [plant, "tcp:store:8080", --, httpd, -f, -p, "8080", -h, /www]}}
  declared: {{command: [plant, "need:platform:8080", --, httpd, -f, -p, "8080", -h, /www]}}
  depends:
    command: [plant, "need:store:8080", --, httpd, -f, -p, "8080", -h, /www]
    ready: {{http: {{port: 8080, path: /healthz}}, timeout: 6s}}
  afterwards:
    command: [sh, -c, "(sleep 1; plant tcp:198.51.100.8:80) & exec httpd -f -p 8080 -h /www"]
    observe: 1500ms
    repeat: 1
  shares-host:
    network_mode: host
    command: [sh, -c, "echo up; sleep 60"]
    ready: {{log: up, timeout: 20s}}
    repeat: 1
  unplugged:
    network_mode: none
    command: [sh, -c, "plant tcp:198.51.100.9:443 -- echo up; sleep 60"]
    ready: {{log: up, timeout: 20s}}
    repeat: 1
"""

TRIED = {
    "quiet": set(),
    "loopback": set(),
    "plants": {
        ("dns", "updates.example.com"),
        ("tcp", "198.51.100.9:443"),
        ("udp", "198.51.100.7:8125"),
        ("icmp", "198.51.100.10"),
    },
    "calls-service": {("tcp", "store:8080")},
    "declared": {("tcp", "platform:8080")},
    "depends": {("tcp", "store:8080")},
    "afterwards": set(),
    "unplugged": set(),
}
ONLY_CUT = {"plants": {("tcp", "[2001:db8::9]:443")}}
"""What an open network without IPv6 cannot send."""


@pytest.fixture(scope="session")
def image(busybox, private, building, tmp_path_factory) -> str:
    """Busybox with the program that plants attempts, and the C library that it needs."""
    folder = tmp_path_factory.mktemp("plant")
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    subprocess.run(
        ["gcc", "-O1", "-o", root / "bin" / "plant", HERE / "plant.c"], check=True, timeout=60
    )
    listed = subprocess.run(
        ["ldd", root / "bin" / "plant"], check=True, capture_output=True, text=True
    ).stdout
    for word in listed.split():
        if Path(word).name in LIBRARIES and word.startswith("/"):
            target = root / word.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(word, target)
    (root / "etc").mkdir()
    (root / "etc" / "nsswitch.conf").write_text("hosts: files dns\n")
    (folder / "Dockerfile").write_text(f"FROM {busybox}\nADD root.tar /\nLABEL {LABEL}=kept\n")
    with tarfile.open(folder / "root.tar", "w") as archive:
        archive.add(root, arcname=".")
    shutil.rmtree(root)
    reference = f"{private.registry_address()}/bench-test/plant:latest"
    building.builder.build(
        BuildRequest(folder, reference, folder / "Dockerfile", labels={LABEL: "kept"})
    )
    building.images.push(reference)
    return reference


@pytest.fixture(scope="module")
def run(private, image, tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("egress"))
    text = SCENARIO.format(image=image)
    done = bench("run", bench.scenario(text), "--progress", "quiet")
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return bench.latest()


def trials(run, case: str, network: str):
    return [one for one in run.results if one.key.case == case and one.key.network == network]


def seen(trial) -> Observation:
    """What was seen in a trial in which everything could be."""
    found: Observation | None = trial.facts.egress
    assert found is not None
    assert found.observed, found.reach
    assert found.dropped == 0
    return found


def tried(trial) -> set[tuple[str, str]]:
    assert seen(trial)
    return {(one.kind, one.destination) for one in before_ready(trial.facts)}


@pytest.mark.parametrize("case", TRIED)
def test_what_was_planted_is_found_in_every_open_trial_and_nothing_else(run, case):
    found = Counter(frozenset(tried(one)) for one in trials(run, case, "open"))
    planned = run.scenario.cases[case].repeat
    assert found == {frozenset(TRIED[case]): planned}


@pytest.mark.parametrize("case", TRIED)
def test_and_in_both_trials_with_no_way_out(run, case):
    cut = trials(run, case, "cut")
    assert {seen(one).way_out for one in cut} == {WayOut.REFUSED, WayOut.SILENT}
    expected = TRIED[case] | ONLY_CUT.get(case, set())
    assert [tried(one) for one in cut] == [expected, expected]


def test_what_the_c_library_asks_for_is_found_by_name(run):
    name = "telemetry.example.com"
    for trial in (*trials(run, "resolves", "open"), *trials(run, "resolves", "cut")):
        assert ("dns", name) in tried(trial)
        others = {label for kind, label in tried(trial) if label != name}
        assert all(label.startswith(f"{name}.") for label in others), "search domains at most"


def test_a_name_that_nobody_answers_for_holds_up_the_start_and_does_not_fail_it(run):
    by_way = {seen(one).way_out: one for one in trials(run, "resolves", "cut")}
    assert {one.status for one in by_way.values()} == {"ok"}
    assert by_way[WayOut.SILENT].metrics["ready_s"] > 3.0
    refused_s, silent_s = (
        by_way[way].metrics["ready_s"] for way in (WayOut.REFUSED, WayOut.SILENT)
    )
    assert refused_s < silent_s / 2


def test_what_depends_on_the_outside_is_not_ready_without_it(run):
    assert {one.status for one in trials(run, "depends", "open")} == {"ok"}
    cut = trials(run, "depends", "cut")
    assert {one.status for one in cut} == {"failed"}
    refused, silent = sorted(cut, key=lambda one: seen(one).way_out)
    assert "exited with code 9" in refused.reason
    assert "not ready within" in silent.reason
    assert {one.process for trial in cut for one in seen(trial).attempts} == {"plant"}


def test_what_is_declared_can_be_reached_and_is_no_outside_contact(run):
    cut = trials(run, "declared", "cut")
    assert {one.status for one in cut} == {"ok"}, cut[0].reason
    assert {one.metrics["egress_attempts"] for one in cut} == {0.0}


def test_attempts_carry_their_time_from_the_start_on(run):
    for trial in trials(run, "plants", "open"):
        ready_s = (trial.facts.ready.at_ns - trial.facts.start_sent_ns) / 1e9
        assert all(0 < one.t_s < ready_s for one in seen(trial).attempts)
        assert trial.metrics["egress_attempts"] == len(TRIED["plants"])


def test_attempts_after_ready_are_on_record_and_not_held_against_it(run):
    for trial in (*trials(run, "afterwards", "open"), *trials(run, "afterwards", "cut")):
        assert [one.destination for one in seen(trial).attempts] == ["198.51.100.8:80"]
        assert trial.metrics["egress_attempts"] == 0.0


def test_the_verdicts(run):
    found = {one.case: one for one in run.verdicts if one.id == "CI-3"}
    outcomes = {case: str(one.verdict) for case, one in found.items()}
    assert outcomes == {
        "quiet": "pass",
        "loopback": "pass",
        "plants": "fail",
        "resolves": "fail",
        "calls-service": "fail",
        "declared": "pass",
        "depends": "fail",
        "afterwards": "pass",
        "shares-host": "not-measured",
        "unplugged": "pass",
    }
    assert "5 outside destinations" in found["plants"].reason
    assert "it also gets ready with the network cut off" in found["plants"].reason
    assert "store is a service of the scenario" in found["calls-service"].reason
    assert "with the network cut off, it failed in 2 of 2 trials" in found["depends"].reason
    assert "host's network" in found["shares-host"].reason


def test_nothing_of_it_is_left_behind(run, measuring):
    assert run.run_id not in [item.run_id for item in measuring.owned(LABEL)]


@pytest.fixture
def cut(private, measuring, request):
    """A cut network of the test's own."""
    with private.reserved("tests", lambda _: None):
        network = CutNetwork(measuring, request.param)
        network.make("cbench-test-network", {LABEL: "test-egress"}, {"store": "192.0.2.9"}, [])
        yield network
        for item in measuring.owned(LABEL):
            if item.run_id == "test-egress":
                measuring.remove(item)


@pytest.mark.parametrize("cut", [WayOut.REFUSED, WayOut.SILENT] * 3, indirect=True, ids=str)
def test_attempts_at_the_first_moment_are_found_each_time(cut, measuring, image):
    if not measuring.images.has(image):
        for _ in measuring.images.pull(image):
            pass
    ledger = Ledger((), {ipaddress.ip_address("192.0.2.9"): ["store"]}, stand_in=DNS_STAND_IN)
    watch = cut.watch(ledger)
    watch.start()
    spec = WorkloadSpec(
        image=image,
        name="cbench-test-plant",
        labels={LABEL: "test-egress"},
        network_mode=f"container:{cut.holder.id}",
        command=("plant", "tcp:store:80", "ask:a.example", "udp:[2001:db8::1]:53", "--", "true"),
    )
    container = measuring.create(spec).id
    begun_ns = time.monotonic_ns()
    measuring.workload(container).start()
    assert measuring.workload(container).wait(20.0) == 0
    found = watch.finish(begun_ns)
    cut.remove()
    assert found.observed
    assert sorted([(one.kind, one.destination, one.times) for one in found.attempts]) == sorted(
        [
            ("tcp", "store:80", 1),
            ("dns", "a.example", 1),
            ("udp", "[2001:db8::1]:53", 1),
        ]
    )


@pytest.mark.parametrize("cut", [WayOut.SILENT], indirect=True)
def test_the_holder_of_a_killed_run_is_swept_up(cut, measuring):
    cut.watch(Ledger((), {})).finish(0)
    assert remove_from(measuring, lambda owner: owner == "test-egress")
    assert cut.holder.id not in [item.name for item in measuring.owned(LABEL)]
