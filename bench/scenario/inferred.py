"""Readiness that the scenario leaves to the image.

Without a probe it is the image's HEALTHCHECK, whose command is run as an `exec` probe: the engine
itself runs it every 30 s where nothing else is said, and no container would be ready sooner.
Without a HEALTHCHECK it is a connection to the one port that is published, or that the image
exposes. A probe that names no port asks at that port too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.scenario.probes import ASKED, COMPOSITES, ExecProbeSpec, ProbeChoice, Ready, TcpProbeSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.compose.container_keys import Container, Healthcheck

_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_SHELL = ("/bin/sh", "-c")
_MOST_PORTS = 100
_REMEDY = "say in `ready` what decides, such as `ready: {http: {port: 8080}}`"


class UnsaidError(Exception):
    """The image does not say it either.

    Attributes:
        cause: why nothing can be inferred.
        remedy: what to write.
    """

    def __init__(self, cause: str, remedy: str = _REMEDY) -> None:
        self.cause = cause
        self.remedy = remedy
        super().__init__(cause)


def is_settled(ready: Ready) -> bool:
    """Whether `ready` says everything by itself."""
    probes = ready.probes()
    return bool(probes) and all(_names_place(probe) for probe in probes)


def _names_place(probe: ProbeChoice) -> bool:
    endpoint = probe.endpoint
    return endpoint is None or isinstance(endpoint.port, int) or bool(endpoint.socket)


@dataclass(frozen=True)
class ImageSays:
    """Facts of a container from its image, and from its keys in the scenario.

    Attributes:
        config: of the image: `Healthcheck`, `ExposedPorts` and `Shell` as engines have them.
        check: the health check that the scenario gives the container.
        published: its ports that are published.
        names: the names of ports, where there are any.
    """

    config: Mapping[str, Any]
    check: Healthcheck | None = None
    published: Sequence[int] = ()
    names: Mapping[str, int] = field(default_factory=dict)


def said_of(
    container: Container, config: Mapping[str, Any], names: Mapping[str, int] | None = None
) -> ImageSays:
    """The facts of `container`, whose image has this configuration."""
    return ImageSays(config, container.healthcheck, published_ports(container.ports), names or {})


def settled(ready: Ready, says: ImageSays) -> Ready:
    """`ready`, with what it leaves to the image taken from there.

    Raises:
        UnsaidError: the image does not say it, or not clearly.
    """
    if is_settled(ready):
        return ready
    if not ready.probes():
        command = _check_command(says.config, says.check)
        if command is not None:
            return ready.model_copy(update={"exec": ExecProbeSpec(command=command)})
        return ready.model_copy(update={"tcp": TcpProbeSpec(port=_one_port(says, "probe"))})
    for key in COMPOSITES:
        several: list[ProbeChoice] | None = getattr(ready, key)
        if several is not None:
            probes = [probe.model_copy(update=_with_port(probe, says)) for probe in several]
            return ready.model_copy(update={key: probes})
    return ready.model_copy(update=_with_port(ready, says))


def inferred_words(before: Ready, after: Ready, says: ImageSays) -> str:
    """The readiness that was taken from the image, in words; empty where none was."""
    if is_settled(before):
        return ""
    if after.exec is not None and not before.probes():
        return "no probe named in `ready`: the command of the health check is run as an exec probe"
    unnamed = [
        new.endpoint.port
        for old, new in zip(before.probes() or [before], after.probes(), strict=True)
        if new.endpoint and not (old.endpoint and old.endpoint.port)
    ]
    ports = [port for port in unnamed if isinstance(port, int)]
    if not ports:
        return ""  # a name that the file itself explains
    whose = "is published" if len(says.published) == 1 else "the image exposes"
    if before.probes():
        return f"`ready` names no port: {ports[0]} is asked, which {whose}"
    return (
        f"no probe named in `ready`: a connection to port {ports[0]} decides, which {whose}; "
        "many servers accept before they can answer"
    )


def _with_port(probe: ProbeChoice, says: ImageSays) -> dict[str, Any]:
    """The endpoint of `probe` with a number for its port, where it has none."""
    endpoint = probe.endpoint
    if endpoint is None or _names_place(probe):
        return {}
    name = endpoint.port
    if isinstance(name, str) and name not in says.names:
        known = ", ".join(says.names) or "none of its ports has a name"
        raise UnsaidError(
            f"no port is called {name!r}", f"write its number, or a name of `ports` ({known})"
        )
    port = says.names[name] if isinstance(name, str) else _one_port(says, "port")
    key = next(name for name in ASKED if getattr(probe, name) is not None)
    return {key: endpoint.model_copy(update={"port": port})}


def _check_command(config: Mapping[str, Any], own: Healthcheck | None) -> list[str] | None:
    """The words of the health check's command; None where there is none."""
    if own is not None and own.disable:
        return None
    test: object = own.test if own is not None else None
    if test is None:
        check = config.get("Healthcheck")
        test = check.get("Test") if isinstance(check, dict) else None
    shell = config.get("Shell")
    words = [str(word) for word in shell] if isinstance(shell, list) and shell else list(_SHELL)
    if isinstance(test, str):
        return [*words, test]
    if not isinstance(test, list) or len(test) < 2:
        return None
    kind, *command = (str(word) for word in test)
    return {"CMD": command, "CMD-SHELL": [*words, " ".join(command)]}.get(kind)


_SEVERAL = "the image exposes several ports"


def _one_port(says: ImageSays, unnamed: str) -> int:
    """The one TCP port that is published, else the one that the image exposes.

    Raises:
        UnsaidError: there is none, or there are several.
    """
    exposed = exposed_ports(says.config)
    for ports in (says.published, exposed):
        if len(ports) == 1:
            return ports[0]
    ports = says.published or exposed
    if ports:
        several = ", ".join(map(str, ports[:8])) + (", …" if len(ports) > 8 else "")
        what = "several ports are published" if says.published else _SEVERAL
        raise UnsaidError(
            f"`ready` names no {unnamed}, and {what}: {several}",
            f"name the one that decides, such as `ready: {{http: {{port: {ports[0]}}}}}`",
        )
    if unnamed == "port":
        raise UnsaidError(
            "`ready` names no port, and the image exposes none",
            "write the port it listens on, such as `port: 8080`",
        )
    raise UnsaidError("`ready` names no probe, and the image has neither HEALTHCHECK nor EXPOSE")


def published_ports(mappings: Iterable[str]) -> list[int]:
    """The TCP ports of a container that these mappings publish, in order."""
    return _ports(mapping.rpartition("]")[2].rpartition(":")[2] for mapping in mappings)


def exposed_ports(config: Mapping[str, Any]) -> list[int]:
    """The TCP ports that an image exposes, in order."""
    exposed = config.get("ExposedPorts")
    return _ports(str(port) for port in exposed) if isinstance(exposed, dict) else []


def _ports(texts: Iterable[str]) -> list[int]:
    found: set[int] = set()
    for text in texts:
        match = _PORT.fullmatch(text)
        if match is None or (match[3] or "tcp").lower() != "tcp":
            continue
        first, last = int(match[1]), int(match[2] or match[1])
        found |= set(range(first, min(last, first + _MOST_PORTS) + 1))
    return sorted(port for port in found if 1 <= port <= 65535)
