"""Costs of the lines of a Dockerfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.journal.facts.image import DockerfileFacts, LayerFacts
from bench.judge.line_costs import dockerfile_costs
from tests.judge.test_slowest_link import layer, link, trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.line_costs import DockerfileCosts

TEXT = "FROM base\nCOPY . .\nRUN make\nCMD run\n"
LAYERS = [
    LayerFacts("sha256:0", "", 10_000_000, 20_000_000),
    LayerFacts("sha256:1", "COPY . .", 90_000_000, None),
    LayerFacts("sha256:2", "RUN make", 1_000, 2_000),
]
TRIAL = trial(
    layer(0, 10, 0.1, 0.0, 5.0), layer(1, 90, 0.9, 4.2, 3.0), layer(2, 0.001, 0.1, 8.0, 0.5),
    wall_s=8.6, startup_s=9.6,
)  # fmt: skip


def costs(
    text: str = TEXT, trials: Sequence[TrialResult] = (TRIAL,), base_layers: int | None = 1
) -> DockerfileCosts:
    dockerfile = DockerfileFacts("Dockerfile", text, None, base_layers)
    return dockerfile_costs(dockerfile, LAYERS, trials, link(800))


def test_each_line_has_the_bytes_of_its_layers():
    found = [(x.instruction.line, x.transfer_bytes, x.unpacked_bytes) for x in costs().lines]
    assert found == [(1, 10_000_000, 20_000_000), (2, 90_000_000, None), (3, 1_000, 2_000)]


def test_its_seconds_are_those_that_a_pull_without_its_layers_saves():
    base, copied, made = (line.start_s for line in costs().lines)
    assert made == pytest.approx(0.5, abs=0.01)  # extracted last
    # extracted in 3 s; the base, that shared the link with it, is there 0.1 s earlier
    assert copied == pytest.approx(3.1, abs=0.01)
    assert base == pytest.approx(4.3, abs=0.01)  # 5 s of extraction, less 0.7 s of waiting


def test_without_a_pull_that_can_be_split_there_are_bytes_and_no_seconds():
    found = costs(trials=())
    assert found.n == 0
    assert {line.start_s for line in found.lines} == {None}


def test_the_command_has_the_time_from_start_to_ready():
    TRIAL.metrics["ready_s"] = 1.5
    try:
        command = costs().lines[-1]
    finally:
        del TRIAL.metrics["ready_s"]
    assert (command.instruction.line, command.layers, command.start_s) == (4, (), 1.5)


def test_a_layer_that_no_line_fits_is_said_to_be_untied():
    found = costs("FROM base\nCOPY other .\nRUN make\n")
    assert found.untied == (1,)
    assert costs("FROM base\nCOPY other .\n", base_layers=None).untied == (0, 1, 2)
