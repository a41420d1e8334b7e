"""The credential of bench's own registry: new at each start, and readable by its owner alone.

The registry listens on loopback, where every user of the host can connect. What lies in it is
built on and run with the rights of the engine, so that whoever could push there could run
anything. The registry knows the secret by its hash; bench reads it from a file each time it is
needed, for another bench may have started the registry again since.
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
        addresses: host:port of the registry, by each way that leads to it.
    """

    folder: Path
    addresses: frozenset[str]

    def to(self, address: str) -> Credential | None:
        """What to show at `address`; None where that is not bench's, or was never started."""
        if address not in self.addresses:
            return None
        try:
            return Credential(_USER, secret_file(self.folder).read_text())
        except OSError:
            return None


def secret_file(folder: Path) -> Path:
    """The file that bench reads."""
    return folder / "registry.secret"


def hash_file(folder: Path) -> Path:
    """The file that the registry reads, in the form of htpasswd."""
    return folder / "registry.htpasswd"


def renew(folder: Path) -> None:
    """Write a new credential into `folder`, in the place of the one before."""
    import bcrypt

    secret = secrets.token_urlsafe(_SECRET_BYTES)
    hashed = bcrypt.hashpw(secret.encode(), bcrypt.gensalt(_ROUNDS)).decode()
    _write(hash_file(folder), f"{_USER}:{hashed}\n")
    _write(secret_file(folder), secret)


def forget(folder: Path) -> None:
    """Remove it; nothing listens any more that would take it."""
    for path in (secret_file(folder), hash_file(folder)):
        path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """Replace `path`, which nobody else may read at any moment."""
    fresh = path.with_suffix(".partial")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
