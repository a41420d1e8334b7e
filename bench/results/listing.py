"""The runs under a folder, each in a few words; a broken one is listed with what is wrong."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.core.errors import BenchError, StoreError
from bench.journal.lines import open_plain
from bench.journal.writer import FILE_NAME, SCHEMA_VERSION
from bench.results.find import run_folders

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_DOCUMENT = 64 * 2**20
"""Bytes of a run.json that is read; the journal says the same."""

_ODD = (AttributeError, ArithmeticError, RecursionError)
"""Errors that odd values of a document may end in, too."""


@dataclass(frozen=True)
class RunEntry:
    """One run in a list.

    Attributes:
        folder: where it lies.
        run_id: its id; the folder's name where the run cannot be read.
        at: UTC label of its beginning, or empty.
        name: of the scenario, or empty.
        outcome: `complete`, `interrupted` or `cut off`; empty where it cannot be read.
        cases: by case, the verdict and whether it is as expected.
        exit_code: what the run amounts to; None where it cannot be read.
        problem: why it cannot be read, or empty.
    """

    folder: Path
    run_id: str
    at: str = ""
    name: str = ""
    outcome: str = ""
    cases: dict[str, tuple[str, bool]] = field(default_factory=dict)
    exit_code: int | None = None
    problem: str = ""


def list_runs(out: Path) -> list[RunEntry]:
    """The runs right under `out`, newest first, and those that cannot be read last."""
    entries = [_entry(folder) for folder in run_folders(out)]
    return sorted(entries, key=lambda entry: (entry.at, entry.run_id), reverse=True)


def _entry(folder: Path) -> RunEntry:
    return _from_document(folder) or _from_journal(folder)


def _from_document(folder: Path) -> RunEntry | None:
    """From run.json, where it is there, whole, and no older than the journal."""
    path = folder / "run.json"
    try:
        with open_plain(path) as file:
            written = os.fstat(file.fileno())
            if written.st_mtime_ns < (folder / FILE_NAME).lstat().st_mtime_ns:
                return None
            if written.st_size > _LARGEST_DOCUMENT:
                return None
            document: dict[str, Any] = json.loads(file.read())
        if document["schema_version"] != SCHEMA_VERSION:
            return None
        return RunEntry(
            folder=folder,
            run_id=str(document["run_id"]),
            at=str(document["started_at"]),
            name=str(document["name"]),
            outcome=str(document["outcome"]),
            cases={
                str(case): (str(judged["verdict"]), bool(judged["as_expected"]))
                for case, judged in document["cases"].items()
            },
            exit_code=int(document["exit_code"]),
        )
    except (StoreError, OSError, ValueError, KeyError, TypeError, *_ODD):
        return None  # run.json is only a short cut: the journal says the same


def _from_journal(folder: Path) -> RunEntry:
    from bench.judge.verdicts import case_outcome  # most runs have a run.json and need neither
    from bench.results.run import load_run

    try:
        run = load_run(folder)
        outcomes = {
            case: case_outcome([verdict for verdict in run.verdicts if verdict.case == case])
            for case in run.scenario.cases
        }
    except BenchError as error:
        return RunEntry(folder, folder.name, problem=error.cause)
    return RunEntry(
        folder=folder,
        run_id=run.run_id,
        at=run.header.at,
        name=run.header.name,
        outcome=run.outcome,
        cases={
            case: (outcome.outcome.value, outcome.as_expected) for case, outcome in outcomes.items()
        },
        exit_code=run.exit_code,
    )
