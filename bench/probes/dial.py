"""Connections to a container: to a port at its own address, or to a Unix socket in its files.

A published port is never probed: the engine's proxy accepts on it before the application listens.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.errors import HostError
from bench.observe.inside import open_inside
from bench.probes.words import plain

if TYPE_CHECKING:
    from bench.core.clock import Clock

_CONNECT_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Endpoint:
    """Where a probe connects.

    Attributes:
        address: the container's own; empty if it has none.
        port: 0 for a Unix socket.
        path: of the Unix socket, inside the container.
        pid: its main process in the host's PID namespace; 0 if not visible from this host.
    """

    address: str
    port: int = 0
    path: str = ""
    pid: int = 0


@dataclass(frozen=True)
class Tls:
    """TLS settings of a connection.

    Attributes:
        verify: whether the certificate must be valid for `server_name`.
        protocols: offered by ALPN.
        server_name: sent if it is a name rather than an address.
    """

    verify: bool = False
    protocols: tuple[str, ...] = ()
    server_name: str | None = None


class Dialer:
    """Connects to one endpoint; another thread may abort an operation on the connection.

    Attributes:
        connected_ns: when the last connection was established, before TLS; None if it was not.
        local_port: of the last connection.
    """

    def __init__(self, place: Endpoint, clock: Clock, tls: Tls | None = None) -> None:
        self.place = place
        self._clock = clock
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._socket: socket.socket | None = None
        self._aborted = threading.Event()
        self.connected_ns: int | None = None
        self.local_port = 0

    def connection(self, within_s: float) -> Connection:
        """A connection, established within a second or `within_s`, whichever is shorter.

        The TLS handshake and the first read may take the rest of `within_s`. The connection is
        established on entry, which raises OSError if nobody listens, the handshake failed or it was
        aborted, and HostError if bench may not access sockets in the container's files.
        """
        return Connection(self, within_s)

    def open(self, within_s: float) -> socket.socket:
        """Establish the connection; close it whether this succeeds or not."""
        self.connected_ns, self.local_port = None, 0
        begun_ns = self._clock.monotonic_ns()
        sock = self._socket = self._new_socket()
        self._go_on()  # an abort before this line found no socket to shut down
        sock.settimeout(max(0.001, min(_CONNECT_TIMEOUT_S, within_s)))
        if self.place.path:
            self._connect_inside(sock)
        else:
            self._connect(sock)
        self.connected_ns = self._clock.monotonic_ns()
        self._go_on()  # and one that does not connect yet is not shut
        sock.settimeout(max(0.001, within_s - (self.connected_ns - begun_ns) / 1e9))
        return self._wrapped(sock, self._tls) if self._tls else sock

    def close(self) -> None:
        """Close the connection, if there is one."""
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    def _new_socket(self) -> socket.socket:
        if self.place.path:
            return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if not self.place.address:
            raise OSError(errno.EADDRNOTAVAIL, "it has no address")
        family = socket.AF_INET6 if ":" in self.place.address else socket.AF_INET
        return socket.socket(family, socket.SOCK_STREAM)

    def _connect(self, sock: socket.socket) -> None:
        sock.connect((self.place.address, self.place.port))
        own = sock.getsockname()
        if own == sock.getpeername():
            # the kernel may pick the probed port as the local one: a TCP self-connection
            raise OSError(errno.ECONNREFUSED, "Connection refused")
        self.local_port = own[1]

    def _connect_inside(self, sock: socket.socket) -> None:
        place = self.place
        if not place.pid:
            raise HostError(
                f"socket {place.path}",
                "is in the files of a container that is no process of this host",
                "ask a port, or use `exec` with a command that connects to it",
            )
        try:
            found = open_inside(place.pid, place.path)
        except PermissionError as error:
            raise HostError(
                f"socket {place.path}",
                f"is in the files of a container, which only root may look into ({error.strerror})",
                "run bench as root, or use `exec` with a command that connects to it",
            ) from error
        try:
            sock.connect(f"/proc/self/fd/{found}")
        finally:
            os.close(found)

    def _wrapped(self, sock: socket.socket, tls: Tls) -> ssl.SSLSocket:
        if self._context is None:
            self._context = _context(tls)
        _check_name(tls.server_name)
        wrapped = self._context.wrap_socket(
            sock, server_hostname=tls.server_name, do_handshake_on_connect=False
        )
        self._socket = wrapped  # the other one has handed on its descriptor
        self._go_on()
        wrapped.do_handshake()
        return wrapped

    def _go_on(self) -> None:
        if self._aborted.is_set():
            raise OSError(errno.ECONNABORTED, "given up")

    def abort(self) -> None:
        """Shut the connection down, and prevent new ones."""
        self._aborted.set()
        sock = self._socket
        if sock is not None:
            with contextlib.suppress(OSError):
                # of the plain class: that of TLS would take the session away from its reader
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Connection:
    """One connection of a dialer, used in a `with` block."""

    __slots__ = ("_dialer", "_within_s")

    def __init__(self, dialer: Dialer, within_s: float) -> None:
        self._dialer = dialer
        self._within_s = within_s

    def __enter__(self) -> socket.socket:
        try:
            return self._dialer.open(self._within_s)
        except BaseException:
            self._dialer.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._dialer.close()


def _check_name(name: str | None) -> None:
    """Refuse a name that the TLS library would refuse, leaving its socket open.

    Raises:
        OSError: no certificate can contain it.
    """
    try:
        is_name = name is None or (name[:1] != "." and bool(name.encode("idna")))
    except ValueError:
        is_name = False
    if not is_name:
        raise OSError(errno.EINVAL, f"no TLS: {name!r} is no name of a host")


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.verify:
        context.load_default_certs()
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.protocols:
        context.set_alpn_protocols(list(tls.protocols))
    return context


def speaks_of_tls(error: OSError) -> bool:
    """Whether a failed handshake shows that the server uses TLS: an alert, a certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return True
    reason = error.reason or "" if isinstance(error, ssl.SSLError) else ""
    # OpenSSL calls an alert after the version of the protocol in which it came
    return reason.startswith(("TLSV", "SSLV3_")) or reason == "UNSUPPORTED_PROTOCOL"


def said(error: Exception) -> str:
    """A connection error in words that can be shown."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {plain(error.verify_message)}"
    if isinstance(error, ssl.SSLError):
        reason = plain((error.reason or str(error)).replace("_", " ").lower())
        return f"TLS was refused: {reason}" if speaks_of_tls(error) else f"no TLS: {reason}"
    return plain(str(getattr(error, "strerror", None) or error or type(error).__name__))
