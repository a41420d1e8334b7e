"""Readiness settings taken from an image, and how an engine applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from bench.core.errors import ScenarioError, UsageError
from bench.runtimes.docker.health import ignored_start_interval
from bench.scenario.inferred import UnsaidError, inferred_words, said_of, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.compose.container_keys import Healthcheck
    from bench.journal.writer import Journal
    from bench.runtimes.protocol import RuntimeInfo
    from bench.scenario.loading.load import LoadedScenario
    from bench.scenario.model import Case, SupportingService
    from bench.scenario.probes import Ready

    Watched = TypeVar("Watched", Case, SupportingService)


class ImageWord:
    """Completes a scenario's `ready` from images, with a note on the console and on record."""

    def __init__(
        self,
        loaded: LoadedScenario,
        journal: Journal,
        engine: RuntimeInfo,
        say: Callable[[str], None],
    ) -> None:
        """`engine` is the one that runs the cases."""
        self._loaded = loaded
        self._journal = journal
        self._engine = engine
        self._say = say

    def taken(
        self,
        path: str,
        watched: Watched,
        config: Mapping[str, Any],
        names: Mapping[str, int] | None = None,
    ) -> Watched:
        """`watched`, with its `ready` completed from the image.

        Args:
            path: of it in the scenario, such as `cases.good`.
            watched: the case or service.
            config: of its image.
            names: names of its ports, if they have any.

        Raises:
            ScenarioError: the image does not specify it.
        """
        try:
            says = said_of(watched, config, names)
            ready: Ready = settled(watched.ready, says)
        except UnsaidError as error:
            raise self._fault(path, error) from error
        name = _name(path)
        if words := inferred_words(watched.ready, ready, says):
            self._note(f"{name}: {words}")
        if ready.uses("healthcheck"):
            self._note_ignored(name, watched.healthcheck, config.get("Healthcheck"))
        return watched.model_copy(update={"ready": ready})

    def _note_ignored(self, name: str, own: Healthcheck | None, of_image: object) -> None:
        words = ignored_start_interval(
            self._engine,
            own.start_interval if own else None,
            own.start_period if own else None,
            of_image if isinstance(of_image, dict) else {},
        )
        if words:
            self._note(f"{name}: {words}")

    def _note(self, text: str) -> None:
        self._say(text)
        self._journal.append("note", text=text)

    def _fault(self, path: str, error: UnsaidError) -> UsageError:
        place = self._loaded.position(f"{path}.ready") or self._loaded.position(path)
        name = _name(path)
        if place is None:
            return UsageError(name, error.cause, error.remedy)
        return ScenarioError([place.diagnostic(f"{name}: {error.cause}", error.remedy)])


def _name(path: str) -> str:
    """The name used in reports: a case, or a service of one."""
    return path.partition(".")[2].replace(".compose.ready.", ": ")
