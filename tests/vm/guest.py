"""What runs inside the machine: the jobs that lie on the second disk, one after the other.

Of each job the results stay on that disk: what pytest printed, its JUnit file, and the folders of
all runs that its tests made; and once the logs of bench's own daemons.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

WORK = Path("/jobs")
DAEMON_LOGS = Path("/var/lib/container-bench/log")


def main() -> None:
    """Run every job; a job that fails does not keep the next from running."""
    results = WORK / "results"
    results.mkdir()
    for job in json.loads((WORK / "jobs.json").read_text()):
        name = job["name"]
        begun = time.monotonic()
        with (results / f"{name}.log").open("w") as log:
            done = subprocess.run(
                [
                    sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
                    f"--junitxml={results / name}.xml", f"--basetemp={results / name}",
                    *job["arguments"],
                ],
                check=False, stdout=log, stderr=subprocess.STDOUT,
                env=os.environ | job["environment"],
            )  # fmt: skip
        tail = (results / f"{name}.log").read_text().splitlines()[-1:]
        took_s = time.monotonic() - begun
        sys.stdout.write(f"{name}: status {done.returncode} after {took_s:.0f} s: {tail}\n")
        sys.stdout.flush()
    if DAEMON_LOGS.exists():
        shutil.copytree(DAEMON_LOGS, results / "daemons")


if __name__ == "__main__":
    main()
