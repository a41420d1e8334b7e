"""Facts of trials, as tests put them down: in the form of a journal."""

from __future__ import annotations

from typing import Any

from bench.journal.facts.form import read_facts
from bench.journal.facts.trial import TrialFacts


def facts_of(**known: Any) -> TrialFacts:
    """The facts of a trial, each as a journal has it or as it is."""
    return read_facts(TrialFacts, known)


def changed(facts: TrialFacts, **known: Any) -> TrialFacts:
    """The same with these in place of its own."""
    return read_facts(TrialFacts, facts.fields() | known)
