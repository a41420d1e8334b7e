"""Builds by `docker buildx`, which can pass secrets, agents and additional folders to a builder."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.core.child_process import child_process
from bench.core.errors import EngineError
from bench.core.text import clean
from bench.runtimes.build_request import BuildResult, as_bytes, read_dockerfile
from bench.runtimes.docker.builders.errors import build_failed, step_failed
from bench.runtimes.docker.builders.progress import VertexEvent
from bench.runtimes.managed.daemons import Paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bench.runtimes.build_request import BuildRequest, Secret
    from bench.runtimes.docker.builders.progress import BuildProgress

_PROGRAM = "docker-buildx"
_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
"""Where packages put the plug-ins of Docker's command line."""

_OLDEST = (0, 13)
"""The first that writes its progress as JSON."""

_PREFIX_OF_FOLDERS = "buildx-"
_VERSION = re.compile(r"\bv?(\d+)\.(\d+)\.(\d+)")
_PREFIX = re.compile(r"(?:ERROR: )?(?:failed to solve: )?")
_DIGITS_OF_NS = 9

_EXPORT = (
    "write `cache_to: [type=inline]`, leave it out, or have the engine keep its images in "
    "containerd (the private one: `BENCH_IMAGE_STORE=containerd bench engine up`)"
)
"""The ways in which an engine with a storage driver of its own can do without."""


@dataclass(frozen=True)
class Buildx:
    """The program, and its version."""

    path: Path
    version: str


@functools.cache
def find_buildx() -> Buildx | None:
    """The first recent enough buildx: bench's own, the user's, or the host's."""
    user = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser() / "cli-plugins"
    folders = [Paths.of_this_user().programs, user, *map(Path, _FOLDERS)]
    found = [folder / _PROGRAM for folder in folders]
    on_path = shutil.which(_PROGRAM)
    for path in (*found, *([Path(on_path)] if on_path else [])):
        version = _version(path)
        if version is not None:
            return Buildx(path, version)
    return None


def _version(path: Path) -> str | None:
    """Its version; None if it is too old, or cannot be run."""
    if not os.access(path, os.X_OK):
        return None
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            [path, "version"], check=True, capture_output=True, text=True, timeout=30
        )
        number = _VERSION.search(said.stdout)
        if number and (int(number[1]), int(number[2])) >= _OLDEST:
            return ".".join(number.groups())
    return None


def build(
    buildx: Buildx,
    address: str,
    request: BuildRequest,
    dockerfile: str,
    credentials: Mapping[str, Mapping[str, str]],
    progress: BuildProgress,
) -> BuildResult:
    """Build on the engine at `address`.

    Args:
        buildx: the program.
        address: of the engine, as DOCKER_HOST takes it.
        request: the build.
        dockerfile: text of the Dockerfile.
        credentials: of registries, in addition to those of the user's own configuration.
        progress: receives the builder's messages.

    Raises:
        BuildError: the build failed.
        EngineError: buildx cannot work with this engine.
    """
    start_s = time.monotonic()
    own = Paths.of_this_user()
    own.make()  # closed to everybody else, for credentials lie in it while this lasts
    _sweep(own.run)
    with tempfile.TemporaryDirectory(
        prefix=f"{_PREFIX_OF_FOLDERS}{os.getpid()}-", dir=own.run
    ) as folder:
        configuration = Path(folder)
        _configure(configuration, credentials)
        environment = os.environ | {
            "DOCKER_HOST": address,
            "DOCKER_CONFIG": folder,
            "BUILDX_CONFIG": str(configuration / "buildx"),
            "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",  # they would come to the image as a second one
        }
        for name in ("DOCKER_CONTEXT", "BUILDX_BUILDER"):
            environment.pop(name, None)
        environment |= handed_over(request, environment)
        given = _with_text(request, dockerfile, configuration)
        command = [str(buildx.path), *arguments(given, environment)]
        try:
            with child_process(command, cwd=request.context, environment=environment) as process:
                assert process.stdout is not None
                texts = _follow(process.stdout, progress)
        except OSError as error:
            raise EngineError(
                str(buildx.path), f"cannot be run: {error.strerror}", "install it again"
            ) from error
    if process.returncode:
        failed = progress.failed()
        if failed:
            raise step_failed(request, failed)
        message, *lines = _final(texts)
        if not progress.has_begun:
            cause = "\n    ".join((f"buildx cannot build it: {message}", *lines))
            is_export = bool(request.cache_to) and "cache export" in message.lower()
            remedy = _EXPORT if is_export else "look at what the case's `build` asks for"
            raise EngineError(request.tag, cause, remedy)
        raise build_failed(request, message, lines=lines)
    seconds = time.monotonic() - start_s
    return BuildResult(seconds, progress.steps())


def _with_text(request: BuildRequest, dockerfile: str, folder: Path) -> BuildRequest:
    """The same request with the given Dockerfile text, in `folder` if it differs from the file."""
    if read_dockerfile(request.dockerfile) == dockerfile:
        return request
    file = folder / "build" / request.dockerfile.name
    file.parent.mkdir()
    file.write_bytes(as_bytes(dockerfile))
    if request.ignore_file is not None:
        file.with_name(f"{file.name}.dockerignore").write_bytes(request.ignore_file.read_bytes())
    return dataclasses.replace(request, dockerfile=file)


def _sweep(run: Path) -> None:
    """Remove files left by a bench process that was killed during a build."""
    for folder in run.glob(f"{_PREFIX_OF_FOLDERS}*-*"):
        pid = folder.name.removeprefix(_PREFIX_OF_FOLDERS).partition("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


def handed_over(request: BuildRequest, environ: Mapping[str, str]) -> dict[str, str]:
    """Environment variables for values that no command line may show: secrets and build arguments.

    A build argument whose name is already a variable of this process remains a plain argument.
    """
    secrets = {_variable(n): secret.value or "" for n, secret in enumerate(request.secrets)}
    return secrets | {name: value for name, value in request.args.items() if name not in environ}


def _variable(number: int) -> str:
    return f"CONTAINER_BENCH_SECRET_{number}"


def arguments(request: BuildRequest, environ: Mapping[str, str]) -> list[str]:
    """The arguments of buildx for `request`, which is started with `environ`."""
    options: list[tuple[str, str]] = [
        ("--builder", "default"),  # the engine itself, whatever builder the user has chosen
        ("--progress", "rawjson"),
        ("--tag", request.tag),
        ("--file", str(request.dockerfile)),
        *(
            ("--build-arg", name if environ.get(name) == value else f"{name}={value}")
            for name, value in request.args.items()
        ),
        *(("--label", f"{name}={value}") for name, value in request.labels.items()),
        *(("--build-context", f"{name}={value}") for name, value in request.contexts.items()),
        *(("--secret", _secret(secret, number)) for number, secret in enumerate(request.secrets)),
        *(("--ssh", agent) for agent in request.ssh),
        *(("--cache-from", cache) for cache in request.cache_from),
        *(("--cache-to", cache) for cache in request.cache_to),
    ]
    if request.target:
        options.append(("--target", request.target))
    if request.network:
        options.append(("--network", request.network))
    flags = [
        *(["--no-cache"] if request.no_cache else []),
        *(["--pull"] if request.pull else []),
    ]
    return ["build", *(word for pair in options for word in pair), *flags, str(request.context)]


def _secret(secret: Secret, number: int) -> str:
    """A CSV field for `--secret`, in which a path may need quotes."""
    source = f"src={secret.file}" if secret.file else f"env={_variable(number)}"
    quoted = source.replace('"', '""')
    return f'id={secret.id},"{quoted}"'


def _configure(folder: Path, credentials: Mapping[str, Mapping[str, str]]) -> None:
    """A Docker CLI configuration: the user's own, and `credentials`."""
    own = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser() / "config.json"
    settings: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        read = json.loads(own.read_text())
        settings = read if isinstance(read, dict) else {}
    auths, helpers = dict(settings.get("auths") or {}), dict(settings.get("credHelpers") or {})
    for address, credential in credentials.items():
        token = b64encode(f"{credential['username']}:{credential['password']}".encode()).decode()
        auths[address], helpers[address] = {"auth": token}, ""
    file = folder / "config.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(settings | {"auths": auths, "credHelpers": helpers}))


def _follow(output: Iterable[str], progress: BuildProgress) -> list[str]:
    """Read buildx's output to its end; returns the lines that are not progress messages."""
    texts = []
    for document in _documents(output):
        if isinstance(document, str):
            texts.append(clean(document))
            continue
        for vertex in document.get("vertexes") or ():
            progress.vertex(_event(vertex))
        for log in document.get("logs") or ():
            progress.log(str(log.get("vertex")), b64decode(log.get("data") or ""))
    return texts


def _documents(output: Iterable[str]) -> Iterator[dict[str, Any] | str]:
    """JSON objects, each on one or several lines, and the lines of text between them."""
    decoder, buffer = json.JSONDecoder(), ""
    for line in output:
        if not buffer and not line.startswith("{"):
            yield line.rstrip("\n")
            continue
        buffer += line
        if buffer != line and not line.startswith("}"):
            continue  # in the middle of an object that is set on several lines
        with contextlib.suppress(ValueError):
            yield decoder.decode(buffer)
            buffer = ""
    if buffer:
        yield buffer.rstrip("\n")


def _event(vertex: Mapping[str, Any]) -> VertexEvent:
    return VertexEvent(
        digest=str(vertex.get("digest")),
        name=str(vertex.get("name") or ""),
        cached=bool(vertex.get("cached")),
        started_ns=_ns(vertex.get("started")),
        completed_ns=_ns(vertex.get("completed")),
        error=str(vertex.get("error") or ""),
    )


def _ns(text: str | None) -> int | None:
    """Nanoseconds since 1970 of a timestamp in Go's format."""
    if not text:
        return None
    whole, _, rest = text.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return int(seconds) * 10**9 + int((rest or "0").ljust(_DIGITS_OF_NS, "0"))


def _final(texts: list[str]) -> list[str]:
    """The builder's final error, followed by the lines that show the place in the Dockerfile."""
    said = [text for text in texts if text.strip()]
    if not said:
        return ["it ended without a word"]
    errors = [number for number, text in enumerate(said) if text.startswith("ERROR:")]
    place = errors[-1] if errors else len(said) - 1
    message = _PREFIX.sub("", said[place], count=1)
    return [message, *said[:place], *said[place + 1 :]]
