"""A connection to one engine, shared by all its users in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.errors import EngineError
from bench.runtimes.docker.connect import connect, own_credentials, read_info, translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from bench.runtimes.credential import RegistryLogin


class DockerClient:
    """The SDK's low-level client of one engine, and the engine's properties.

    Attributes:
        api: the SDK's client.
        info: the engine.
    """

    def __init__(self, address: str, login: RegistryLogin | None = None) -> None:
        """Connect to `address`.

        Args:
            address: of the engine.
            login: credential for bench's registry; None if nothing is pulled or pushed there.

        Raises:
            EngineUnavailableError: no socket, no permission, no listener, or the API is too old.
        """
        self._address = address
        self._login = login
        self.api: Any = connect(address, login)
        try:
            self.info = read_info(self.api, address)
        except EngineError:
            self.api.close()
            raise

    def call(self, subject: str) -> AbstractContextManager[None]:
        """Translate the SDK's errors within the block into those of bench, about `subject`."""
        return translated(subject, self._address)

    def credentials(self) -> dict[str, dict[str, str]]:
        """Those of bench's registry, by its addresses."""
        return own_credentials(self._login)

    def credential(self, repository: str) -> Mapping[str, str] | None:
        """The credential for `repository`; None leaves it to the user's own configuration."""
        return self.credentials().get(repository.partition("/")[0])

    def close(self) -> None:
        """Close the connection pool."""
        self.api.close()
