"""Short ways to write scenarios, trials and images for the tests of judging."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.analysis.model import TrialResult
from bench.core.domain import TrialKey, TrialStatus
from bench.journal.facts.image import ImageFacts, LayerFacts
from bench.judge.model import JudgeContext
from bench.judge.verdicts import judge
from bench.scenario.model import Scenario
from bench.standard.checklist import Checklist, load_checklist
from tests.facts import facts_of
from tests.judge.replicas import replicas

if TYPE_CHECKING:
    from bench.judge.model import Verdict

GIB = 2**30
MIB = 2**20
TODAY = dt.date(2026, 3, 1)
CLOUD_NATIVE = load_checklist("cloud-native", Path())


def scenario(case: dict[str, Any] | None = None, **top: Any) -> Scenario:
    """A scenario with one case, `app`, which `case` adds to."""
    app: dict[str, Any] = {
        "image": "app:1",
        "ready": {"http": {"port": 8080}},
        "limits": {"memory": "8g", "cpus": 4},
    }
    return Scenario.model_validate(
        {"version": 1, "name": "test", "cases": {"app": app | (case or {})}} | top
    )


def trial(
    number: int = 0,
    *,
    case: str = "app",
    status: TrialStatus = TrialStatus.OK,
    reason: str = "",
    attempt: int = 1,
    cache: str = "cold",
    arm: str = "fit",
    network: str = "open",
    replica: int = 0,
    warmup: bool = False,
    service: str = "",
    figures: dict[str, float] | None = None,
    facts: dict[str, Any] | None = None,
    unsampled: tuple[str, ...] = (),
    **metrics: float,
) -> TrialResult:
    """One attempt; its metrics are `figures` and the keywords that are left over.

    Where no facts are given, all that it sent was seen, and was nothing.
    """
    key = TrialKey(
        case, number, cache, arm, network, replica, replicas=int(replica > 0), warmup=warmup
    )
    name = f"{case}-{cache}-{arm}-{number}-{attempt}"
    way_out = ("refused", "silent")[number % 2] if network == "cut" else "open"
    known = facts_of(**{"egress": seen(way_out=way_out)} | (facts or {}))
    found = metrics | (figures or {})
    return TrialResult(
        name, key, attempt, status, reason, service, found, facts=known, unsampled=unsampled
    )


def seen(*attempts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a trial has on record of these attempts to reach something."""
    known: dict[str, Any] = {"observed": True, "reach": "all", "way_out": "open", "dropped": 0}
    return known | {"attempts": list(attempts)} | changes


def attempt(destination: str = "198.51.100.9:443", kind: str = "tcp", **changes: Any) -> Any:
    """One such attempt at `ADDRESS:PORT`, half a second after the start."""
    address, _, port = destination.rpartition(":")
    known: dict[str, Any] = {
        "t_s": 0.5,
        "kind": kind,
        "name": "",
        "address": address,
        "port": int(port),
        "process": None,
        "question": "",
        "allowed": False,
        "times": 1,
    }
    return known | changes


def cut(**more: Any) -> list[TrialResult]:
    """The two trials with the network cut off."""
    return [trial(20 + number, network="cut", cache="image", **more) for number in range(2)]


def trials(metric: str, *values: float, **more: Any) -> list[TrialResult]:
    """Trials with these values of one metric."""
    return [trial(number, figures={metric: value}, **more) for number, value in enumerate(values)]


def failed(number: int, reason: str = "exited with code 1", **more: Any) -> TrialResult:
    """A trial in which the image failed."""
    return trial(number, status=TrialStatus.FAILED, reason=reason, **more)


def lost(number: int, reason: str = "registry is gone", **more: Any) -> TrialResult:
    """A trial that came to nothing for another's fault."""
    return trial(number, status=more.pop("status", TrialStatus.ERROR), reason=reason, **more)


def image(size_bytes: int | None = 100 * MIB, **changes: Any) -> ImageFacts:
    """An image of one layer."""
    facts: dict[str, Any] = {
        "case": "app",
        "reference": "registry/app@sha256:1",
        "digest": "sha256:1",
        "source": "built",
        "build_s": 12.0,
        "size_bytes": size_bytes,
        "transfer_bytes": 40 * MIB,
        "waste_bytes": 0,
        "engine_size_bytes": 110 * MIB,
        "layers": (LayerFacts("sha256:2", "COPY", 40 * MIB, 100 * MIB),),
    }
    return ImageFacts(**(facts | changes))


def context(**changes: Any) -> JudgeContext:
    """A complete run on a host of 16 cores, over a link of 200mbit."""
    known: dict[str, Any] = {"link": "200mbit", "host_cores": 16, "today": TODAY}
    return JudgeContext(**(known | changes))


def verdicts(
    of: Scenario,
    measured: list[TrialResult],
    *,
    checklist: Checklist | None = None,
    facts: ImageFacts | None = None,
    failed_images: dict[str, str] | None = None,
    **changes: Any,
) -> tuple[Verdict, ...]:
    """All verdicts on `of`, with an ordinary image where none is given."""
    return judge(
        of,
        checklist,
        {"app": facts or image()},
        measured,
        context=context(**changes),
        failed_images=failed_images,
    )


def verdict(of: Scenario, measured: list[TrialResult], row: str, **more: Any) -> Verdict:
    """The one verdict called `row`."""
    (found,) = [one for one in verdicts(of, measured, **more) if one.id == row]
    return found


def healthy() -> list[TrialResult]:
    """Trials that meet every row of the built-in checklist."""
    fit = [
        trial(number, startup_s=9.0 + number, pull_s=6.0, ready_s=2.0, oom_kills=0.0)
        for number in range(6)
    ]
    return fit + need(GIB, GIB // 2, 1.5) + cut() + replicas()


def need(
    peak: float, anon: float, demand: float | None, unseen_pct: float | None = 0.0
) -> list[TrialResult]:
    """The two trials of the need arm; no demand means no schedstat."""
    metrics = {
        "memory_peak_bytes": float(peak),
        "memory_usage_peak_bytes": float(peak),
        "memory_anon_peak_bytes": float(anon),
        "oom_kills": 0.0,
    }
    if demand is not None:
        metrics["cpu_demand_cores_peak"] = demand
    if demand is not None and unseen_pct is not None:
        metrics["cpu_unseen_share_pct"] = unseen_pct
    return [trial(10 + number, arm="need", cache="image", figures=metrics) for number in range(2)]
