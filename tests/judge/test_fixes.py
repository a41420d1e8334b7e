"""What to mend first, and what that is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.dockerfile.lint.lint import RULES
from bench.images.leftovers import KINDS
from bench.journal.facts.image import DockerfileFacts, DockerfileFinding, ImageFacts, LeftoverFact
from bench.journal.facts.opened import OpenedBytes, OpenedFiles
from bench.judge import fixes as module
from bench.judge.finding_evidence import Measured
from bench.judge.fixes import Fix, fixes
from bench.judge.line_costs import dockerfile_costs
from tests.judge.test_line_costs import LAYERS, TEXT, TRIAL
from tests.judge.test_slowest_link import link

MIB = 2**20


def finding(rule: str, line: int, severity: str = "warning") -> DockerfileFinding:
    return DockerfileFinding(rule, severity, line, f"{rule} here", "mend it")


def mends(*findings, leftovers=None, trials=(TRIAL,), opened=None, **metrics) -> list[Fix]:
    layers = [
        replace(layer, unpacked_bytes=size * MIB, leftovers=tuple((leftovers or {}).get(at, ())))
        for at, (layer, size) in enumerate(zip(LAYERS, (200, 100, 50), strict=True))
    ]
    trials = [replace(trial, metrics=trial.metrics | metrics) for trial in trials]
    dockerfile = DockerfileFacts("Dockerfile", TEXT, None, 1, findings)
    parts = zip((200, 100, 50), opened or (), strict=False)
    layers_opened = tuple(OpenedBytes(size * MIB, used * MIB) for size, used in parts)
    whole = OpenedFiles(OpenedBytes(350 * MIB, 0), layers_opened, (), 0, 0) if opened else None
    costs = dockerfile_costs(dockerfile, layers, trials, link(800), whole)
    image = ImageFacts("web", "r", "d", "built", 1.0, 1, 1, 0, 1, tuple(layers))
    return fixes(Measured(image, costs, trials, ()))


def test_rules_and_kinds_that_are_named_exist():
    assert {*module._COVERED, *module._WHOLE_LINE} <= set(RULES)
    assert set(module._COVERED.values()) <= {kind.id for kind in KINDS}


def test_a_leftover_saves_its_bytes_and_its_share_of_the_seconds():
    (fix,) = mends(leftovers={1: [LeftoverFact("pip-cache", 25 * MIB)]})
    assert (fix.line, fix.what, fix.size_bytes) == (2, "cache of pip, uv or Poetry", 25 * MIB)
    assert fix.seconds == pytest.approx(3.1 / 4, abs=0.01)
    assert fix.gain == "saves about 25.0 MiB and 775 ms of a cold start"


def test_a_finding_that_a_leftover_measures_is_not_named_twice():
    leftovers = {2: [LeftoverFact("apt-lists", 20 * MIB)]}
    assert len(mends(finding("apt-lists-kept", 3), leftovers=leftovers)) == 1


def test_tools_in_the_base_speak_for_another_base():
    leftovers = {0: [LeftoverFact("compilers", 80 * MIB), LeftoverFact("headers", 20 * MIB),
                     LeftoverFact("apt-lists", 90 * MIB)]}  # fmt: skip
    (fix,) = mends(leftovers=leftovers)
    assert (fix.line, fix.size_bytes) == (1, 100 * MIB)
    assert fix.what == "base holds compilers and headers"
    assert fix.gain.startswith("they take 100 MiB and ")


def test_where_only_the_line_is_known_it_is_an_upper_bound():
    (fix,) = mends(finding("apt-recommends", 3))
    assert fix.gain == "saves at most 50.0 MiB and 500 ms of a cold start"


def test_a_download_at_start_is_at_most_the_time_to_ready():
    (fix,) = mends(finding("download-at-start", 4, "error"), ready_s=2.5)
    assert fix.gain == "saves at most 2.50 s of a cold start"


def test_a_killed_stop_is_named_once_and_a_heeded_one_not_at_all():
    found = [finding("shell-wrapper", 4), finding("entrypoint-script-without-exec", 4)]
    (fix,) = mends(*found, stop_s=3.0, stop_killed=1.0)
    assert fix.gain == "saves at most 3.00 s of a stop"
    assert mends(*found, stop_s=0.1, stop_killed=0.0) == []


def test_the_one_that_saves_most_comes_first_and_little_is_left_out():
    leftovers = {
        1: [LeftoverFact("pip-cache", 50 * MIB), LeftoverFact("git", 1000)],
        2: [LeftoverFact("apt-lists", 25 * MIB)],
    }
    assert [fix.line for fix in mends(leftovers=leftovers)] == [2, 3]


def test_a_secret_is_named_whatever_it_weighs():
    (fix,) = mends(finding("secret-in-env", 3, "error"))
    assert fix.gain == "not measured"


def test_a_line_that_the_start_hardly_needs_is_named_with_its_upper_bound():
    (fix,) = mends(opened=(0, 2, 10))
    assert (fix.line, fix.size_bytes) == (2, 98 * MIB), "the base is not a line of one's own"
    assert fix.what == "98% of its 100 MiB were not opened before ready"
    assert fix.gain.startswith("saves at most 98.0 MiB and ")


def test_what_is_opened_or_unknown_is_no_fault():
    assert mends(opened=(0, 50, 50)) == []
    assert mends() == []


def test_without_trials_there_are_bytes_alone():
    (fix,) = mends(leftovers={1: [LeftoverFact("pip-cache", 25 * MIB)]}, trials=())
    assert fix.gain == "saves about 25.0 MiB"
