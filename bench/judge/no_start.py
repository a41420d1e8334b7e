"""Cases that never started: one rule gives the reason, and the others are not judged.

What was never there has no memory to save and no contact to refuse: a verdict on it would be a
remedy for something else than what went wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.judge.finding import Finding, unmeasured
from bench.judge.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule

NOT_JUDGED = "not judged: "
"""How the reason of a rule begins that is not judged for what went wrong before."""

OF_THE_START = ("ready_s", "startup_s")
"""Metrics of which a start that never was has no end."""


@dataclass(frozen=True)
class NoStart:
    """Why nothing of a case can be judged but that.

    Attributes:
        start: what the rules on its start say.
        others: why the other rules are not judged.
    """

    start: Finding
    others: str

    def finding(self, rule: Rule) -> Finding:
        """The finding for `rule`."""
        return self.start if rule.metric in OF_THE_START else unmeasured(self.others)


def why_no_start(
    case_id: str, case: Case, *, missing: Mapping[str, str], context: JudgeContext
) -> NoStart | None:
    """Why nothing of the case was started; None where something was, or was to be.

    Args:
        case_id: the case.
        case: what is known of it.
        missing: why a case has no image, by case.
        context: of the run.
    """
    if case_id in missing:
        what = case.source.missing
        found = Finding(Outcome.ERROR, f"{what}: {missing[case_id].splitlines()[0]}")
        return NoStart(found, f"{NOT_JUDGED}{what}")
    if context.not_begun:
        return NoStart(unmeasured(context.not_begun), f"{NOT_JUDGED}{context.not_begun}")
    return None
