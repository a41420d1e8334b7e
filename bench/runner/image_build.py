"""Building the image of a case or service, and rebuilding it after a small change."""

from __future__ import annotations

import dataclasses
import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import BuildError, UsageError
from bench.dockerfile.bases import read, stages_of
from bench.dockerfile.lint.dockerfile import Dockerfile
from bench.dockerfile.lint.lint import lint
from bench.images.bases.layers import shared_layers
from bench.images.rebuild import changed_context
from bench.journal.facts.image import BuiltStep, DockerfileFacts, DockerfileFinding, ImageFacts
from bench.runtimes.build_request import BuildRequest, Secret
from bench.runtimes.protocol import LABEL
from bench.scenario.redact import REDACTED, is_plain, is_secret_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.compose.build_keys import Build, BuildSecret
    from bench.runtimes.build_request import BuildResult
    from bench.runtimes.protocol import ContainerEngine

_ADDRESS = "://"
_MOST_CHARACTERS = 256 * 1024
"""Length of a Dockerfile up to which it is kept."""


@dataclass(frozen=True)
class Rebuild:
    """A rebuild after a small change: seconds, and its steps that were not cached."""

    seconds: float
    steps: tuple[str, ...] | None


@contextmanager
def build_request(
    build: Build, folder: Path, tag: str, label: str, environ: Mapping[str, str]
) -> Iterator[BuildRequest]:
    """The build request for `build`; an inline Dockerfile exists as a file within the block.

    Args:
        build: of a case or service.
        folder: base of its paths.
        tag: name of the image.
        label: value of bench's own label on it.
        environ: variables that its secrets may come from.

    Raises:
        BuildError: a variable that holds a secret is not set.
    """
    context = (folder / build.context).resolve()
    with tempfile.TemporaryDirectory(prefix="container-bench-") as scratch:
        dockerfile = Path(os.path.normpath(context / build.dockerfile))
        if build.dockerfile_inline is not None:
            dockerfile = Path(scratch) / "Dockerfile"
            dockerfile.write_text(build.dockerfile_inline, encoding="utf-8")
        yield BuildRequest(
            context=context,
            tag=tag,
            dockerfile=dockerfile,
            args=build.args,
            target=build.target,
            labels={**build.labels, LABEL: label},
            contexts={
                name: where if _ADDRESS in where else str((folder / where).resolve())
                for name, where in build.additional_contexts.items()
            },
            secrets=tuple(_secret(secret, folder, environ) for secret in build.secrets),
            ssh=tuple(_agent(agent, folder) for agent in build.ssh),
            cache_from=tuple(_cache(cache, folder) for cache in build.cache_from),
            cache_to=tuple(_cache(cache, folder) for cache in build.cache_to),
            no_cache=build.no_cache,
            pull=build.pull,
            network=build.network,
        )


def _secret(secret: BuildSecret, folder: Path, environ: Mapping[str, str]) -> Secret:
    if secret.file is not None:
        return Secret(secret.id, (folder / secret.file).resolve())
    name = secret.environment or ""
    if name not in environ:
        cause = f"its variable {name} is not set"
        raise BuildError(f"build secret {secret.id}", cause, "set it before the run")
    return Secret(secret.id, value=environ[name])


def _agent(text: str, folder: Path) -> str:
    name, separator, path = text.partition("=")
    return f"{name}={(folder / path).resolve()}" if separator else text


def _cache(text: str, folder: Path) -> str:
    """A builder cache, with the path of its folder made absolute."""
    parts = [part.partition("=") for part in text.split(",")]
    if ("type", "=", "local") not in parts:
        return text
    return ",".join(
        f"{name}={(folder / value).resolve()}" if name in ("src", "dest") else f"{name}{sep}{value}"
        for name, sep, value in parts
    )


def rebuild(engine: ContainerEngine, request: BuildRequest, names: tuple[str, ...]) -> Rebuild:
    """Build again after a change of the files `names`; the image is not kept.

    Raises:
        BuildError: the build fails after the change.
    """
    tag = f"{request.tag}-changed"
    with changed_context(request.context, names) as changed:
        dockerfile = request.dockerfile
        if dockerfile.is_relative_to(request.context):
            dockerfile = changed / dockerfile.relative_to(request.context)
        after = dataclasses.replace(
            request,
            context=changed,
            dockerfile=dockerfile,
            tag=tag,
            no_cache=False,
            pull=False,
            cache_to=(),
        )
        try:
            built = engine.builder.build(after)
        except BuildError as error:
            raise BuildError(
                str(request.dockerfile),
                f"after a change of {', '.join(names)}: {error.cause}",
                error.remedy,
            ) from error
        finally:
            engine.images.remove(tag)
    return Rebuild(built.seconds, built.done)


def with_build(
    facts: ImageFacts,
    build: Build,
    text: str,
    request: BuildRequest,
    result: BuildResult,
    engine: ContainerEngine,
    hide: Callable[[str], str],
) -> ImageFacts:
    """The facts of an image with those of its build.

    Args:
        facts: of the image.
        build: of a case or service.
        text: of the Dockerfile.
        request: for the build.
        result: of it.
        engine: that built it.
        hide: removes secrets.
    """
    steps = result.steps
    return dataclasses.replace(
        facts,
        layers=tuple(
            dataclasses.replace(layer, instruction=hide(layer.instruction))
            for layer in facts.layers
        ),
        build_steps=None if result.done is None else len(result.done),
        built=None
        if steps is None
        else tuple(BuiltStep(hide(step.instruction), step.cached, step.seconds) for step in steps),
        remarks=result.remarks,
        dockerfile=_dockerfile_facts(build, text, engine, request, hide),
    )


def _dockerfile_facts(
    build: Build,
    text: str,
    engine: ContainerEngine,
    request: BuildRequest,
    hide: Callable[[str], str],
) -> DockerfileFacts | None:
    """The Dockerfile of a build, for the journal; None if it is too long to keep.

    Args:
        build: of a case or service.
        text: of the Dockerfile.
        engine: asked for the base; BuildKit may keep a base to itself.
        request: for the build.
        hide: removes secrets.
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    stages, count = stages_of(read(text, build.args), build.target), None
    base = stages[0].base if stages else ""
    if base == "scratch":
        count = 0
    elif base and engine.images.has(base):
        count = (
            shared_layers(*(engine.images.inspect(it).layers for it in (base, request.tag))) or None
        )
    name = "dockerfile_inline" if build.dockerfile_inline is not None else build.dockerfile
    return DockerfileFacts(
        name,
        hide(_without_secrets(text)),
        build.target,
        count,
        None if build.target else _findings(text, request, hide),
    )


def _findings(
    text: str, request: BuildRequest, hide: Callable[[str], str]
) -> tuple[DockerfileFinding, ...] | None:
    """The findings in a Dockerfile; None if rules cannot read what its frontend could."""
    try:
        found = lint(text, request.context / request.dockerfile.name)
    except UsageError:
        return None
    return tuple(
        DockerfileFinding(it.rule, it.severity, it.line, hide(it.message), it.remedy)
        for it in found
    )


def _without_secrets(text: str) -> str:
    """A Dockerfile without the values of secret-looking variables, where it sets them."""
    for name, value in _written_secrets(text):
        setting = rf"(?<=\b{re.escape(name)})(\s*=\s*|\s+)([\"']?){re.escape(value)}"
        text = re.sub(setting, rf"\1\2{REDACTED}", text)
    return text


def _written_secrets(text: str) -> set[tuple[str, str]]:
    """Names and values of the secret-looking variables that ENV and ARG set."""
    dockerfile = Dockerfile(text, Path())
    return {
        (name, value)
        for instruction in dockerfile.instructions
        if instruction.keyword in ("ARG", "ENV")
        for name, value in dockerfile.variables(instruction).items()
        if value and "$" not in value and is_secret_name(name)
    }


def build_secrets(build: Build, request: BuildRequest, text: str) -> frozenset[str]:
    """Values to hide in a builder's output: secrets, and arguments with secret-looking names.

    Of the variables that the Dockerfile itself (`text`) sets, words and numbers are not hidden:
    they occur elsewhere too.
    """
    found = {value for name, value in build.args.items() if is_secret_name(name)}
    found |= {value for _, value in _written_secrets(text) if not is_plain(value)}
    return frozenset(found | {secret.value for secret in request.secrets if secret.value})
