"""Bytes and seconds of a cold start that each instruction of a Dockerfile costs.

Bytes are those of the instruction's layers. Their seconds are a prediction: the measured pulls are
played again without these layers, by the model of `slowest_link`. Downloads overlap, so that the
seconds of several instructions together are not the sum of each. The command that is started costs
no bytes of its own, and the measured time from start to ready.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.dockerfile.layer_lines import layer_lines
from bench.judge.slowest_link import PullModel, held_out_error
from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.dockerfile.instructions import Instruction
    from bench.journal.facts.image import DockerfileFacts, LayerFacts
    from bench.journal.facts.opened import OpenedFiles


@dataclass(frozen=True)
class LineCost:
    """The cost of one instruction.

    Attributes:
        instruction: in the Dockerfile; a FROM stands for the layers of its base.
        layers: indexes of its layers; none of the command's.
        transfer_bytes: compressed; None without layers.
        unpacked_bytes: of regular files; None without layers, or if one could not be read.
        opened_bytes: of the files that were opened before ready; None without layers, or if that
            was not observed.
        start_s: seconds of the median cold start; None if no pull could be taken apart.
    """

    instruction: Instruction
    layers: tuple[int, ...]
    transfer_bytes: int | None
    unpacked_bytes: int | None
    opened_bytes: int | None
    start_s: float | None


@dataclass(frozen=True)
class DockerfileCosts:
    """The costs of a Dockerfile's instructions.

    Attributes:
        dockerfile: with its text.
        lines: in the order of the layers, the command last.
        untied: indexes of the layers of which it is unknown what made them.
        n: number of trials that the seconds of layers were predicted from.
        error: as of `held_out_error`, for the predicted start of the whole image.
    """

    dockerfile: DockerfileFacts
    lines: tuple[LineCost, ...]
    untied: tuple[int, ...]
    n: int
    error: float | None


def dockerfile_costs(
    dockerfile: DockerfileFacts,
    layers: Sequence[LayerFacts],
    trials: Sequence[TrialResult],
    link_bit_s: float | None,
    opened: OpenedFiles | None = None,
) -> DockerfileCosts:
    """The cost of each instruction that made a layer.

    Args:
        dockerfile: that the image was built from.
        layers: of the image.
        trials: cold ones that got ready.
        link_bit_s: the shaped rate of the link; None if it was not shaped.
        opened: the files that were opened before ready; None if that was not observed.
    """
    found = layer_lines(
        dockerfile.text,
        [layer.instruction for layer in layers],
        target=dockerfile.target,
        base_layers=dockerfile.base_layers,
    )
    if opened is not None and len(opened.layers) != len(layers):
        opened = None
    by_line: dict[Instruction, list[int]] = {}
    if found.opening is not None and found.base_layers:
        by_line[found.opening] = list(range(found.base_layers))
    for index, instruction in sorted(found.makers.items()):
        by_line.setdefault(instruction, []).append(index)
    models = [model for trial in trials if (model := PullModel.from_trial(trial, link_bit_s))]
    tied = {index for indexes in by_line.values() for index in indexes}
    lines = [
        LineCost(
            instruction,
            tuple(indexes),
            sum(layers[index].transfer_bytes for index in indexes),
            _total([layers[index].unpacked_bytes for index in indexes]),
            None if opened is None else sum(opened.layers[index].opened_bytes for index in indexes),
            _saved_s(models, indexes, link_bit_s),
        )
        for instruction, indexes in by_line.items()
    ]
    ready_s = [trial.metrics["ready_s"] for trial in trials if "ready_s" in trial.metrics]
    if found.command is not None and ready_s:
        lines.append(LineCost(found.command, (), None, None, None, median(ready_s)))
    return DockerfileCosts(
        dockerfile=dockerfile,
        lines=tuple(lines),
        untied=tuple(index for index in range(len(layers)) if index not in tied),
        n=len(models),
        error=held_out_error(models, link_bit_s),
    )


def _total(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _saved_s(
    models: Sequence[PullModel], layers: Sequence[int], link_bit_s: float | None
) -> float | None:
    if not models:
        return None
    return median(
        [
            model.startup_at(link_bit_s) - model.without(layers).startup_at(link_bit_s)
            for model in models
        ]
    )
