"""Whether two runs were made under circumstances that let their figures be compared.

What changes the figures is refused. What hardly can is a note: memory sizes within 1 %, which two
boots of one machine may differ by, and kernels of one minor version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bench.core.units import format_seconds
from bench.host.fingerprint import COMPARABLE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bench.results.run import Run
    from bench.scenario.compose_case import ComposeUse

OF_A_STACK = {
    "ready": "probes",
    "volumes": "volumes at the start",
    "services": "chosen services",
    "profiles": "profiles",
}
"""What two stacks must have in common, and its name."""

_MINOR_VERSION = re.compile(r"\d+\.\d+(?!\d)")

SAME_MEMORY = 0.01
"""Share by which the memory of two hosts may differ."""

ENGINE_KEYS = ("kind", "version", "storage_driver", "image_store", "runtime", "private")
"""Facts of the engine in which two runs must agree."""


def all_differences(baseline: Run, candidate: Run, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The `differences` of several pairs of cases, each phrase once."""
    return list(
        dict.fromkeys(text for pair in pairs for text in differences(baseline, candidate, pair))
    )


def differences(baseline: Run, candidate: Run, cases: tuple[str, str]) -> list[str]:
    """Why a case of each run must not be compared: host, engine, link, limits, probe, cache.

    Args:
        baseline: the baseline's run.
        candidate: the candidate's run; two cases of the same run share their circumstances.
        cases: the case of each.

    Returns:
        A phrase for each difference; empty where the two can be compared.
    """
    if baseline.folder == candidate.folder:
        return []
    return [
        *_places(baseline, candidate),
        *_bases(baseline, candidate, cases),
        *_settings(baseline, candidate, cases),
    ]


def all_notes(baseline: Run, candidate: Run) -> list[str]:
    """Differences between the hosts of two runs that hardly change a figure."""
    if baseline.folder == candidate.folder:
        return []
    return list(slight_differences(baseline.header.place, candidate.header.place))


def unlike_places(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> Iterator[str]:
    """The properties that tell two hosts with their engines apart, as far as figures depend on it.

    Args:
        baseline: `host` and `engine` as a journal's first line has them.
        candidate: the same of the candidate.
    """
    for key in COMPARABLE_KEYS:
        before, after = baseline["host"].get(key), candidate["host"].get(key)
        if before != after and not _is_slight(key, before, after):
            yield _host_difference(key, before, after)
    for key in ENGINE_KEYS:
        values = baseline["engine"].get(key), candidate["engine"].get(key)
        if values[0] != values[1]:
            yield f"engine's {key.replace('_', ' ')}: {values[0]} against {values[1]}"
    decoders = [side["engine"].get("decoder") for side in (baseline, candidate)]
    if decoders[0] != decoders[1]:
        yield f"layers are decompressed by another program: {decoders[0]} against {decoders[1]}"


def slight_differences(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> Iterator[str]:
    """Differences of two hosts that do not forbid a comparison; as `unlike_places` takes them."""
    for key in COMPARABLE_KEYS:
        before, after = baseline["host"].get(key), candidate["host"].get(key)
        if before != after and _is_slight(key, before, after):
            yield _host_difference(key, before, after)


def _host_difference(key: str, before: object, after: object) -> str:
    name = key.removesuffix("_bytes").replace("_", " ")
    if key == "memory_bytes" and isinstance(before, int) and isinstance(after, int):
        return f"host {name}: {before} against {after} bytes"
    return f"host {name}: {before} against {after}"


def _is_slight(key: str, before: object, after: object) -> bool:
    if key == "memory_bytes":
        if not (isinstance(before, int) and isinstance(after, int)):
            return False
        return abs(after - before) <= SAME_MEMORY * max(before, after)
    if key == "kernel":
        return minor_version(before) == minor_version(after)
    return False


def minor_version(kernel: object) -> str:
    """The version of a kernel as far as figures depend on it: `6.1` of `6.1.0-28-amd64`."""
    found = _MINOR_VERSION.match(str(kernel))
    return found[0] if found else str(kernel)


def _places(baseline: Run, candidate: Run) -> Iterator[str]:
    yield from unlike_places(baseline.header.place, candidate.header.place)
    if baseline.link != candidate.link:
        yield f"link: {baseline.link} against {candidate.link}"


def _bases(baseline: Run, candidate: Run, cases: tuple[str, str]) -> Iterator[str]:
    """Where a base of both images comes from: Docker Hub's and a home-made one are not the same."""
    made = [
        {base.name: base.source for base in side.bases.get(case, ())}
        for side, case in zip((baseline, candidate), cases, strict=True)
    ]
    for name in made[0].keys() & made[1].keys():
        sources = made[0][name], made[1][name]
        if sources[0] != sources[1]:
            yield f"base {name}: {sources[0]} against {sources[1]}"


def _stacks(before: ComposeUse | None, after: ComposeUse | None) -> Iterator[str]:
    """Differences in how two stacks are measured; their content may differ."""
    if before is None or after is None:
        if before is not after:
            yield "one is a stack, and the other is not"
        return
    for key, what in OF_A_STACK.items():
        if getattr(before, key) != getattr(after, key):
            yield f"the {what} of the stack differ"


def _seconds(value: float | str) -> str:
    return value if isinstance(value, str) else format_seconds(value)


def _settings(baseline: Run, candidate: Run, cases: tuple[str, str]) -> Iterator[str]:
    before, after = baseline.scenario.cases[cases[0]], candidate.scenario.cases[cases[1]]
    limits = before.effective_limits, after.effective_limits
    for key in type(limits[0]).model_fields:
        values = getattr(limits[0], key), getattr(limits[1], key)
        if values[0] != values[1]:
            yield f"limit of {key}: {values[0]} against {values[1]}"
    if before.ready != after.ready:
        yield "they are called ready by different probes"
    for key, values in {
        "observe": (before.observe, after.observe),
        "sample.interval": (before.sample.interval, after.sample.interval),
    }.items():
        if values[0] != values[1]:
            yield f"{key}: {_seconds(values[0])} against {_seconds(values[1])}"
    yield from _stacks(before.compose, after.compose)
    if before.load != after.load:
        yield "they are put under another load"
    if before.registry != after.registry:
        yield "one is pulled from bench's own registry, the other from its origin"
    own = baseline.scenario.own_metrics, candidate.scenario.own_metrics
    for name in {**before.metrics, **after.metrics}:
        kinds = [(side[name].unit, side[name].better) for side in own if name in side]
        if len(set(kinds)) > 1:
            yield f"{name} has another unit or direction"
        elif before.metrics.get(name) != after.metrics.get(name) and len(kinds) > 1:
            yield f"{name} is taken from the output in another way"
    if before.cache != after.cache:
        states = ", ".join(before.cache), ", ".join(after.cache)
        yield f"cache: {states[0]} against {states[1]}"
