"""The inputs of a stack's trial: its services with their images, as resolved for this run."""

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
    """The source of a service's readiness."""

    HEALTHCHECK = "healthcheck"
    """The engine reports it as healthy, at the earliest one check interval after its start."""
    EXIT = "exit"
    """It exits with code 0, which other services wait for."""
    PROBE = "probe"
    """A probe of the scenario."""
    STARTED = "started"
    """Nothing: its start call returned."""


@dataclass(frozen=True)
class PreparedService:
    """One service of a stack, ready to be measured.

    Attributes:
        member: as in the Compose file.
        prepared: its image, and how to run it.
        ready_by: the source of its readiness.
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
        use: how the case measures it.
        case: the case.
        stack: as in its Compose file.
        parts: its services, each after those that it waits for.
    """

    name: str
    use: ComposeUse
    case: Case
    stack: Stack
    parts: tuple[PreparedService, ...]

    @property
    def references(self) -> list[str]:
        """The images that its services run, each once."""
        return list(dict.fromkeys(part.prepared.reference for part in self.parts))

    @property
    def blobs(self) -> list[str]:
        """Digests that a cold pull of all images fetches."""
        return list(dict.fromkeys(blob for part in self.parts for blob in part.prepared.blobs))

    def pulls(self) -> list[tuple[PreparedService, int]]:
        """The services whose image must be pulled, in order.

        Each comes with the number of leading layers of its image that earlier pulls have fetched:
        an engine reuses a layer only on top of the same parent layers.
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
        """The same stack, with these host names added to all services."""
        parts = [
            dataclasses.replace(
                part, prepared=dataclasses.replace(part.prepared, extra_hosts=addresses)
            )
            for part in self.parts
        ]
        return dataclasses.replace(self, parts=tuple(parts))


def _in_common(first: list[str], second: list[str]) -> int:
    """The number of leading items that both have in common."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def readiness_of(
    member: ComposeService, stack: Stack, use: ComposeUse, image: ImageFacts
) -> ReadyBy:
    """The source of the readiness of `member`.

    Raises:
        UsageError: other services wait for its health, and it has no health check.
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
    """The probes to wait for, and the time-out.

    A service that counts as ready once started may exit by itself, like a job.
    """
    if member.of in use.ready:
        return use.ready[member.of]
    probe = {"healthcheck": True} if by is ReadyBy.HEALTHCHECK else {"exit": True}
    return Ready.model_validate(probe).model_copy(update={"timeout": use.timeout})
