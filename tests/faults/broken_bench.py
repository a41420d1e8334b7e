"""The command line with a fault built in, for moments that nobody hits from outside.

`python -m tests.faults.broken_bench FAULT ARGUMENTS…`, where FAULT is one of

dies-in:CASE:NETWORK:NTH:PHASE   SIGKILL as soon as that phase of the NTH such trial has ended: the
                                 engine has done its part, and of the journal's line the half is
                                 written
silent-pull:SECONDS              how long a pull may say nothing
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from typing import Any

from bench.cli import main
from bench.runtimes.docker import connect as docker_connect
from bench.trial.record import TrialRecord


def die_in(case: str, network: str, nth: str, phase: str) -> None:
    begin, phase_was = TrialRecord.begin, TrialRecord.phase_was
    seen: Counter[tuple[str, str]] = Counter()
    doomed: list[TrialRecord] = []

    def begun(record: TrialRecord, key: Any) -> None:
        seen[key.case, key.network] += 1
        if (key.case, key.network) == (case, network) and seen[case, network] == int(nth):
            doomed.append(record)
        begin(record, key)

    def was(record: TrialRecord, name: str, *times: Any) -> None:
        if record in doomed and name == phase:
            record._context.journal._file.write(b'{"event":"phase","trial_id":"t00')
            os.kill(os.getpid(), signal.SIGKILL)
        phase_was(record, name, *times)

    TrialRecord.begin = begun  # type: ignore[method-assign,assignment]
    TrialRecord.phase_was = was  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    fault, *values = sys.argv.pop(1).split(":")
    if fault == "dies-in":
        die_in(*values)
    else:
        docker_connect.PULL_SILENCE_S = float(values[0])
    main()
