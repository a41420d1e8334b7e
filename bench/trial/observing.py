"""What a container that is ready is watched for, and what it must not do meanwhile."""

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
    """Wait until it ends.

    Raises:
        FailedTrialError: it did not; what it took until now would pass for all of it.
    """
    attached.exit.wait(timeout_s)
    if not attached.exit.ended:
        raise FailedTrialError(
            f"did not end within {timeout_s:g} s after it was ready, as `observe: exit` asks "
            "of it (`ready.timeout` is its limit)"
        )


def put_under_load(load: LoadRun, address: str, attached: Attachments, facts: TrialFacts) -> None:
    """Run the load tool to its end; what it printed goes into `facts`.

    Raises:
        FailedTrialError: the case ended under it.
        EngineError: the tool failed.
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
    """Put into `facts` that it ended, where nothing went wrong with it but that."""
    if facts.cause is None and attached.note_exit() == 0:
        facts.cause = ENDED
