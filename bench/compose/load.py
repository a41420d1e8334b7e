"""Reading a Compose file: every fault at once, each with its place, and the stack it describes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bench.compose.checks import check_files, check_names, remarks
from bench.compose.combine import FileReader
from bench.compose.container import as_case
from bench.compose.keys import settled
from bench.compose.model import ComposeFile, Network, NetworkUse
from bench.compose.order import choose, in_order
from bench.compose.stack import Member, Stack, Wait
from bench.errors import ScenarioError
from bench.scenario.engine_checks import check_engine
from bench.scenario.env_file import read_env_files
from bench.scenario.model import Case
from bench.scenario.nodes import locate, value_of
from bench.scenario.wording import reworded, split_advice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.compose.model import Service
    from bench.errors import Diagnostic
    from bench.scenario.nodes import Map


def load_stack(
    path: Path,
    *,
    services: Sequence[str] = (),
    profiles: Sequence[str] = (),
    env_files: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
) -> Stack:
    """The stack that the Compose file at `path` describes.

    Args:
        path: of the file; relative paths in it start from its folder.
        services: with what they depend on; all of the file, by its profiles, where empty.
        profiles: those that are active; those of `COMPOSE_PROFILES` where empty.
        env_files: in the place of the `.env` beside it.
        environ: what variables are taken from; this process's environment where None.

    Raises:
        ScenarioError: anything is wrong with it; carries all faults, sorted by place.
    """
    reader = FileReader(os.environ if environ is None else environ)
    warnings, faults = reader.warnings, reader.faults
    try:
        root = settled(reader.read(path, env_files), warnings, faults)
    except ScenarioError as error:
        raise ScenarioError(_sorted([*faults, *error.diagnostics])) from None
    file = _validated(root, faults)
    if file is not None:
        faults += check_names(root, file)
        for name in file.services:
            faults += check_engine(root.map("services").map(name))
    if file is None or faults:
        raise ScenarioError(_sorted(faults))
    named = reader.environ.get("COMPOSE_PROFILES", "").split(",")
    active = {*profiles} or {one.strip() for one in named}
    chosen = choose(root, file, services, active, faults)
    faults += check_files(root, file, chosen, reader.environ)
    order = in_order(root, file, chosen, faults)
    if faults:
        raise ScenarioError(_sorted(faults))
    warnings += remarks(root, file, order)
    members = tuple(
        _member(name, file.services[name], order, reader.environ, warnings) for name in order
    )
    faults += _unfit(root, members)
    if faults:
        raise ScenarioError(_sorted(faults))
    used = dict.fromkeys(one for member in members for one in member.networks)
    return Stack(
        name=file.name or path.absolute().parent.name,
        path=path,
        members=members,
        networks={name: file.networks.get(name, Network()) for name in used},
        volumes=tuple(dict.fromkeys(one for member in members for one in member.volumes)),
        configs=file.configs,
        secrets=file.secrets,
        environ=reader.environ,
        digest=reader.digest,
        warnings=tuple(_sorted(warnings)),
    )


def _validated(root: Map, faults: list[Diagnostic]) -> ComposeFile | None:
    try:
        return ComposeFile.model_validate(value_of(root))
    except ValidationError as error:
        found = reworded(error, root, ComposeFile)
        if not (found or faults):
            found = [root.place.diagnostic(error.errors()[0]["msg"])]
        faults += found
        return None


def _member(
    name: str,
    service: Service,
    order: Sequence[str],
    environ: Mapping[str, str],
    warnings: list[Diagnostic],
) -> Member:
    from_files: dict[str, str] = {}
    for one in service.env_file:
        if Path(one.path).is_file():
            is_raw = one.format == "raw"
            from_files |= read_env_files([one.path], environ, raw=is_raw, warnings=warnings)
    networks: dict[str, tuple[str, ...]] = {}
    if service.network_mode is None:
        joined = service.networks or {"default": NetworkUse()}
        own = (name, service.container_name) if service.container_name else (name,)
        networks = {key: (*own, *use.aliases) for key, use in joined.items()}
    by_target = {one.target: one for one in service.volumes}
    return Member(
        name=name,
        service=service,
        waits=tuple(
            Wait(other, one.condition, one.restart)
            for other, one in service.depends_on.items()
            if other in order
        ),
        environment={**from_files, **service.environment},
        from_files=frozenset(from_files.values()),
        networks=networks,
        mounts=tuple(by_target.values()),
    )


def _unfit(root: Map, members: Sequence[Member]) -> list[Diagnostic]:
    """What no container can be made of, though each value by itself has the right form."""
    outer = Case.model_validate({"compose": "any"})
    faults = []
    for member in members:
        try:
            as_case(member, outer, outer.ready)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                keys = (key for key in one["loc"] if isinstance(key, str | int))
                place = locate(root, ("services", member.name, *keys))[0]
                message, advice = split_advice(one["msg"].removeprefix("Value error, "))
                faults.append(place.diagnostic(f"`{one['loc'][0]}`: {message}", advice))
    return faults


def _sorted(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    once = dict.fromkeys(found)
    return sorted(once, key=lambda one: (one.file, one.line, one.col))
