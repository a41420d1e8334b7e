"""One mend: what it changes, which findings it answers, and what it is expected to improve."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.dockerfile.mends.sources import Sources


class Footing(StrEnum):
    """How far it is known, before anything is built, that an image still works after a mend."""

    CERTAIN = "certain"
    TRY = "try"


@dataclass(frozen=True)
class Mended:
    """The sources after a mend, changed or not.

    Attributes:
        sources: as they are now.
        notes: what somebody who takes the change should know.
        left: the findings that were not mended, each with the reason.
    """

    sources: Sources
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mend:
    """A change that a rule makes.

    Attributes:
        id: its name.
        title: in a few words.
        rules: the lint rules whose findings it answers; none for one that no rule asks for.
        improves: the metrics that it is expected to improve.
        footing: whether it is a try.
        apply: changes the sources, once; a second time there is nothing to do.
        must_gain: whether it is left out where no gain can be measured; not so where it is for
            safety, or for what one start does not show.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    improves: tuple[str, ...]
    footing: Footing
    apply: Callable[[Sources], Mended]
    must_gain: bool = True
