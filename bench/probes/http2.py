"""One HTTP/2 request over an open connection, without an HTTP/1 upgrade."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.probes.answer import AnswerError
from bench.probes.words import first_bytes, plain

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Sequence

    from h2.events import Event

_STREAM = 1
_MOST_BODY = 1024 * 1024
_MOST_HEADERS = 16 * 1024 * 1024

_FRAME_HEAD, _TYPE_AT, _SETTINGS = 9, 3, b"\x04"
"""Of RFC 9113: bytes before a frame's payload, where its type stands after its length, and the type
of the frame that a server begins with."""


@dataclass
class Http2Answer:
    """The response on the single stream.

    Attributes:
        status: of the final response; 0 until it has arrived.
        trailers: fields after the body, and the headers if there was no body.
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
    """Send one request, and read as much of its response as needed.

    Args:
        link: the connection.
        receive: waits for its next bytes, and returns none at its end.
        head: the header fields, the pseudo-headers first.
        body: of the request.
        wants_body: whether to read to the end of the response.

    Raises:
        AnswerError: it is not HTTP/2, or the stream was refused.
        OSError: the connection broke, or nothing arrived in time.
    """
    from h2.config import H2Configuration
    from h2.connection import ConnectionState, H2Connection
    from h2.events import DataReceived
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
    answer = Http2Answer()
    for frame in _frames(receive):
        try:
            for event in connection.receive_data(frame):
                if _is_last_word(event):  # h2 would read nothing after it
                    connection.state_machine.state = ConnectionState.CLIENT_OPEN
                    continue
                if isinstance(event, DataReceived):
                    connection.acknowledge_received_data(event.flow_controlled_length, _STREAM)
                _take(answer, event)
        except H2Error as error:
            raise AnswerError(f"answered, but not in HTTP/2: {plain(str(error))}") from error
        if answer.is_complete and not answer.status:
            raise AnswerError("answered without a status")
        if answer.status and (answer.is_complete or not wants_body):
            break
        if len(answer.body) >= _MOST_BODY:
            break
        with suppress(OSError):  # one that closes has said what it will: that is still read
            link.sendall(connection.data_to_send())
    return answer


def _frames(receive: Callable[[], bytes]) -> Iterator[bytes]:
    """The received frames, each complete.

    Raises:
        AnswerError: the first frame is not an HTTP/2 SETTINGS frame, or the connection ended.
        OSError: the connection broke, or nothing arrived in time.
    """
    buffer, has_begun = b"", False
    while True:
        data = receive()
        if not data:
            raise AnswerError("the connection was closed without an answer")
        buffer += data
        if not has_begun and buffer[_TYPE_AT : _TYPE_AT + 1] not in (b"", _SETTINGS):
            raise AnswerError(f"answered, but not in HTTP/2: {first_bytes(buffer)}")
        while len(buffer) >= _FRAME_HEAD:
            length = _FRAME_HEAD + int.from_bytes(buffer[:_TYPE_AT], "big")
            if len(buffer) < length:
                break
            has_begun = True
            yield buffer[:length]
            buffer = buffer[length:]


def _is_last_word(event: Event) -> bool:
    """Whether it refuses further requests, while this one is still answered (GOAWAY)."""
    from h2.events import ConnectionTerminated

    return (
        isinstance(event, ConnectionTerminated)
        and not event.error_code
        and (event.last_stream_id or 0) >= _STREAM
    )


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
