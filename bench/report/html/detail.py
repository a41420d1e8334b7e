"""The lower half of the HTML report: layers, trials, environment, files."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.core.domain import TrialStatus
from bench.core.metrics import METRICS
from bench.core.units import format_bytes, format_seconds
from bench.report.wording import value_words, visible
from bench.results.summary import calibration

if TYPE_CHECKING:
    from pathlib import Path

    from bench.analysis.model import TrialResult
    from bench.journal.facts.image import BaseRecord, BuiltStep, ImageFacts
    from bench.results.run import Run

TRIAL_METRICS = (
    "startup_s",
    "pull_s",
    "ready_s",
    "memory_peak_bytes",
    "memory_anon_peak_bytes",
    "cpu_s",
    "stop_s",
)
MOST_LINES = 40
"""Log lines of a failed trial that the page shows."""

_LONGEST_LINE = 400
_IMAGE_FIGURES = (
    "image_size_bytes",
    "image_transfer_bytes",
    "layer_waste_bytes",
    "build_s",
    "build_steps",
    "rebuild_s",
    "rebuild_steps",
)
_FILES = {
    "run.json": "verdicts, comparisons and the scenario, for programs",
    "summary.md": "a short form of this page",
    "junit.xml": "the verdicts, for CI systems",
    "trials.csv": "one row per trial, one column per metric",
    "phases.csv": "one row per phase of a trial",
    "layers.csv": "one row per layer of a pull",
    "ladder.csv": "one row per metric and rung of the ladder",
    "samples.csv.gz": "every reading of the counters",
    "events.jsonl": "the journal, from which all other files are made",
}


@dataclass(frozen=True)
class LayerRow:
    """One layer of an image."""

    number: int
    digest: str
    instruction: str
    transfer: str
    unpacked: str
    share: float


@dataclass(frozen=True)
class StepRow:
    """One step of a build, and what it took."""

    instruction: str
    took: str


@dataclass(frozen=True)
class ImageTable:
    """An image, its layers and how it was built."""

    case: str
    facts: tuple[tuple[str, str], ...]
    layers: tuple[LayerRow, ...]
    steps: tuple[StepRow, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class TrialRow:
    """One attempt at a trial."""

    trial_id: str
    case: str
    round: int
    state: str
    status: str
    reason: str
    values: tuple[str, ...]
    log: str


@dataclass(frozen=True)
class RunFile:
    """A file in the run's folder."""

    name: str
    what: str
    size: str


def images(run: Run) -> list[ImageTable]:
    """The image of every case, or why there is none."""
    found = []
    for case in run.scenario.cases:
        image = run.images.get(case)
        if image is None:
            why = run.failed_images.get(case, "the run ended before the image was ready")
            why = visible(why.splitlines()[0])
            found.append(ImageTable(case, (), (), problem=why))
        else:
            facts = tuple(_image_facts(image))
            found.append(ImageTable(case, facts, tuple(_layers(image)), tuple(_steps(image))))
    return found


def _image_facts(image: ImageFacts) -> list[tuple[str, str]]:
    metrics = image.metric_values()
    found = [
        (METRICS[name].title, value_words(metrics[name], name))
        for name in _IMAGE_FIGURES
        if name in metrics
    ]
    found += [("not as written", visible(remark)) for remark in image.remarks]
    if image.rebuilt:
        found.append(("repeated in a rebuild", "; ".join(map(_short_json, image.rebuilt))))
    if image.engine_size_bytes is not None:
        found.append(("by the engine's count", format_bytes(image.engine_size_bytes)))
    config = {key: value for key, value in image.config.items() if value not in (None, "", [], {})}
    shown = [(str(key), _short_json(value)) for key, value in config.items()]
    return [*found, ("taken", image.source), ("digest", image.digest), *shown]


def _short_json(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text if len(text) <= 300 else f"{text[:299]}…")


def _steps(image: ImageFacts) -> list[StepRow]:
    return [StepRow(_short_json(step.instruction), _took(step)) for step in image.built or ()]


def _took(step: BuiltStep) -> str:
    if step.cached:
        return "from the cache"
    return "" if step.seconds is None else format_seconds(step.seconds)


def _layers(image: ImageFacts) -> list[LayerRow]:
    whole = sum(layer.transfer_bytes for layer in image.layers) or 1
    return [
        LayerRow(
            number=number,
            digest=layer.digest.removeprefix("sha256:")[:12],
            instruction=visible(layer.instruction),
            transfer=format_bytes(layer.transfer_bytes),
            unpacked="" if layer.unpacked_bytes is None else format_bytes(layer.unpacked_bytes),
            share=100 * layer.transfer_bytes / whole,
        )
        for number, layer in enumerate(image.layers, 1)
    ]


def trials(run: Run, most: int) -> tuple[list[TrialRow], int]:
    """At most `most` trials, those that did not come out well first, and how many are left out."""
    troubled = [trial for trial in run.results if trial.status is not TrialStatus.OK]
    fine = [trial for trial in run.results if trial.status is TrialStatus.OK]
    chosen = {id(trial) for trial in [*troubled, *fine][:most]}
    kept = [trial for trial in run.results if id(trial) in chosen]
    return [_trial(trial) for trial in kept], len(run.results) - len(kept)


def _trial(trial: TrialResult) -> TrialRow:
    key = trial.key
    marks = [key.cache, "no limits" if key.arm == "need" else ""]
    marks += [key.network if key.network != "open" else "", "warm-up" if key.warmup else ""]
    marks += [f"{key.replica} of {key.replicas} at once" if key.replicas else ""]
    lines = trial.log_tail[-MOST_LINES:] if trial.status is not TrialStatus.OK else ()
    return TrialRow(
        trial_id=trial.trial_id,
        case=f"{key.case}: {trial.service}" if trial.service else key.case,
        round=key.round,
        state=", ".join(mark for mark in marks if mark),
        status=trial.status.value,
        reason=visible(trial.reason),
        values=tuple(
            _metric_words(trial, name) if name in trial.metrics else "" for name in TRIAL_METRICS
        ),
        log="\n".join(visible(line[:_LONGEST_LINE]) for line in lines),
    )


def _metric_words(trial: TrialResult, name: str) -> str:
    words = value_words(trial.metrics[name], name)
    return f"{words}, killed" if name == "stop_s" and trial.metrics.get("stop_killed") else words


def environment(run: Run) -> list[tuple[str, list[tuple[str, str]]]]:
    """Where and with what the run was made, in groups of names and values."""
    header = run.header
    how = {
        "run": run.run_id,
        "began": header.at,
        "ended": run.ended_at or "unknown: the journal is cut off",
        "outcome": run.outcome,
        "seed": header.seed,
        "bench": header.bench_version,
        "link": run.link,
    }
    bases = {
        case: ", ".join(_base_words(record) for record in records)
        for case, records in run.bases.items()
        if records
    }
    groups = {
        "Run": how,
        "Host": header.host,
        "Engine": header.engine,
        "Builder": header.builder,
        "Bases": bases,
    }
    return [(name, _pairs(values)) for name, values in groups.items() if values]


def _base_words(record: BaseRecord) -> str:
    what = record.made_of
    beside = ["" if what else record.source, record.image_id.removeprefix("sha256:")[:12]]
    words = f"{record.name}: {what}" if what else record.name
    return f"{words} ({', '.join(part for part in beside if part)})"


def _pairs(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(name).removesuffix("_bytes").replace("_", " "), _fact(str(name), value))
        for name, value in values.items()
        if value not in (None, "", [], {})
    ]


def _fact(name: str, value: object) -> str:
    if name.endswith("_bytes") and isinstance(value, int | float):
        return format_bytes(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def floor(run: Run) -> list[tuple[str, str, int]]:
    """The figures of a do-nothing container: metric, median, number of trials."""
    names = ("create_s", "start_s", "run_s", "remove_s", "cpu_s", "memory_peak_bytes")
    found = {summary.metric: summary for summary in calibration(run)}
    return [
        (METRICS[name].title, value_words(found[name].median, name), found[name].n)
        for name in names
        if name in found
    ]


def command(run: Run) -> str:
    """The command line that measures the same again."""
    file = run.header.scenario_file
    seed = f"--seed {run.header.seed}"
    if file.startswith("--"):
        return f"bench run {file} … {seed}   the scenario it stands for is below"
    verb = "ladder" if run.scenario.ladder else "run"
    return f"bench {verb} {shlex.quote(file)} {seed}"


def scenario_text(run: Run) -> str:
    """The scenario as it was resolved, secrets redacted."""
    return visible(json.dumps(run.header.scenario, indent=2, ensure_ascii=False))


def files(folder: Path) -> list[RunFile]:
    """The files of the run that lie in its folder now."""
    return [
        RunFile(name, what, format_bytes((folder / name).stat().st_size))
        for name, what in _FILES.items()
        if (folder / name).is_file()
    ]
