"""bench: how long a container image takes to become useful, and what it costs to get there.

The words, as they are used everywhere here:

- *scenario*: a YAML file; *case*: one image and how to run it.
- *cache state*: what is already on the host when a trial starts (cold, base, image, warm).
- *trial*: one case measured once; *round*: every case once, in a seeded random order.
- *phase*: a named stretch of a trial; *probe*: what decides that a case is ready.
- *arm*: under the case's limits (fit), or without them (need).
- *sample*: one reading of the counters; *metric*: a named figure with a unit and a direction.
- *threshold*: a metric with a limit; *verdict*: pass, fail, inconclusive, not-measured or error.
- *run*: one execution of a scenario, and the folder that it leaves behind.

Names carry their units: `_s` seconds, `_ns` nanoseconds of the monotonic clock, `_bytes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.version import __version__

if TYPE_CHECKING:
    from bench.api import run
    from bench.results.run import load_run
    from bench.scenario.loading.load import load_scenario

__all__ = ["__version__", "load_run", "load_scenario", "run"]

_HOMES = {
    "load_run": "bench.results.run",
    "load_scenario": "bench.scenario.loading.load",
    "run": "bench.api",
}


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used: some bring heavy packages along."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'bench' has no attribute {name!r}")
