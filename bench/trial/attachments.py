"""What is fastened to a container before it starts, so that nothing of it is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.errors import EngineError
from bench.trial.instruments import Instruments
from bench.trial.secrets import hider
from bench.trial.watch import ExitWatch, OutputWatch

if TYPE_CHECKING:
    from bench.sampling.cgroup import ContainerCgroup
    from bench.sampling.sampler import Columns
    from bench.trial.laboratory import Laboratory, Subject
    from bench.trial.record import TrialRecord


class Attachments:
    """The follower of a container's output, the sampler, and the watch on its end.

    Attributes:
        exit: begins to watch once the process is known.
        output: follows from the beginning.
        instruments: sample from the beginning.
    """

    def __init__(
        self,
        lab: Laboratory,
        record: TrialRecord,
        subject: Subject,
        container_id: str,
        cgroup: ContainerCgroup | None,
        *,
        need: bool,
    ) -> None:
        """Attach to a container that was created; nothing is followed before `start`."""
        self._record = record
        patterns = [probe.log.pattern for probe in subject.case.ready.probes() if probe.log]
        self.exit = ExitWatch(lab.engine, container_id, lab.clock)
        hide = hider(subject.case, subject.folder)
        self.output = OutputWatch(lab.engine.attach(container_id), lab.clock, patterns, hide)
        self.instruments = Instruments(
            lab.engine,
            container_id,
            cgroup,
            lab.clock,
            subject.case.sample.interval,
            need=need,
            gpu=lab.gpu,
            on_batch=self._write_samples,
        )

    def start(self) -> None:
        """Follow and sample from now on."""
        self.output.start()
        self.instruments.start()

    def _write_samples(self, columns: Columns) -> None:
        self._record.samples(self.instruments.method, columns)

    def note_exit(self) -> int:
        """The exit code of a container that has ended, which goes on record."""
        code = self.exit.exit_code()
        self._record.facts["exit"] = {
            "code": code,
            "at_ns": self.exit.at_ns,
            "resolution_ns": self.exit.resolution_ns,
        }
        return code

    def how_it_ended(self, when: str) -> str:
        """The end of a container in words, with its exit code."""
        code = self.note_exit()
        if self.instruments.oom_kills():
            return f"killed for memory {when} (exit code {code})"
        return f"exited with code {code} {when}"

    def end_output(self) -> None:
        """Follow the output no longer."""
        self.output.close()
        if self.output.first_ns:
            self._record.facts["first_output_ns"] = self.output.first_ns

    def end_sampling(self) -> None:
        """Take the last totals.

        Raises:
            EngineError: the sampler failed on the way.
        """
        counters: dict[str, Any] = self.instruments.finish()
        self._record.facts["counters"] = counters
        if self.instruments.failure:
            raise EngineError("sampler", f"the sampler failed: {self.instruments.failure}")
