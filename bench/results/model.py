"""The values that results are made of; frozen, and free of pandas, engines and files."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.host.others import Busy
    from bench.results.pull_path import PullPath

CALIBRATION_CASE = "calibration"
"""The case of the do-nothing container that shows what the runtime itself costs."""

SIZE_ARM = "size"
"""The arm of trials under limits that `bench right-size` tries; no row is judged on them."""


COPY_STATUS = "the same as layer"
"""How the status of a layer begins that stands in its image further below too."""

TRIAL_KEYS = [
    "trial_id",
    "case",
    "service",
    "replica",
    "round",
    "attempt",
    "cache",
    "arm",
    "network",
    "warmup",
    "status",
    "reason",
]
"""The columns of trials.csv before those of the metrics."""


class TrialStatus(StrEnum):
    """How a trial ended."""

    OK = "ok"
    FAILED = "failed"
    """The image's fault: it exited, was killed for memory, or never got ready."""
    INVALID = "invalid"
    """Not in the state it should have been in; repeated."""
    ERROR = "error"
    """Engine, registry, disk or harness at fault."""
    INTERRUPTED = "interrupted"

    @property
    def counts(self) -> bool:
        """Whether the trial says something about the image."""
        return self in (TrialStatus.OK, TrialStatus.FAILED)


@dataclass(frozen=True)
class HostWait:
    """A trial has waited for a quiet host.

    Attributes:
        in_vain: whether the host was still busy in the end.
        other_share, steal_share: the largest share of the core time that others took meanwhile.
        busy: the programs that did, the busiest first.
    """

    waited_s: float
    in_vain: bool
    other_share: float
    steal_share: float
    busy: tuple[Busy, ...]


@dataclass(frozen=True)
class TrialKey:
    """Which trial of the plan this is.

    Attributes:
        case: id of the case.
        round: 0-based round; trials of checks count on from the last round.
        cache: `cold`, `base`, `image` or `warm`.
        arm: `fit` (under the case's limits), `need` (without any) or `size` (under others).
        network: `open` or `cut`.
        replica: 1-based number among containers started at once; 0 where one runs by itself.
        replicas: how many are started at once; 0 where one runs by itself.
        warmup: measured, kept, and left out of the statistics.
    """

    case: str
    round: int
    cache: str
    arm: str = "fit"
    network: str = "open"
    replica: int = 0
    replicas: int = 0
    warmup: bool = False


@dataclass(frozen=True)
class PhaseSpan:
    """A named stretch of a trial, in seconds from the trial's zero.

    The zero is the start of the pull, or of the create call where nothing is pulled; what
    prepares the cache state lies before it and is negative.
    """

    phase: str
    start_s: float
    end_s: float
    clock: str
    resolution_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Length of the stretch in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class LayerPull:
    """What the pull stream said of one layer; None where it did not say.

    Attributes:
        announced_s: from the pull request to the first word on the layer.
        queue_s: from there to its first byte, or until it was there where none was seen before.
        download_s: from its first byte until it was there and verified.
        hold_s: from there to its extraction: the layers below come first.
        extract_s: of the extraction, and of making it known to the store.
        status: the last word of the stream on it.
    """

    index: int
    digest: str
    instruction: str
    transfer_bytes: int | None
    unpacked_bytes: int | None
    queue_s: float | None
    download_s: float | None
    hold_s: float | None
    extract_s: float | None
    status: str
    announced_s: float | None = None

    @property
    def is_copy(self) -> bool:
        """Whether the image has the same layer further below: it is fetched once."""
        return self.status.startswith(COPY_STATUS)

    @property
    def download_span_s(self) -> tuple[float, float] | None:
        """From its first byte until it was there, since the pull request; None where unknown."""
        if self.announced_s is None or self.queue_s is None or self.download_s is None:
            return None
        begun_s = self.announced_s + self.queue_s
        return begun_s, begun_s + self.download_s


@dataclass(frozen=True)
class TrialResult:
    """One trial with every metric that was measured in it; what is absent was not.

    Attributes:
        metrics: values by metric name, in the metric's unit.
        facts: further things recorded about the trial, as the journal has them.
        path: its pull taken apart; None where nothing was pulled, or it broke off.
    """

    trial_id: str
    key: TrialKey
    attempt: int
    status: TrialStatus
    reason: str
    service: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    phases: tuple[PhaseSpan, ...] = ()
    layers: tuple[LayerPull, ...] = ()
    log_tail: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)
    path: PullPath | None = None


@dataclass(frozen=True)
class LayerFacts:
    """One layer of an image as it is shipped."""

    digest: str
    instruction: str
    transfer_bytes: int
    unpacked_bytes: int | None


@dataclass(frozen=True)
class ImagePart:
    """The image of one service of a stack; sizes as in ImageFacts."""

    service: str
    reference: str
    digest: str
    size_bytes: int | None
    transfer_bytes: int | None


@dataclass(frozen=True)
class BuiltStep:
    """A step of a build.

    Attributes:
        instruction: as in the Dockerfile, on one line.
        cached: whether the builder had it in its cache.
        seconds: that it took; None where it came from the cache, or the builder does not say.
    """

    instruction: str
    cached: bool
    seconds: float | None


@dataclass(frozen=True)
class ImageFacts:
    """What is known of a case's image for the whole run; of a stack, of all of them together.

    Attributes:
        reference: what trials pull, with its digest.
        source: `built`, `mirrored`, `engine` (from the user's own), `builder` (it was there
            already), `bootstrapped` (made here of Debian packages) or `compose`.
        build_s: seconds of the build, None where nothing was built.
        build_steps: steps of it that the builder's cache did not have, None where unknown.
        built: all steps of it but FROM, None where the builder does not tell, or nothing was built.
        remarks: what is not as the Dockerfile or the case has it, a sentence each.
        rebuild_s: seconds of another build after a small change, None where none was asked for.
        rebuilt: those of its steps that the builder's cache did not have, None where unknown.
        size_bytes: unpacked size: regular-file bytes over the layers, hard links once.
        transfer_bytes: compressed layers and configuration.
        waste_bytes: bytes overwritten or deleted by a later layer.
        engine_size_bytes: what the engine itself says, which depends on its image store.
        config: user, entrypoint, command, healthcheck and the like, as in the image.
        parts: the images of a stack's services; the sizes are then those of their layers, each
            distinct one once, and there is neither a reference nor a digest of all.
    """

    case: str
    reference: str
    digest: str
    source: str
    build_s: float | None
    size_bytes: int | None
    transfer_bytes: int | None
    waste_bytes: int | None
    engine_size_bytes: int | None
    layers: tuple[LayerFacts, ...] = ()
    config: dict[str, object] = field(default_factory=dict)
    build_steps: int | None = None
    rebuild_s: float | None = None
    rebuilt: tuple[str, ...] | None = None
    parts: tuple[ImagePart, ...] = ()
    built: tuple[BuiltStep, ...] | None = None
    remarks: tuple[str, ...] = ()

    def metrics(self) -> dict[str, float]:
        """The metrics that belong to the image, by name."""
        values = {
            "build_s": self.build_s,
            "build_steps": self.build_steps,
            "rebuild_s": self.rebuild_s,
            "rebuild_steps": None if self.rebuilt is None else len(self.rebuilt),
            "image_size_bytes": self.size_bytes,
            "image_transfer_bytes": self.transfer_bytes,
            "layer_waste_bytes": self.waste_bytes,
            "layer_count": len(self.layers) or None,
        }
        return {name: float(value) for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Stopped:
    """A case that failed twice the same way before it was ready.

    Attributes:
        left_out: how many of its trials were not made.
        planned: how many there were to be.
    """

    left_out: int
    planned: int
