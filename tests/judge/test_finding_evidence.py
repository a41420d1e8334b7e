"""What a run measured of the findings in a Dockerfile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench.dockerfile.lint.lint import RULES
from bench.journal.facts.image import DockerfileFacts, DockerfileFinding, ImageFacts
from bench.journal.facts.opened import OpenedBytes, OpenedFiles
from bench.judge import finding_evidence as module
from bench.judge.finding_evidence import Measured, finding_evidence
from bench.judge.line_costs import dockerfile_costs
from tests.judge.test_line_costs import LAYERS, TEXT, TRIAL
from tests.judge.test_slowest_link import link

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE = ImageFacts("web", "r", "d", "built", 1.0, 1, 1, 0, 1, tuple(LAYERS))


def measured(image: ImageFacts = IMAGE, cut: Sequence[bool] = (), **metrics: float) -> Measured:
    trials = [replace(TRIAL, metrics=TRIAL.metrics | metrics)] * 2
    dockerfile = DockerfileFacts("Dockerfile", TEXT, None, 1)
    costs = dockerfile_costs(dockerfile, LAYERS, trials, link(800))
    return Measured(image, costs, trials if metrics else [], cut)


def said(rule: str, found: Measured, line: int = 4) -> str:
    return finding_evidence(DockerfileFinding(rule, "warning", line, "m", "r"), found)


def test_every_rule_that_evidence_is_looked_for_exists():
    assert {*module._OF_LAYERS, *module._OF_RULES} <= set(RULES)


def test_a_rule_about_size_has_the_bytes_and_seconds_of_its_line():
    assert said("apt-lists-kept", measured(), line=3) == (
        "its layers: 1.95 KiB, 500 ms of a cold start"
    )
    assert said("apt-lists-kept", measured(), line=4) == ""  # the command has no layer
    assert said("apt-lists-kept", measured(), line=2) == ""  # its layer could not be read


def test_it_has_the_share_that_was_opened_where_that_was_observed():
    dockerfile = DockerfileFacts("Dockerfile", TEXT, None, 1)
    layers = tuple(OpenedBytes(2000, used) for used in (0, 0, 500))
    opened = OpenedFiles(OpenedBytes(6000, 500), layers, (), 0, 0)
    costs = dockerfile_costs(dockerfile, LAYERS, [], None, opened)
    found = said("apt-lists-kept", Measured(IMAGE, costs, [], ()), line=3)
    assert found == "its layers: 1.95 KiB; 25% in files that were opened before ready"


@pytest.mark.parametrize("rule", ["shell-wrapper", "entrypoint-script-without-exec"])
def test_a_shell_before_the_service_is_borne_out_by_the_stop(rule):
    killed = said(rule, measured(stop_s=3.02, stop_killed=1.0))
    assert killed == "killed after its grace period in 2 of 2 stops (3.02 s)"
    assert said(rule, measured(stop_s=0.1, stop_killed=0.0)).startswith(
        "no harm seen: it ended 100"
    )
    assert said(rule, measured(ready_s=1.0)) == ""


def test_a_download_at_start_is_borne_out_by_contacts_and_by_the_cut_network():
    assert said("download-at-start", measured(egress_attempts=2.0, cut=[False, True])) == (
        "contacts outside before it was ready in 2 of 2 trials; with the network cut off, it "
        "failed in 1 of 2 trials"
    )
    assert said("download-at-start", measured()) == ""


def test_the_order_of_copies_is_borne_out_by_a_rebuild():
    again = replace(IMAGE, rebuild_s=12.5, rebuilt=("RUN pip install", "COPY . ."))
    assert said("copy-before-install", measured(again)) == (
        "a small change repeats 2 steps, in 12.5 s"
    )
    assert said("copy-before-install", measured()) == ""


def test_compiling_at_every_start_is_borne_out_by_cpu_time():
    assert said("bytecode-never-kept", measured(cpu_to_ready_s=1.5)) == (
        "CPU time up to ready: 1.50 s (median of 2)"
    )
    assert said("bytecode-never-kept", measured()) == ""


def test_the_user_is_the_images():
    assert said("no-user", measured()) == "the image has no user: it runs as root"
    assert said("no-user", measured(replace(IMAGE, config={"User": "app"}))) == (
        "the image's user is app"
    )


def test_what_no_run_can_show_is_not_measured():
    assert said("no-healthcheck", measured(stop_s=1.0), line=1) == ""
