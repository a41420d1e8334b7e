"""How a case was measured, as text that can be kept: host, engine, link, bases, settings.

Runs belong to one trend where `bench compare` would compare them; see `comparable`, which has the
same properties. Here they are kept apart from the run, so that a thousand runs need not be read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.results.run import Run

    Circumstances = Mapping[str, str]

MEMORY = "host memory"
BASE = "base "
"""Begins the names of properties that are about a base of the image."""

_IF_IN_BOTH = (BASE, "metric ")
_LONGEST_SHOWN = 48


def circumstances(run: Run, case: str) -> dict[str, str]:
    """The properties in which runs have to agree for their figures of `case` to be compared."""
    from bench.host.fingerprint import COMPARABLE_KEYS
    from bench.results.comparable import ENGINE_KEYS, OF_A_STACK, minor_version

    host, engine = run.header.host, run.header.engine
    found: dict[str, object] = {
        f"host {key.removesuffix('_bytes').replace('_', ' ')}": host.get(key)
        for key in COMPARABLE_KEYS
    }
    found["host kernel"] = minor_version(host.get("kernel"))
    found |= {f"engine {key.replace('_', ' ')}": engine.get(key) for key in ENGINE_KEYS}
    found |= {"decompression": engine.get("decoder"), "link": run.link}
    found |= {f"{BASE}{base.name}": base.source for base in run.bases.get(case, ())}
    settings = run.scenario.cases[case]
    limits = settings.effective_limits
    found |= {f"limit of {key}": getattr(limits, key) for key in type(limits).model_fields}
    found |= {
        "probe": settings.ready,
        "observe": settings.observe,
        "sample.interval": settings.sample.interval,
        "load": settings.load,
        "registry": settings.registry,
        "cache": settings.cache,
        "stack": bool(settings.compose),
    }
    if settings.compose:
        found |= {what: getattr(settings.compose, key) for key, what in OF_A_STACK.items()}
    found |= {f"metric {name}": metric for name, metric in settings.metrics.items()}
    return {name: _text(value) for name, value in found.items()}


def circumstances_differ(before: Circumstances, after: Circumstances) -> list[str]:
    """A phrase for each property in which two runs differ; empty where they can be compared."""
    if before == after:
        return []
    return [
        _phrase(name, before.get(name, ""), after.get(name, ""))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name) and _matters(name, before, after)
    ]


def _matters(name: str, before: Circumstances, after: Circumstances) -> bool:
    if name.startswith(_IF_IN_BOTH):
        return name in before and name in after
    sizes = before.get(name, ""), after.get(name, "")
    if name != MEMORY or not all(size.isdigit() for size in sizes):
        return True
    from bench.results.comparable import SAME_MEMORY

    first, second = map(int, sizes)
    return abs(second - first) > SAME_MEMORY * max(first, second)


def _phrase(name: str, before: str, after: str) -> str:
    if max(len(before), len(after)) > _LONGEST_SHOWN or "{" in before + after:
        return f"another {name}"
    return f"{name} {after or 'none'}, not {before or 'none'}"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=_plain, sort_keys=True, ensure_ascii=False)


def _plain(value: object) -> object:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
