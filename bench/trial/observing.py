"""The observation of a container after it is ready, and what it must not do meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.trial.cause.ending import ENDED
from bench.trial.outcome import FailedTrialError

if TYPE_CHECKING:
    from bench.journal.facts.trial import TrialFacts
    from bench.trial.attachments import Attachments
    from bench.trial.under_load import LoadRun


def await_end(attached: Attachments, timeout_s: float) -> None:
    """Wait until the container exits.

    Raises:
        FailedTrialError: it did not; its totals so far would be mistaken for final ones.
    """
    attached.exit.wait(timeout_s)
    if not attached.exit.ended:
        raise FailedTrialError(
            f"did not end within {timeout_s:g} s after it was ready, as `observe: exit` asks "
            "of it (`ready.timeout` is its limit)"
        )


def put_under_load(load: LoadRun, address: str, attached: Attachments, facts: TrialFacts) -> None:
    """Run the load tool to its end; its output figures go into `facts`.

    Raises:
        FailedTrialError: the case exited under load.
        EngineError: the load tool failed.
    """
    ending = attached.exit
    try:
        load.run(address, ending)
    except EngineError:
        if not ending.ended:
            raise
    finally:
        facts.figures = load.figures()
    if ending.ended:
        raise FailedTrialError(attached.how_it_ended("under load"))


def note_that_it_is_to_stay(attached: Attachments, facts: TrialFacts) -> None:
    """Record in `facts` that it exited, if that is the only thing that went wrong."""
    if facts.cause is None and attached.note_exit() == 0:
        facts.cause = ENDED
