"""The credential of bench's own registry: new at each start, and readable only by its owner.

The registry listens on loopback, where every user of the host can connect. Its images are built on
and run with the rights of the engine, so anyone who could push there could run anything. The
registry stores only a hash of the secret; bench reads the secret from a file each time it needs it,
because another bench process may have restarted the registry since.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_USER = "bench"
_SECRET_BYTES = 32

_ROUNDS = 4
"""bcrypt's fewest, as the logarithm. Rounds slow down guessing at what people choose; 256 random
bits are not guessed at any speed, and the registry hashes again for each request of a pull."""


@dataclass(frozen=True)
class Credential:
    """A user's name and secret."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class RegistryLogin:
    """The credential for the addresses of bench's registry.

    Attributes:
        folder: where `renew` wrote it.
        addresses: every host:port at which the registry is reachable.
    """

    folder: Path
    addresses: frozenset[str]

    def to(self, address: str) -> Credential | None:
        """The credential to send to `address`; None if it is not bench's, or was never started."""
        if address not in self.addresses:
            return None
        try:
            return Credential(_USER, secret_file(self.folder).read_text())
        except OSError:
            return None


def secret_file(folder: Path) -> Path:
    """The file that bench reads the secret from."""
    return folder / "registry.secret"


def hash_file(folder: Path) -> Path:
    """The htpasswd file that the registry reads."""
    return folder / "registry.htpasswd"


def renew(folder: Path) -> None:
    """Write a new credential into `folder`, replacing the previous one."""
    import bcrypt

    secret = secrets.token_urlsafe(_SECRET_BYTES)
    hashed = bcrypt.hashpw(secret.encode(), bcrypt.gensalt(_ROUNDS)).decode()
    _write(hash_file(folder), f"{_USER}:{hashed}\n")
    _write(secret_file(folder), secret)


def forget(folder: Path) -> None:
    """Remove the credential, once no registry accepts it any more."""
    for path in (secret_file(folder), hash_file(folder)):
        path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """Replace `path`, without it ever being readable by other users."""
    fresh = path.with_suffix(".partial")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
