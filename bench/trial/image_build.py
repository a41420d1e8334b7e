"""Building the image of a case or service, and building it again after a small change."""

from __future__ import annotations

import dataclasses
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.engine.builders.request import BuildRequest, Secret
from bench.engine.protocol import LABEL
from bench.errors import BuildError
from bench.image.rebuild import changed_context
from bench.results.model import BuiltStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.engine.builders.request import BuildResult
    from bench.engine.protocol import Engine
    from bench.scenario.model import Build

_ADDRESS = "://"


@dataclass(frozen=True)
class Rebuild:
    """Another build after a small change: seconds, and its steps that the cache did not have."""

    seconds: float
    steps: tuple[str, ...] | None


@contextmanager
def build_request(build: Build, folder: Path, tag: str, label: str) -> Iterator[BuildRequest]:
    """What `build` asks for; the text of an inline Dockerfile is a file while this lasts.

    Args:
        build: of a case or service.
        folder: its paths start here.
        tag: name of the image.
        label: value of bench's own label on it.
    """
    context = (folder / build.context).resolve()
    with tempfile.TemporaryDirectory(prefix="container-bench-") as scratch:
        dockerfile = context / build.dockerfile
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
            secrets=tuple(
                Secret(one.id, (folder / one.file).resolve() if one.file else None, one.environment)
                for one in build.secrets
            ),
            ssh=build.ssh,
            cache_from=build.cache_from,
            cache_to=build.cache_to,
            no_cache=build.no_cache,
            pull=build.pull,
            network=build.network,
        )


def rebuild(builder: Engine, request: BuildRequest, names: tuple[str, ...]) -> Rebuild:
    """Build once more after a change of the files `names`; the image does not stay.

    Raises:
        BuildError: it does not build after the change.
    """
    tag = f"{request.tag}-changed"
    with changed_context(request.context, names) as changed:
        dockerfile = request.dockerfile
        if dockerfile.is_relative_to(request.context):
            dockerfile = changed / dockerfile.relative_to(request.context)
        after = dataclasses.replace(request, context=changed, dockerfile=dockerfile, tag=tag)
        try:
            built = builder.build(dataclasses.replace(after, no_cache=False))
        except BuildError as error:
            raise BuildError(
                str(request.dockerfile),
                f"after a change of {', '.join(names)}: {error.cause}",
                error.remedy,
            ) from error
        finally:
            builder.remove_image(tag)
    return Rebuild(built.seconds, built.done)


def recorded(result: BuildResult) -> tuple[BuiltStep, ...] | None:
    """The steps of a build, for the record of a run."""
    if result.steps is None:
        return None
    return tuple(BuiltStep(one.instruction, one.cached, one.seconds) for one in result.steps)
