"""When a container counts as ready: by one probe, or all or any of several."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bench.scenario.requests import (
    HeaderName,
    HeaderValue,
    HostName,
    Method,
    PortOrName,
    SocketPath,
    Statuses,
    accepted,
    status_words,
)
from bench.yamldoc.values import (
    Command,
    Flag,
    Model,
    OnlyTrue,
    Pattern,
    PositiveDuration,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMPOSITES = ("all", "any")
"""The words for several probes at once, each with a list of them."""


class EndpointSpec(Model):
    """Where in the container something is asked: at a port, or at a Unix socket."""

    port: PortOrName | None = None
    """Port that the application listens on, inside the container, or its name in a Compose file;
    where neither it nor a socket is given, the one TCP port that is published or exposed."""
    socket: SocketPath | None = None
    """Path of the Unix socket that it listens on instead, inside the container."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _refuse(endpoint_faults(self.model_dump()))
        return self

    @property
    def place(self) -> str:
        """The port or the socket, as people write it."""
        return f"unix:{self.socket}" if self.socket else str(self.port or "")

    @property
    def place_words(self) -> str:
        """The same in a sentence."""
        return f"socket {self.socket}" if self.socket else f"port {self.port}"


class HttpProbeSpec(EndpointSpec):
    """Ready when this request is answered with an expected status."""

    path: Annotated[str, StringConstraints(pattern=r"^/[!-~]*$")] = "/"
    """Path and query of the request."""
    scheme: Literal["http", "https"] = "http"
    """`https` for TLS; the certificate is not verified unless `verify` says so."""
    http2: Flag = False
    """Whether to speak HTTP/2: with prior knowledge, or over TLS by ALPN."""
    method: Method = "GET"
    """Method of the request."""
    host: HostName | None = None
    """Host that the request names, in `Host` and to TLS; the container's address where unset."""
    headers: dict[HeaderName, HeaderValue] = {}
    """Further headers of the request."""
    status: Statuses | None = None
    """Expected status, a range such as `200-399`, or a list of them; any 2xx where unset."""
    body: Pattern | None = None
    """Regular expression that is to be found in the answer's body, in its first MiB."""
    verify: Flag = False
    """Whether the server's certificate must be valid for `host`."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _refuse(http_faults(self.model_dump()))
        return self

    @property
    def words(self) -> str:
        """The answer that is waited for."""
        kind = f"{self.scheme.upper()}{'/2' if self.http2 else ''}"
        body = f" and a body like {self.body}" if self.body else ""
        return f"{kind} {status_words(self.status)}{body} from {self.place_words}, {self.path}"

    @property
    def accepted(self) -> frozenset[int]:
        """The statuses that mean ready."""
        return accepted(self.status)

    @property
    def host_header(self) -> str | None:
        """The host that the request names, by whichever key; None for the container's address."""
        given = [value for name, value in self.headers.items() if name.lower() == "host"]
        return self.host or (given[0] if given else None)


class TcpProbeSpec(EndpointSpec):
    """Ready when this port accepts a connection on the container's own address."""

    @property
    def words(self) -> str:
        """The answer that is waited for."""
        return f"a connection to {self.place_words}"


class GrpcProbeSpec(EndpointSpec):
    """Ready when the gRPC health service answers SERVING (`grpc.health.v1.Health/Check`)."""

    service: str = ""
    """Service whose health is asked for; the server's as a whole where empty."""
    scheme: Literal["http", "https"] = "http"
    """`https` for TLS; the certificate is not verified."""

    @property
    def words(self) -> str:
        """The answer that is waited for."""
        service = f" of {self.service}" if self.service else ""
        return f"gRPC health{service} from {self.place_words}"


class LogProbeSpec(Model):
    """Ready when a line of output matches; the pattern alone may stand for it."""

    pattern: Pattern
    """Regular expression, searched in each line of stdout and stderr."""
    times: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    """How many lines must match."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"pattern": value} if isinstance(value, str) else value

    @property
    def words(self) -> str:
        """The output that is waited for."""
        times = f"{self.times} lines" if self.times > 1 else "a line"
        return f"{times} of output like {self.pattern}"


class ExecProbeSpec(Model):
    """Ready when this command, run in the container, exits with 0; it may stand alone."""

    command: Command
    """The command, as a list of words or one text."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"command": value} if isinstance(value, str | list) else value

    @property
    def words(self) -> str:
        """The success that is waited for."""
        command = self.command if isinstance(self.command, str) else " ".join(self.command)
        return f"success of {command}"


class ProbeChoice(Model):
    """Exactly one probe."""

    http: HttpProbeSpec | None = None
    """An HTTP request is answered as expected."""
    tcp: TcpProbeSpec | None = None
    """A port accepts a connection; many servers accept before they can answer."""
    grpc: GrpcProbeSpec | None = None
    """The gRPC health service answers SERVING."""
    log: LogProbeSpec | None = None
    """A line of output matches."""
    exec: ExecProbeSpec | None = None
    """A command in the container exits with 0."""
    healthcheck: OnlyTrue | None = None
    """The engine calls the container healthy; no finer than the check's interval."""
    exit: OnlyTrue | None = None
    """The main process ends with code 0: a batch job."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if fault := choice_fault(self.chosen(), composites=False):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self

    @property
    def words(self) -> str:
        """The event that is waited for, in words."""
        (name,) = self.chosen()
        spec = getattr(self, name)
        return _FLAGS[name] if spec is True else str(spec.words)

    def chosen(self) -> list[str]:
        """The names of the probes that are set."""
        return [name for name in PROBES if getattr(self, name) is not None]

    @property
    def endpoint(self) -> EndpointSpec | None:
        """The probe that connects to the container, if one does."""
        specs = (getattr(self, name) for name in self.chosen())
        return next((spec for spec in specs if isinstance(spec, EndpointSpec)), None)


PROBES = tuple(ProbeChoice.model_fields)
"""The words for the single probes, of which a `ready` names one."""

SPECS = {
    name: spec
    for name, field in ProbeChoice.model_fields.items()
    for spec in get_args(field.annotation)
    if isinstance(spec, type) and issubclass(spec, Model)
}
"""The settings of those probes that have any."""

ASKED = tuple(name for name, spec in SPECS.items() if issubclass(spec, EndpointSpec))
"""The probes that connect to the container."""

_FLAGS = {"healthcheck": "its health check", "exit": "exit with code 0"}


class Ready(ProbeChoice):
    """When a case counts as ready, and how long to wait for it.

    Where no probe is named the image decides: see `bench.scenario.inferred`.
    """

    all: Annotated[list[ProbeChoice], Field(min_length=1)] | None = None
    """Every one of these probes is satisfied."""
    any: Annotated[list[ProbeChoice], Field(min_length=1)] | None = None
    """One of these probes is satisfied."""
    timeout: PositiveDuration = 60.0
    """How long to wait, from the return of the start call; then the trial has failed."""
    interval: PositiveDuration = 0.005
    """Between the end of one attempt and the next; one is outstanding at a time."""
    attempt_timeout: PositiveDuration = 1.0
    """How long one attempt may go without an answer; then it is given up, and made again."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = self.named()
        if named and (fault := choice_fault(named, composites=True)):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self

    def named(self) -> list[str]:
        """The names of the probes and lists of probes that are set."""
        return [
            *self.chosen(),
            *(name for name in COMPOSITES if getattr(self, name) is not None),
        ]

    def probes(self) -> list[ProbeChoice]:
        """The single probes, of which `any` needs one and everything else all.

        None where what the image says decides and is not known.
        """
        return self.all or self.any or ([self] if self.chosen() else [])

    def uses(self, name: str) -> bool:
        """Whether the probe called `name` is among them."""
        return any(getattr(probe, name) is not None for probe in self.probes())

    def log_patterns(self) -> dict[str, int]:
        """The patterns that lines of output are searched for, and how many must match each."""
        found: dict[str, int] = {}
        for probe in self.probes():
            if probe.log is not None:
                found[probe.log.pattern] = max(probe.log.times, found.get(probe.log.pattern, 0))
        return found

    @property
    def is_an_end(self) -> bool:
        """Whether what is ready by this has ended."""
        return self.any is None and self.uses("exit")


def choice_fault(named: list[str], *, composites: bool) -> str:
    """Why these probes cannot be named together; empty where it is exactly one."""
    if len(named) == 1:
        return ""
    known = (*PROBES, *COMPOSITES) if composites else PROBES
    what = f"{' and '.join(f'`{name}`' for name in named)} together" if named else "no probe named"
    return f"{what}; name exactly one of {', '.join(known)}"


def endpoint_faults(probe: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Contradictions in a probe that connects, each with its key."""
    if probe.get("port") and probe.get("socket"):
        yield "socket", "`port` and `socket` together; name one of them"


def http_faults(probe: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The same of an HTTP probe."""
    yield from endpoint_faults(probe)
    headers = probe.get("headers")
    names = [str(name).lower() for name in headers] if isinstance(headers, dict) else []
    named = bool(probe.get("host")) or "host" in names
    if probe.get("host") and "host" in names:
        yield "host", "`host` and a header `Host` together; write one of them"
    if len(set(names)) < len(names):
        yield "headers", "a header stands here twice; keep one of them"
    if probe.get("verify") and probe.get("scheme") != "https":
        yield "verify", "there is no certificate without TLS; write `scheme: https`"
    elif probe.get("verify") and not named:
        yield "verify", "the certificate is for a name; write that as `host`"
    if probe.get("method") == "HEAD" and probe.get("body"):
        yield "body", "the answer to HEAD has no body; use another `method`"


def _refuse(faults: Iterator[tuple[str, str]]) -> None:
    for _, fault in faults:
        raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
