"""A case under load: a tool in a container beside it, from ready until the tool ends.

It runs on the building engine, like services, so that it leaves no trace in the measuring engine.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import threading
from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.observe.figures import FigureSearch
from bench.observe.followed import FollowedWorkload
from bench.runtimes.protocol import LABEL
from bench.scenario.load_tool import TARGET
from bench.trial.redactor import redactor
from bench.trial.spec import container_spec, named_volumes

if TYPE_CHECKING:
    from bench.journal.facts.matches import Matches
    from bench.observe.output import ExitWatch, OutputWatch
    from bench.runtimes.workload import Workload
    from bench.trial.context import PreparedCase, TrialContext

_SHOWN_LINES = 8
_REST_OF_OUTPUT_S = 20.0
_ADDRESS_OF_A_DEVICE = 0x8915  # SIOCGIFADDR: netdevice(7)
_LOOPBACK = "127.0.0.1"


class LoadRun:
    """One run of a load tool, for one trial."""

    def __init__(self, context: TrialContext, prepared: PreparedCase, name: str) -> None:
        """Nothing is created before `run`.

        Args:
            context: with an engine beside the measuring one.
            prepared: a case with a load tool.
            name: of the tool's container.
        """
        assert context.auxiliary is not None, "a tool runs beside the measuring engine"
        assert prepared.case.load is not None, "there is a tool"
        tool, folder = prepared.case.load, prepared.folder
        self._engine = context.auxiliary
        self._tool = tool
        self._reference = prepared.load_reference
        self._name = name
        self._run_id = context.run_id
        self._folder = folder
        self._clock = context.clock
        self._hide = redactor(tool, folder)
        self._figures = FigureSearch(tool.metrics, self._hide)
        self._output: OutputWatch | None = None
        self._workload: Workload | None = None

    def run(self, address: str, case: ExitWatch) -> None:
        """Put the case at `address` under load, until the tool or the case ends.

        Raises:
            EngineError: the tool failed, or exceeded its time.
        """
        engine, labels = self._engine, {LABEL: self._run_id}
        # identified by its name until the engine answers, which an interruption may prevent
        self._workload = engine.workload(self._name)
        for volume in named_volumes(self._tool, self._name):
            engine.volumes.create(volume, labels)
        spec = container_spec(
            self._tool,
            image=self._reference,
            name=self._name,
            folder=self._folder,
            labels=labels,
            extra_hosts={TARGET: self._reachable(address)},
        )
        workload = self._workload = engine.create(spec)
        tool = FollowedWorkload(workload, self._clock, {}, self._hide, self._figures.take)
        output, ending = tool.output, tool.exit
        self._output = output
        over = threading.Event()
        for watch in (ending, case):
            watch.on_end(over.set)
        tool.start()
        if not case.ended:
            over.wait(self._tool.timeout)
        if case.ended:
            return
        if not ending.ended:
            raise self._fault(f"was not done within its time of {self._tool.timeout:g} s")
        output.wait_end(_REST_OF_OUTPUT_S)
        if code := ending.exit_code():
            raise self._fault(f"ended with code {code}")

    def _reachable(self, address: str) -> str:
        """`address` as reachable from a container: addresses of this host map to its gateway.

        Raises:
            EngineError: it cannot be reached from there.
        """
        if address != _LOOPBACK:
            return address
        bridge = self._engine.info.bridge
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                request = struct.pack("256s", bridge.encode()[:15])
                answer = fcntl.ioctl(probe, _ADDRESS_OF_A_DEVICE, request)
        except OSError as error:
            raise EngineError(
                "load",
                f"this host has no address on the engine's bridge {bridge!r}",
                "use the private engine, or leave `load` out of the plain process",
            ) from error
        return socket.inet_ntoa(answer[20:24])

    def _fault(self, what: str) -> EngineError:
        tail = "\n    ".join(self._output.tail(_SHOWN_LINES) if self._output else [])
        return EngineError("load", f"the load tool {what}\n    {tail}".rstrip())

    def figures(self) -> dict[str, Matches]:
        """The matches found in its output, for the journal."""
        return self._figures.facts()

    def text(self) -> str:
        """The part of its output that is kept."""
        return self._output.text() if self._output else ""

    def remove(self) -> None:
        """Remove it, in any state."""
        if self._workload is None:
            return
        self._workload.remove()
        for volume in named_volumes(self._tool, self._name):
            self._engine.volumes.remove(volume)
        if self._output is not None:
            self._output.close()
