"""The choice of the builder for an engine's images, and a build with it.

Buildx comes first, since it supports everything a Dockerfile and a Compose file can express; then
the BuildKit of the engine's API; then the classic builder. A request that a builder would not build
as written is refused before it is sent.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from bench.core.errors import BuildError
from bench.runtimes.build_request import (
    BuildResult,
    BuildTool,
    frontend,
    quiet,
    read_dockerfile,
    without_frontend,
)
from bench.runtimes.docker.builders.api import by_buildkit, by_classic
from bench.runtimes.docker.builders.buildx import build as by_buildx
from bench.runtimes.docker.builders.buildx import find_buildx
from bench.runtimes.docker.builders.classic_dialect import not_read
from bench.runtimes.docker.builders.progress import BuildProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.runtimes.build_request import BuildRequest
    from bench.runtimes.docker.client import DockerClient
    from bench.runtimes.protocol import RuntimeInfo

_NO_ARCHIVE_BEFORE = (28, 0)
"""Engine with the containerd store whose BuildKit reads an archive, see moby issue 47717."""

_OFFICIAL_FRONTENDS = ("docker/dockerfile:", "docker.io/docker/dockerfile:")
_INSTALL = "install docker-buildx 0.13 or newer"

_unreachable: set[str] = set()
"""Frontends that could not be pulled in this process; each retry would cost a time-out."""


class DockerBuilder:
    """Builds images for one engine."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client

    @property
    def tool(self) -> BuildTool:
        """The best builder available for this engine."""
        return builder_of(self._client.info)

    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:
        """Build and tag an image; see `build_image`."""
        client = self._client
        with client.call(request.tag):
            return build_image(
                client.api,
                client.info,
                self.tool,
                request,
                credentials=client.credentials(),
                say=say,
            )


def build_image(
    api: Any,
    facts: RuntimeInfo,
    tool: BuildTool,
    request: BuildRequest,
    *,
    credentials: Mapping[str, Mapping[str, str]],
    say: Callable[[str], None],
) -> BuildResult:
    """Build and tag an image.

    Args:
        api: the SDK's client of the engine.
        facts: the engine.
        tool: the builder.
        request: the build.
        credentials: of bench's registry, by address.
        say: receives the name of each step.

    Raises:
        BuildError: the build failed, or this engine's builders would not build it as written.
        EngineError: the engine failed.
        OSError: the context cannot be read.
    """
    if not request.context.is_dir():
        raise BuildError(str(request.context), "no such folder to build from", "check `context`")
    if not request.dockerfile.is_file():
        raise BuildError(str(request.dockerfile), "no such Dockerfile", "check `dockerfile`")
    text = read_dockerfile(request.dockerfile)
    wanted = frontend(text)
    if wanted is None or wanted not in _unreachable:
        progress = BuildProgress(say)
        try:
            return _build(api, facts, tool, request, text, credentials, progress)
        except BuildError:
            if wanted is None or progress.missing_frontend() is None:
                raise
            if not wanted.startswith(_OFFICIAL_FRONTENDS) or "labs" in wanted:
                raise
            _unreachable.add(wanted)
    built = _build(
        api, facts, tool, request, without_frontend(text), credentials, BuildProgress(say)
    )
    remark = f"{wanted} cannot be had here: read by the frontend that is built into the builder"
    return dataclasses.replace(built, remarks=(*built.remarks, remark))


def builder_of(facts: RuntimeInfo) -> BuildTool:
    """The builder of this engine."""
    buildx = find_buildx()
    if buildx is not None:
        return BuildTool("buildx", buildx.version)
    takes_archives = (
        facts.image_store != "containerd" or _version(facts.version) >= _NO_ARCHIVE_BEFORE
    )
    return BuildTool("buildkit" if takes_archives else "classic", facts.version)


def _build(
    api: Any,
    facts: RuntimeInfo,
    tool: BuildTool,
    request: BuildRequest,
    text: str,
    credentials: Mapping[str, Mapping[str, str]],
    progress: BuildProgress,
) -> BuildResult:
    buildx = find_buildx()
    if tool.kind == "buildx" and buildx is not None:
        return by_buildx(buildx, facts.address, request, text, credentials, progress)
    lacking = request.needs_session()
    if lacking:
        raise BuildError(
            str(request.dockerfile),
            f"only buildx can build with {', '.join(f'`{key}`' for key in lacking)}",
            "take another engine, or leave them out" if tool.kind == "podman" else _INSTALL,
        )
    if tool.kind == "buildkit":
        return by_buildkit(api, request, text, progress)
    refused = not_read(request, text) if tool.kind == "classic" else []
    if refused:
        raise BuildError(
            str(request.dockerfile),
            f"the classic builder of Engine {facts.version} does not read {'; '.join(refused)}",
            _INSTALL,
        )
    return by_classic(api, request, text, progress)


def _version(text: str) -> tuple[int, int]:
    major, _, rest = text.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)
