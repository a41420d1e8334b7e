"""What decides that a container is ready where the scenario leaves that to its image.

Without a probe it is the image's HEALTHCHECK, whose command is run as an `exec` probe: the engine
itself runs it every 30 s where nothing else is said, and no container would be ready sooner.
Without a HEALTHCHECK it is a connection to the port that the image exposes. A probe that names no
port asks at that port too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bench.scenario.probes import ASKED, COMPOSITES, ExecProbe, ProbeChoice, Ready, TcpProbe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.scenario.container import Healthcheck

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
    return bool(probes) and all(_names_place(one) for one in probes)


def _names_place(probe: ProbeChoice) -> bool:
    one = probe.endpoint
    return one is None or bool(one.port or one.socket)


def settled(ready: Ready, config: Mapping[str, Any], own_check: Healthcheck | None) -> Ready:
    """`ready`, with what it leaves to the image taken from there.

    Args:
        ready: as the scenario has it.
        config: of the image: `Healthcheck`, `ExposedPorts` and `Shell` as engines have them.
        own_check: the health check that the scenario gives the container.

    Raises:
        UnsaidError: the image does not say it, or not clearly.
    """
    if is_settled(ready):
        return ready
    if not ready.probes():
        command = _check_command(config, own_check)
        if command is not None:
            return ready.model_copy(update={"exec": ExecProbe(command=command)})
        return ready.model_copy(update={"tcp": TcpProbe(port=_exposed_port(config, named=False))})
    port = _exposed_port(config, named=True)
    for key in COMPOSITES:
        several: list[ProbeChoice] | None = getattr(ready, key)
        if several is not None:
            probes = [one.model_copy(update=_with_port(one, port)) for one in several]
            return ready.model_copy(update={key: probes})
    return ready.model_copy(update=_with_port(ready, port))


def inferred_words(before: Ready, after: Ready) -> str:
    """What was taken from the image, in words; empty where nothing was."""
    if is_settled(before):
        return ""
    if before.probes():
        asked = [one.endpoint for one in after.probes()]
        port = next(one.port for one in asked if one is not None and one.port)
        return f"`ready` names no port: {port} is asked, which the image exposes"
    if after.exec is not None:
        return "no probe named in `ready`: the command of the health check is run as an exec probe"
    place = after.tcp.place if after.tcp else ""
    return (
        f"no probe named in `ready`: a connection to port {place} decides, which the image "
        "exposes; many servers accept before they can answer"
    )


def _with_port(probe: ProbeChoice, port: int) -> dict[str, Any]:
    """The endpoint of `probe` with the port, where it names no place."""
    if _names_place(probe):
        return {}
    key = next(one for one in ASKED if getattr(probe, one) is not None)
    return {key: getattr(probe, key).model_copy(update={"port": port})}


def _check_command(config: Mapping[str, Any], own: Healthcheck | None) -> list[str] | None:
    """The words of the health check's command; None where there is none."""
    if own is not None and own.disable:
        return None
    test: object = own.test if own is not None else None
    if test is None:
        check = config.get("Healthcheck")
        test = check.get("Test") if isinstance(check, dict) else None
    shell = config.get("Shell")
    words = [str(one) for one in shell] if isinstance(shell, list) and shell else list(_SHELL)
    if isinstance(test, str):
        return [*words, test]
    if not isinstance(test, list) or len(test) < 2:
        return None
    kind, *command = (str(one) for one in test)
    return {"CMD": command, "CMD-SHELL": [*words, " ".join(command)]}.get(kind)


def _exposed_port(config: Mapping[str, Any], *, named: bool) -> int:
    """The one TCP port that the image exposes.

    Raises:
        UnsaidError: it exposes none, or several.
    """
    ports = exposed_ports(config)
    if len(ports) == 1:
        return ports[0]
    if ports:
        several = ", ".join(map(str, ports[:8])) + (", …" if len(ports) > 8 else "")
        raise UnsaidError(
            f"`ready` names no {'port' if named else 'probe'}, "
            f"and the image exposes several ports: {several}",
            f"name the one that decides, such as `ready: {{http: {{port: {ports[0]}}}}}`",
        )
    if named:
        raise UnsaidError(
            "`ready` names no port, and the image exposes none",
            "write the port it listens on, such as `port: 8080`",
        )
    raise UnsaidError("`ready` names no probe, and the image has neither HEALTHCHECK nor EXPOSE")


def exposed_ports(config: Mapping[str, Any]) -> list[int]:
    """The TCP ports that an image exposes, in order."""
    exposed = config.get("ExposedPorts")
    found: set[int] = set()
    for text in exposed if isinstance(exposed, dict) else ():
        match = _PORT.fullmatch(str(text))
        if match is None or (match[3] or "tcp").lower() != "tcp":
            continue
        first, last = int(match[1]), int(match[2] or match[1])
        found |= set(range(first, min(last, first + _MOST_PORTS) + 1))
    return sorted(one for one in found if 1 <= one <= 65535)
