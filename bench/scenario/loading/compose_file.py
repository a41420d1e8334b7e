"""Reading a Compose file: every fault at once, each with its place, and the stack it describes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bench.compose.checks import check_files, check_names, remarks
from bench.compose.combine import FileReader
from bench.compose.engine_checks import check_engine, check_of_compose
from bench.compose.members import members_of
from bench.compose.model import ComposeFile
from bench.compose.networks import Network
from bench.compose.order import in_order, taking_part, with_implied_waits
from bench.compose.stack import Stack
from bench.compose.unsupported_keys import settled
from bench.core.errors import ScenarioError
from bench.scenario.compose_service import as_case
from bench.scenario.loading.wording import reworded, split_advice
from bench.scenario.model import Case
from bench.yamldoc.nodes import Map, locate, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.compose.stack import ComposeService
    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Entry


def load_stack(
    paths: Path | Sequence[Path],
    *,
    services: Sequence[str] = (),
    profiles: Sequence[str] = (),
    env_files: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
) -> Stack:
    """The stack that the Compose file at `paths` describes, or several laid over one another.

    Args:
        paths: of the file, or of several; relative paths start from the folder of the first.
        services: with what they depend on; all of the file, by its profiles, where empty.
        profiles: those that are active; those of `COMPOSE_PROFILES` where empty.
        env_files: in the place of the `.env` beside it.
        environ: what variables are taken from; this process's environment where None.

    Raises:
        ScenarioError: anything is wrong with it; carries all faults, sorted by place.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    reader = FileReader(os.environ if environ is None else environ)
    faults, warnings = reader.faults, reader.warnings
    try:
        root = with_implied_waits(reader.read(files, env_files))
    except ScenarioError as error:
        raise ScenarioError(_sorted([*faults, *error.diagnostics])) from None
    named = reader.environ.get("COMPOSE_PROFILES", "").split(",")
    active = {*profiles} or {profile.strip() for profile in named}
    root = taking_part(root, services, active, faults)
    if not root.map("services").entries and faults:
        raise ScenarioError(_sorted(faults))
    noted, remarked = reader.notes.of(root)
    faults += noted
    warnings += remarked
    taken = root.map("services")
    incomplete = [name for name in taken.entries if taken.map(name).get("extends")]
    root = settled(_read(root), warnings, faults)
    file = _validated(root, faults)
    if file is not None:
        faults += check_names(root, file, incomplete)
        for name in file.services:
            service = root.map("services").map(name)
            faults += check_engine(_run_by_an_engine(service))
            faults += check_of_compose(service)
    if file is None or faults:
        raise ScenarioError(_sorted(faults))
    faults += check_files(root, file, reader.environ)
    order = in_order(root, file, faults)
    if faults:
        raise ScenarioError(_sorted(faults))
    warnings += remarks(root, file)
    members = members_of(file, order, reader.environ, warnings)
    faults += _unfit(root, members)
    if faults:
        raise ScenarioError(_sorted(faults))
    used = dict.fromkeys(network for member in members for network in member.networks)
    mounted = dict.fromkeys(volume for member in members for volume in member.volumes)
    return Stack(
        name=reader.environ["COMPOSE_PROJECT_NAME"],
        path=files[0],
        members=members,
        networks={name: file.networks.get(name, Network()) for name in used},
        volumes={name: file.volumes[name] for name in mounted},
        configs=file.configs,
        secrets=file.secrets,
        environ=reader.environ,
        digest=reader.digest,
        warnings=tuple(_sorted(warnings)),
    )


def _read(root: Map) -> Map:
    """`root` without what was read when files were put together, or is wrong, which was noted."""
    services = root.map("services")
    if not services.entries:
        return root
    left: dict[str, Entry | None] = {
        name: entry.holding(entry.node.replace({"extends": None}))
        if isinstance(entry.node, Map)
        else entry
        for name, entry in services.entries.items()
    }
    return root.replace({"services": root.entries["services"].holding(services.replace(left))})


def _run_by_an_engine(service: Map) -> Map:
    """`service` without what no engine is given: the name for an image that is built."""
    return service.replace({"image": None}) if service.get("build") else service


def _validated(root: Map, faults: list[Diagnostic]) -> ComposeFile | None:
    try:
        return ComposeFile.model_validate(value_of(root))
    except ValidationError as error:
        found = reworded(error, root, ComposeFile)
        if not (found or faults):
            found = [root.place.diagnostic(error.errors()[0]["msg"])]
        faults += found
        return None


def _unfit(root: Map, members: Sequence[ComposeService]) -> list[Diagnostic]:
    """Services that no container can be made of, though each value has the right form."""
    outer = Case.model_validate({"compose": "any"})
    faults = []
    for member in members:
        try:
            as_case(member, outer, outer.ready)
        except ValidationError as error:
            for complaint in error.errors(include_url=False):
                keys = (key for key in complaint["loc"] if isinstance(key, str | int))
                place = locate(root, ("services", member.of, *keys))[0]
                message, advice = split_advice(complaint["msg"].removeprefix("Value error, "))
                faults.append(place.diagnostic(f"`{complaint['loc'][0]}`: {message}", advice))
    return faults


def _sorted(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    once = dict.fromkeys(found)
    return sorted(once, key=lambda diagnostic: (diagnostic.file, diagnostic.line, diagnostic.col))
