"""The images of a stack, each prepared like that of a case, and their combined facts."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from bench.journal.facts.image import BaseRecord, ImageFacts, ImagePart
from bench.scenario.compose_service import as_case
from bench.scenario.redact import file_secrets
from bench.trial.context import PreparedCase
from bench.trial.stack.prepared import PreparedService, PreparedStack, readiness_of, ready_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from bench.compose.stack import ComposeService, Stack
    from bench.runner.images import ImageMaker, ReadyImage
    from bench.scenario.compose_case import ComposeUse
    from bench.scenario.model import Case

    Taken = Callable[[str, Case, Mapping[str, Any], Mapping[str, int]], Case]


def make_stack(
    maker: ImageMaker,
    name: str,
    case: Case,
    use: ComposeUse,
    stack: Stack,
    reference: Callable[[str], str],
    taken: Taken = lambda _, case, __, ___: case,
) -> tuple[PreparedStack, ImageFacts, list[BaseRecord]]:
    """The stack of the case called `name` with the images of its services.

    Args:
        maker: builds or mirrors each image.
        name: of the case.
        case: the case.
        use: how it uses its Compose file.
        stack: the contents of its Compose file.
        reference: maps a reference in the registry to the one that trials pull.
        taken: completes the `ready` of a service from its image; takes its place in the scenario.

    Returns:
        The prepared stack, the facts of all images together, and the bases of the FROM lines.

    Raises:
        BuildError: a Dockerfile does not build.
        EngineError: an image is not available anywhere, or the engine failed.
        UsageError: other services wait for the health of a service without a health check.
    """
    parts = []
    made: list[tuple[str, ReadyImage]] = []
    by_digest: dict[str, str] = {}
    by_service: dict[str, ReadyImage] = {}
    for member in stack.members:
        image = by_service.get(member.of) or _make(maker, name, case, member, stack)
        by_service[member.of] = image
        made.append((member.name, image))
        facts = image.facts
        by = readiness_of(member, stack, use, facts)
        part = as_case(member, case, ready_for(by, member, use))
        prepared = PreparedCase(
            name=name,
            case=taken(
                f"cases.{name}.compose.ready.{member.of}", part, facts.config, member.port_names
            ),
            # of one image under two names, only one can be pulled
            reference=reference(
                by_digest.setdefault(facts.digest or image.reference, image.reference)
            ),
            manifest=image.manifest,
            layers=facts.layers,
            folder=stack.path.parent,
            secrets=secrets_of(member, stack),
        )
        parts.append(PreparedService(member, prepared, by))
    bases = [base for image in by_service.values() for base in image.bases]
    facts = dataclasses.replace(together(name, made), config={"compose_sha256": stack.digest})
    return PreparedStack(name, use, case, stack, tuple(parts)), facts, bases


def _make(
    maker: ImageMaker, name: str, case: Case, member: ComposeService, stack: Stack
) -> ReadyImage:
    container = as_case(member, case, case.ready)
    return maker.make(f"{name}-{member.of}", container, stack.path.parent, stack.environ)


def secrets_of(member: ComposeService, stack: Stack) -> frozenset[str]:
    """Values to hide in the output of `member`: its secrets, and values of its env files."""
    from_files = {k: v for k, v in member.environment.items() if v in member.from_files}
    found = file_secrets(from_files)
    for use in member.service.secrets:
        source = stack.secrets[use.source]
        if source.content is not None:
            found.add(source.content.strip())
        elif source.environment is not None:
            found.add(stack.environ[source.environment].strip())
        elif source.file is not None and Path(source.file).is_file():
            found.add(Path(source.file).read_text(encoding="utf-8", errors="replace").strip())
    return frozenset(found)


def together(case: str, made: Sequence[tuple[str, ReadyImage]]) -> ImageFacts:
    """The combined facts of a stack's images; each distinct layer counts once."""
    images = [image.facts for _, image in made]
    layers = {layer.digest: layer for image in images for layer in image.layers}
    blobs = {
        blob.digest: blob.size_bytes
        for _, image in made
        if image.manifest
        for blob in (*image.manifest.layers, image.manifest.config)
    }
    whole = all(image.manifest for _, image in made)
    by_service = {image.case: image for image in images}
    builds = [image.build_s for image in by_service.values() if image.build_s is not None]
    by_digest = {image.digest: image for image in images}
    return ImageFacts(
        case=case,
        reference="",
        digest="",
        source="compose",
        build_s=sum(builds) if builds else None,
        size_bytes=_sum([layer.unpacked_bytes for layer in layers.values()]),
        transfer_bytes=sum(blobs.values()) if whole else None,
        waste_bytes=_sum([image.waste_bytes for image in by_digest.values()]),
        engine_size_bytes=None,
        layers=tuple(layers.values()),
        parts=tuple(
            ImagePart(
                name,
                image.facts.reference,
                image.facts.digest,
                image.facts.size_bytes,
                image.facts.transfer_bytes,
            )
            for name, image in made
        ),
    )


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
