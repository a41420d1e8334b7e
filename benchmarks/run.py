"""`make benchmarks`: what bench itself costs, as ratios against a peer measured in the same run.

The last two parts are of another kind: whether the parts of a pull add up, and how far a start
over a slow link is from what was foreseen. Nothing here fails a build: a shared machine is too
noisy for that. Each line ends with the target that the figure is meant to stay under.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from typing import TYPE_CHECKING

from benchmarks import bare, growth, inspection, lab, pulls
from benchmarks.history import history_cost
from benchmarks.reports import report_cost

if TYPE_CHECKING:
    from collections.abc import Callable


def show(name: str, value: str, target: str) -> None:
    """One line of the result."""
    print(f"{name:<58}{value:>16}   target {target}", flush=True)


def cli_times() -> None:
    """How long the commands take that people and editors call all the time."""
    scenario = Path("scenarios/quickstart.yaml")
    commands = (["--help"], 300), (["validate", str(scenario)], 300), (["list", "reports"], 300)
    for arguments, target in commands:
        times, used = [], []
        for _ in range(11):
            begun, before = time.perf_counter(), _children_s()
            subprocess.run([Path(sys.executable).parent / "bench", *arguments], check=True,
                           capture_output=True)  # fmt: skip
            times.append((time.perf_counter() - begun) * 1e3)
            used.append((_children_s() - before) * 1e3)
        value = f"{statistics.median(times):.0f} ms"
        what = f"bench {arguments[0]}, median of 11; {statistics.median(used):.0f} ms of CPU"
        show(what, value, f"{target} ms")


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def trial_cost(pairs: int) -> None:
    """A warm trial against the same calls made bare, and against the command-line client."""
    with lab.open_lab() as one:
        variants: dict[str, Callable[[], float]] = {
            "bench": one.trial,
            "bare": lambda: bare.cycle(one.socket, one.reference),
        }
        if bare.has_client():
            variants["client"] = lambda: bare.client_cycle(one.socket, one.reference)
        seconds = lab.interleave(variants, pairs)
    for other, target in (("bare", "1.15"), ("client", "1.00")):
        if other not in seconds:
            show("warm trial / docker run + probe + rm -f", "no client", target)
            continue
        ratio = lab.ratio_of_medians(seconds["bench"], seconds[other])
        what = "the same calls by http.client" if other == "bare" else "docker run + probe + rm -f"
        show(f"warm trial / {what}, {pairs} each", f"{ratio.text}", target)


def sampling_cost(pairs: int) -> None:
    """What sampling every 20 ms takes of a core, and what it does to the start."""
    with lab.open_lab() as one:
        for starting, when in ((True, "before ready, 16 threads"), (False, "after ready")):
            share = one.sampler_share(seconds=10, starting=starting)
            show(f"sampling at 20 ms {when}, share of one core", f"{share:.2%}", "2 %")
        seconds = lab.interleave({"on": one.sampled_start, "off": one.unsampled_start}, pairs)
    ratio = lab.ratio_of_medians(seconds["on"], seconds["off"])
    show(f"start to ready, sampled / not sampled, {pairs} pairs", ratio.text, "upper bound 1.05")


def reports_cost() -> None:
    """What the reports of a large run take."""
    for line in report_cost():
        show(*line)


def history_times() -> None:
    """How long the history of a thousand runs takes."""
    for line in history_cost():
        show(*line)


def trials_grow() -> None:
    """Whether late trials cost what early ones do, and one of fifty containers what one of five."""
    for line in (*growth.growth(), *growth.at_once()):
        show(*line)


def pull_closure() -> None:
    """Whether the parts of a pull add up to it."""
    for line in pulls.closure():
        show(*line)


def link_foreseen() -> None:
    """Whether a pull that was not shaped foretells one over a slow link."""
    for line in pulls.foreseen():
        show(*line)


def inspection_cost() -> None:
    """What reading an image takes, against `tar tf` over the same layers."""
    for line in inspection.ratios():
        show(*line)


def main() -> None:
    """Run the parts asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=60, help="pairs of each comparison")
    parser.add_argument("parts", nargs="*", help="which of them; all where none is named")
    options = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "cli": cli_times,
        "trial": lambda: trial_cost(options.pairs),
        "sampling": lambda: sampling_cost(options.pairs),
        "reports": reports_cost,
        "history": history_times,
        "growth": trials_grow,
        "pulls": pull_closure,
        "link": link_foreseen,
        "inspect": inspection_cost,
    }
    for part in options.parts or parts:
        parts[part]()


if __name__ == "__main__":
    main()
