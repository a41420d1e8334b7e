"""The images of an engine that speaks the Docker API, and the connection to it."""

from __future__ import annotations

import contextlib
import json
import re
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound

from bench.core.errors import EngineError, PullError
from bench.core.image_reference import split_reference
from bench.runtimes.build_request import Builder, BuildRequest, BuildResult, quiet
from bench.runtimes.docker.builders.choose import build_image, builder_of
from bench.runtimes.docker.connect import (
    connect,
    own_credentials,
    read_facts,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.runtimes.credential import RegistryLogin
    from bench.runtimes.protocol import Runtime, RuntimeInfo

_PUSHED = re.compile(r": digest: (sha256:[0-9a-f]{64})\b")
_NO_SUCH_NAME = "tag not known"
"""What Podman says of a digest that it finds by another name of the same image."""


class DockerImages:
    """The store of images of one engine, and what builds them."""

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
        self._api = connect(address, login)
        try:
            self._facts = read_facts(self._api, address)
        except EngineError:
            self._api.close()
            raise

    @property
    def facts(self) -> RuntimeInfo:
        """Which engine this is."""
        return self._facts

    def _call(self, subject: str) -> AbstractContextManager[None]:
        return translated(subject, self._address)

    def _credential(self, repository: str) -> Mapping[str, str] | None:
        """What is shown for `repository`; None leaves that to the user's own configuration."""
        return own_credentials(self._login).get(repository.partition("/")[0])

    def pull(self, reference: str) -> Iterator[Mapping[str, Any]]:
        """The lines of the pull stream; an error line raises PullError."""
        repository, tag = split_reference(reference)
        with self._call(reference):
            credential = self._credential(repository)
            for line in self._api.pull(
                repository, tag=tag, stream=True, decode=True, auth_config=credential
            ):
                if "error" in line or "errorDetail" in line:
                    raise PullError(reference, f"the pull failed: {_stream_error(line)}")
                yield line

    def has_image(self, reference: str) -> bool:
        """Whether it is in the store."""
        with self._call(reference):
            try:
                self._api.inspect_image(reference)
            except NotFound:
                return False
        return True

    def image_details(self, reference: str) -> Mapping[str, Any]:
        """The engine's inspection of an image."""
        with self._call(reference):
            details: dict[str, Any] = self._api.inspect_image(reference)
        return details

    def image_references(self, label: str) -> list[tuple[str, str]]:
        """(reference or id, label's value) of every image with `label`."""
        with self._call("images"):
            found = self._api.images(filters={"label": label})
        names = []
        for one in found:
            value = (one.get("Labels") or {}).get(label, "")
            tags = [tag for tag in one.get("RepoTags") or [] if not tag.startswith("<none>")]
            names += [(name, value) for name in tags or [one["Id"]]]
        return names

    def remove_image(self, reference: str) -> None:
        """Remove an image; absent is fine."""
        with self._call(reference), contextlib.suppress(NotFound):
            try:
                self._api.remove_image(reference, force=True)
            except APIError as error:
                if _NO_SUCH_NAME not in str(error.explanation):
                    raise

    def image_ids(self) -> list[str]:
        """Ids of all images in the store."""
        with self._call("images"):
            return [one["Id"] for one in self._api.images(all=True)]

    @property
    def builder(self) -> Builder:
        """What images are built by."""
        return builder_of(self._facts)

    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:
        """Build and tag an image by the best builder that there is for this engine."""
        with self._call(request.tag):
            return build_image(
                self._api,
                self._facts,
                request,
                credentials=own_credentials(self._login),
                say=say,
            )

    def tag(self, reference: str, new_reference: str) -> None:
        """Give an image another name."""
        repository, tag = split_reference(new_reference)
        with self._call(reference):
            self._api.tag(reference, repository, tag=tag, force=True)

    def push(self, reference: str) -> str:
        """Push, and return the digest that the registry knows it by; Podman does not say.

        Engine 26 with the containerd store has it in its last status line only.
        """
        repository, tag = split_reference(reference)
        digest = ""
        with self._call(reference):
            credential = self._credential(repository)
            for line in self._api.push(
                repository, tag=tag, stream=True, decode=True, auth_config=credential
            ):
                if "error" in line or "errorDetail" in line:
                    raise EngineError(reference, f"the push failed: {_stream_error(line)}")
                aux, said = line.get("aux") or {}, _PUSHED.search(str(line.get("status") or ""))
                digest = aux.get("Digest") or (said[1] if said else digest)
        if not digest and self._facts.kind == "docker":
            raise EngineError(reference, "the push ended without a digest")
        return digest

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        """Make a one-layer image of a root file system."""
        repository, name = split_reference(tag)
        names = {"repository": repository, "tag": name, "changes": list(changes)}
        with self._call(tag), tar.open("rb") as data:
            answer = self._api.import_image_from_data(data, **names)
        for line in str(answer).splitlines():
            if '"error"' in line:
                raise EngineError(tag, f"the import failed: {_stream_error(json.loads(line))}")

    def transfer_image(self, reference: str, target: Runtime) -> None:
        """Copy an image into another engine's store."""
        with self._call(reference):
            target.load_image(self._api.get_image(reference))

    def load_image(self, chunks: Iterator[bytes]) -> None:
        """Take in an image archive."""
        with self._call("image archive"):
            for line in self._api.load_image(chunks):
                if "error" in line:
                    raise EngineError("image archive", f"cannot be loaded: {_stream_error(line)}")

    def close(self) -> None:
        """Close the connection pool."""
        self._api.close()


def _stream_error(line: Mapping[str, Any]) -> str:
    detail = line.get("errorDetail") or {}
    return str(detail.get("message") or line.get("error") or line).strip()
