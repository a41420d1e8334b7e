"""One request over HTTP/2 on a connection that stands, without asking in HTTP/1 first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.trial.probes.answer import AnswerError
from bench.trial.probes.words import first_bytes, plain

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from h2.events import Event

_STREAM = 1
_MOST_BODY = 1024 * 1024
_MOST_HEADERS = 16 * 1024 * 1024


@dataclass
class Http2Answer:
    """What was answered on the one stream.

    Attributes:
        status: of the final answer; 0 until it has come.
        trailers: what came after the body, and the headers where there was none.
    """

    status: int = 0
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)
    is_complete: bool = False


def exchange(
    link: socket.socket,
    receive: Callable[[], bytes],
    head: Sequence[tuple[str, str]],
    body: bytes = b"",
    *,
    wants_body: bool,
) -> Http2Answer:
    """Send one request, and read its answer as far as it is wanted.

    Args:
        link: the connection.
        receive: waits for the next bytes of it, and gives none at its end.
        head: the header fields, the pseudo-headers first.
        body: of the request.
        wants_body: whether to read on to the end of the answer.

    Raises:
        AnswerError: it is no HTTP/2, or the stream was refused.
        OSError: the connection broke, or nothing came in time.
    """
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.exceptions import H2Error

    connection = H2Connection(H2Configuration(client_side=True, validate_inbound_headers=False))
    connection.decoder.max_header_list_size = _MOST_HEADERS
    connection.initiate_connection()
    try:
        connection.send_headers(_STREAM, list(head), end_stream=not body)
    except H2Error as error:
        raise AnswerError(f"cannot be asked in HTTP/2: {plain(str(error))}") from error
    if body:
        connection.send_data(_STREAM, body, end_stream=True)
    link.sendall(connection.data_to_send())
    answer, has_begun = Http2Answer(), False
    while True:
        data = receive()
        if not data:
            raise AnswerError("the connection was closed without an answer")
        if not has_begun and data.startswith(b"HTTP/"):
            raise AnswerError(f"answered, but not in HTTP/2: {first_bytes(data)}")
        try:
            events = connection.receive_data(data)
        except H2Error as error:
            what = first_bytes(data) if not has_begun else plain(str(error))
            raise AnswerError(f"answered, but not in HTTP/2: {what}") from error
        has_begun = True
        for event in events:
            _take(answer, event)
            if answer.status and (answer.is_complete or not wants_body):
                return answer
            if len(answer.body) >= _MOST_BODY:
                return answer
        connection.increment_flow_control_window(2**20)
        connection.increment_flow_control_window(2**20, _STREAM)
        link.sendall(connection.data_to_send())


def _take(answer: Http2Answer, event: Event) -> None:
    from h2 import events

    match event:
        case events.ResponseReceived() | events.TrailersReceived():
            fields = {_text(name): _text(value) for name, value in event.headers}
            if isinstance(event, events.ResponseReceived):
                status = fields.get(":status", "")
                answer.status = int(status) if status.isdecimal() and len(status) == 3 else 0
            answer.trailers |= fields
        case events.DataReceived():
            answer.body += event.data[: _MOST_BODY - len(answer.body)]
        case events.StreamEnded():
            answer.is_complete = True
        case events.StreamReset():
            raise AnswerError(f"the stream was reset ({_code(event.error_code)})")
        case events.ConnectionTerminated():
            said = plain((event.additional_data or b"").decode("latin-1"))
            beside = f": {said}" if said else ""
            raise AnswerError(f"the connection was ended ({_code(event.error_code)}{beside})")


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _code(code: object) -> str:
    return str(getattr(code, "name", code))
