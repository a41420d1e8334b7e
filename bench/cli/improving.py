"""The steps of `bench improve`: which mends work, what each brings, and the files of the result."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import measuring
from bench.cli.output import tell
from bench.core.atomic import write_text
from bench.core.domain import Arm, Severity, TrialStatus
from bench.core.errors import EngineError
from bench.core.exit_code import MET, NOT_MET
from bench.core.interrupts import Interrupted, interruptible
from bench.core.text import clean
from bench.dockerfile.mends.catalogue import Proposal, proposed
from bench.dockerfile.mends.sources import changed_places, diff, pinned, read_sources
from bench.dockerfile.mends.write import write_changes
from bench.improve.cases import as_yaml, with_whole_paths
from bench.improve.gains import gains_of, metrics_between
from bench.improve.variants import build_of
from bench.improve.working import IMPROVED, ORIGINAL, working_mends
from bench.judge.model import Outcome
from bench.report.text.improvement import gains_text, total_text
from bench.results.run import load_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.analysis.model import TrialResult
    from bench.cli.measuring import RunOptions
    from bench.dockerfile.mends.sources import Sources
    from bench.improve.cases import Basis
    from bench.improve.gains import Gain
    from bench.results.run import Run
    from bench.scenario.loading.load import LoadedScenario


def improve(dockerfile: Path, basis: Basis, settings: RunOptions, *, write: bool) -> int:
    """Mend, measure, print; returns the exit code."""
    with interruptible(), tempfile.TemporaryDirectory(prefix="bench-improve-") as folder:
        return _Improvement(dockerfile, basis, settings, Path(folder)).run(write=write)


@dataclass
class _Improvement:
    """One Dockerfile that is being improved.

    Attributes:
        dockerfile: the user's.
        basis: how its image is run.
        settings: of the runs.
        folder: for copies of the context, and for runs whose figures are not kept.
    """

    dockerfile: Path
    basis: Basis
    settings: RunOptions
    folder: Path

    def run(self, *, write: bool) -> int:
        """All of it."""
        read = read_sources(self.dockerfile, self.basis.context)
        before = pinned(read, proposed(read).after)
        proposal = proposed(before)
        if not proposal.steps:
            self._say("there is nothing to mend")
            self._say_left(proposal)
            return MET
        for step in proposal.steps:
            self._say(f"mend: {step.mend.title}")
        working = working_mends(before, self._failures)
        if working.trouble:
            self._say(f"the image as it is does not get ready: {working.trouble}")
            return NOT_MET
        for name, reason in working.dropped.items():
            self._say(f"left out, as the image does not work with it: {name}: {reason}")
        if not working.proposal.steps:
            self._say("no mend works")
            return MET
        steps = {step.mend.id: step.sources for step in working.proposal.steps}
        run = self._measured({ORIGINAL: before, **steps})
        gains = gains_of(run, [step.mend for step in working.proposal.steps], ORIGINAL)
        return self._concluded(run, working.proposal, gains, dropped=working.dropped, write=write)

    def _concluded(
        self,
        run: Run,
        proposal: Proposal,
        gains: list[Gain],
        *,
        dropped: Mapping[str, str],
        write: bool,
    ) -> int:
        """Measure what is kept, where that is not all; write and print the result."""
        last = proposal.steps[-1].mend.id
        vain = {gain.mend.id for gain in gains if not gain.is_kept}
        if vain:
            proposal = proposed(proposal.before, frozenset({*dropped, *vain}))
            last = IMPROVED
        if not proposal.steps:
            tell(clean(gains_text(gains)), err=True)
            self._say("no mend brings a measurable gain")
            return MET
        if vain:
            run = self._measured({ORIGINAL: proposal.before, IMPROVED: proposal.after})
        text = diff(proposal.before, proposal.after)
        write_text(run.folder / "improve.diff", text)
        self._write_scenario(run.folder, proposal)
        tell(clean(gains_text(gains)), err=True)
        tell(clean(total_text(metrics_between(run, ORIGINAL, last))), err=True)
        for step in proposal.steps:
            for note in step.notes:
                self._say(clean(f"note: {step.mend.title}: {note}"))
        self._say_left(proposal)
        self._say(f"improve.diff and improve.yaml are in {run.folder}")
        click.echo(clean(text), nl=False)
        if write:
            write_changes(proposal.before, proposal.after)
            self._say("the files are changed")
        missed = [it for it in run.verdicts if it.case == last and it.verdict is Outcome.FAIL]
        for verdict in missed:
            self._say(clean(f"the improved image misses {verdict.id}: {verdict.reason}"))
        return NOT_MET if any(it.severity == Severity.BLOCK for it in missed) else MET

    def _failures(self, variants: Mapping[str, Sources]) -> dict[str, str]:
        """Build and start each variant once; says why those that fail do."""
        self._say(f"trying {', '.join(variants)}")
        keys = {"repeat": 1, "warmup": 0, "cache": "image"}
        loaded = self.basis.scenario("improve-try", self._builds(variants), judged=False, **keys)
        settings = dataclasses.replace(self.settings, out=self.folder / "runs", wait_quiet_s=0.0)
        run = self._ran(loaded, settings)
        failures = {}
        for name in variants:
            if name in run.faultless_images:
                why = run.failed_images[name]
                raise EngineError(name, f"could not be tried: {why}", "mend that, run it again")
            if name in run.failed_images:
                failures[name] = run.failed_images[name]
                continue
            if _results(run, name, TrialStatus.OK):
                continue
            if not (failed := _results(run, name, TrialStatus.FAILED)):
                reasons = [it.reason for it in run.results if it.key.case == name]
                why = reasons[-1] if reasons else "it was not started"
                raise EngineError(name, f"could not be tried: {why}", "run it again")
            failures[name] = failed[-1].reason
        return failures

    def _measured(self, variants: Mapping[str, Sources]) -> Run:
        """Measure the variants in rounds, and write the reports of that run."""
        from bench.report.formats import DEFAULT, write_reports

        name = f"improve-{self.basis.loaded.scenario.name}"[:60].rstrip("-")
        loaded = self.basis.scenario(name, self._builds(variants), judged=True)
        run = self._ran(loaded, self.settings)
        write_reports(run, list(DEFAULT))
        for name in (ORIGINAL, list(variants)[-1]):
            if not _results(run, name, TrialStatus.OK, TrialStatus.FAILED):
                reasons = [it.reason for it in run.results if it.key.case == name]
                why = reasons[-1] if reasons else run.failed_images.get(name, "it has no trial")
                raise EngineError(name, f"could not be measured: {why}", "run it again")
        return run

    def _ran(self, loaded: LoadedScenario, settings: RunOptions) -> Run:
        result = measuring.start(loaded, settings)
        if result.interrupted:
            raise Interrupted(result.interrupted - 128)
        return load_run(result.folder)

    def _builds(self, variants: Mapping[str, Sources]) -> dict[str, dict[str, str]]:
        """Where each variant is built from; those with the same files share a folder."""
        original = read_sources(self.dockerfile, self.basis.context)
        builds = {}
        for name, sources in variants.items():
            key = hashlib.sha256(repr(sorted(sources.texts.items())).encode()).hexdigest()[:16]
            places = changed_places(original, sources)
            builds[name] = build_of(sources, places, self.folder / "contexts" / key)
        return builds

    def _write_scenario(self, folder: Path, proposal: Proposal) -> None:
        """The original against the improved image, in a scenario that stands by itself."""
        places = changed_places(proposal.before, proposal.after)
        builds = {
            ORIGINAL: build_of(proposal.before, places, folder / ORIGINAL),
            IMPROVED: build_of(proposal.after, places, folder / IMPROVED),
        }
        loaded = self.basis.scenario("improve", builds, judged=True)
        tree = with_whole_paths(loaded.tree, loaded.folder)
        tree["compare"] = {"baseline": ORIGINAL, "candidates": [IMPROVED]}
        write_text(folder / "improve.yaml", as_yaml(tree))

    def _say_left(self, proposal: Proposal) -> None:
        for reason in proposal.left:
            self._say(clean(f"not mended: {reason}"))

    def _say(self, text: str) -> None:
        for line in text.splitlines():
            self.settings.progress.say(line)


def _results(run: Run, case: str, *kinds: TrialStatus) -> list[TrialResult]:
    """The trials of a case under its limits that ended in one of these ways."""
    return [
        it
        for it in run.results
        if it.key.case == case and it.key.arm == Arm.FIT and it.status in kinds
    ]
