"""A connection to one engine, shared by everything that asks it for something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.errors import EngineError
from bench.runtimes.docker.connect import connect, own_credentials, read_info, translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from bench.runtimes.credential import RegistryLogin


class DockerClient:
    """The SDK's low-level client of one engine, and what that engine is.

    Attributes:
        api: the SDK's client.
        info: which engine it is.
    """

    def __init__(self, address: str, login: RegistryLogin | None = None) -> None:
        """Connect to `address`.

        Args:
            address: of the engine.
            login: what bench's registry is shown; None where nothing is pulled or pushed there.

        Raises:
            EngineUnavailableError: no socket, no permission, nobody listening, API too old.
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
        """While this lasts the SDK's errors become those of bench, about `subject`."""
        return translated(subject, self._address)

    def credentials(self) -> dict[str, dict[str, str]]:
        """Those of bench's registry, by its addresses."""
        return own_credentials(self._login)

    def credential(self, repository: str) -> Mapping[str, str] | None:
        """What is shown for `repository`; None leaves that to the user's own configuration."""
        return self.credentials().get(repository.partition("/")[0])

    def close(self) -> None:
        """Close the connection pool."""
        self.api.close()
