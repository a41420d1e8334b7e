"""What a trial of a stack measures: its services with their images, as resolved for this run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING

from bench.compose.model import Condition
from bench.core.errors import UsageError
from bench.scenario.probes import Ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.compose.stack import ComposeService, Stack
    from bench.journal.facts.image import ImageFacts
    from bench.scenario.compose_case import ComposeUse
    from bench.scenario.model import Case
    from bench.trial.context import PreparedCase


class ReadyBy(StrEnum):
    """What decides that a service of a stack is ready."""

    HEALTHCHECK = "healthcheck"
    """The engine calls it healthy; no sooner than the interval of its check after its start."""
    EXIT = "exit"
    """It ends with code 0, which others wait for."""
    PROBE = "probe"
    """The scenario says what to ask it."""
    STARTED = "started"
    """Nothing: its start call returned."""


@dataclass(frozen=True)
class PreparedService:
    """One service of a stack, ready to be measured.

    Attributes:
        member: as the Compose file has it.
        prepared: its image, and how to run it.
        ready_by: what decides that it is ready.
    """

    member: ComposeService
    prepared: PreparedCase
    ready_by: ReadyBy

    @property
    def name(self) -> str:
        """The service's name."""
        return self.member.name


@dataclass(frozen=True)
class PreparedStack:
    """A stack of this run.

    Attributes:
        name: of the case.
        use: how the case has it measured.
        case: the case.
        stack: as its Compose file has it.
        parts: its services, each after those that it waits for.
    """

    name: str
    use: ComposeUse
    case: Case
    stack: Stack
    parts: tuple[PreparedService, ...]

    @property
    def references(self) -> list[str]:
        """What its services run, each image once."""
        return list(dict.fromkeys(part.prepared.reference for part in self.parts))

    @property
    def blobs(self) -> list[str]:
        """Digests of what a cold pull of all fetches."""
        return list(dict.fromkeys(blob for part in self.parts for blob in part.prepared.blobs))

    def pulls(self) -> list[tuple[PreparedService, int]]:
        """The services with whose start an image is pulled, one after the other.

        With each goes how many layers of its image, from the first, those before have brought:
        an engine knows a layer again only where it stands on the same ones.
        """
        found: list[tuple[PreparedService, int]] = []
        there: list[list[str]] = []
        for part in self.parts:
            prepared = part.prepared
            if prepared.reference in [earlier.prepared.reference for earlier, _ in found]:
                continue
            layers = (
                [layer.digest for layer in prepared.manifest.layers] if prepared.manifest else []
            )
            found.append((part, max((_in_common(layers, known) for known in there), default=0)))
            there.append(layers)
        return found

    def with_extra_hosts(self, addresses: Mapping[str, str]) -> PreparedStack:
        """The same, whose services also reach these names."""
        parts = [
            dataclasses.replace(
                part, prepared=dataclasses.replace(part.prepared, extra_hosts=addresses)
            )
            for part in self.parts
        ]
        return dataclasses.replace(self, parts=tuple(parts))


def _in_common(first: list[str], second: list[str]) -> int:
    """How many items both begin with."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def readiness_of(
    member: ComposeService, stack: Stack, use: ComposeUse, image: ImageFacts
) -> ReadyBy:
    """What decides that `member` is ready.

    Raises:
        UsageError: others wait for its health, and nothing checks that.
    """
    if member.of in use.ready:
        return ReadyBy.EXIT if use.ready[member.of].is_an_end else ReadyBy.PROBE
    if stack.waited_for(member.name, Condition.COMPLETED):
        return ReadyBy.EXIT
    check = member.service.healthcheck
    own = check is not None and not check.is_off and check.test is not None
    is_off = check is not None and check.is_off
    if own or (_checks_health(image) and not is_off):
        return ReadyBy.HEALTHCHECK
    if stack.waited_for(member.name, Condition.HEALTHY):
        raise UsageError(
            f"{stack.path}: {member.name}",
            "others wait for its health, and neither the file nor its image has a health check",
            "give it a `healthcheck`, or let the others wait for `service_started`",
        )
    return ReadyBy.STARTED


def _checks_health(image: ImageFacts) -> bool:
    check = image.config.get("Healthcheck")
    test = check.get("Test") if isinstance(check, dict) else None
    return isinstance(test, list) and test[:1] not in ([], ["NONE"])


def ready_for(by: ReadyBy, member: ComposeService, use: ComposeUse) -> Ready:
    """What to wait for, and how long.

    A service that counts as ready once it is started may end by itself, like a job.
    """
    if member.of in use.ready:
        return use.ready[member.of]
    probe = {"healthcheck": True} if by is ReadyBy.HEALTHCHECK else {"exit": True}
    return Ready.model_validate(probe).model_copy(update={"timeout": use.timeout})
