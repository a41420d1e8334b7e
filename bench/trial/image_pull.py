"""The pull of a trial: timed, split by layer, and verified to have fetched the expected layers.

There are two proofs. The engine's stream must show the download of every layer that was not to be
present; and the registry's access log must show that exactly the bytes of these layers and of the
configuration were served. The log is read after the trial, where it costs no measured time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.pull_path import covered_s
from bench.core.capability import Capability
from bench.core.domain import CacheState
from bench.core.errors import EngineError
from bench.core.image_reference import split_reference
from bench.journal.facts.pull import BlobServed, LinkFact, ServedFact
from bench.trial.outcome import InvalidTrialError
from bench.trial.pull_stream import PullRecorder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.journal.facts.pull import LayerPull
    from bench.runtimes.managed.access_log import Served
    from bench.runtimes.managed.registry import Blob, Manifest
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.record import TrialRecord


class ImagePull:
    """The pull of one trial."""

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        record: TrialRecord,
        state: CacheState,
        shared: int = 0,
    ) -> None:
        """Nothing is pulled before `run`.

        `shared` is the number of layers, from the first, that another image has already pulled.
        """
        self._context = context
        self._prepared = prepared
        self._record = record
        self._base_layers = max(shared, prepared.base_layers(state))
        self._state = state
        self._mark: int | None = None
        self._is_done = False

    def run(self) -> None:
        """Pull, and check against the stream what was fetched.

        Raises:
            InvalidTrialError: the host was not in the expected cache state.
            EngineError: the pull failed, or fetched another image.
        """
        context, prepared = self._context, self._prepared
        log = context.access_log
        self._mark = log.mark() if log else None
        recorder = PullRecorder(context.clock.monotonic_ns())
        with self._record.phase("pull"):
            assert context.runtime.images is not None, "only a case with an image is pulled"
            for line in context.runtime.images.pull(prepared.reference):
                recorder.line(context.clock.monotonic_ns(), line)
        manifest = prepared.manifest
        if manifest is not None:
            layers = recorder.intervals(manifest.layers, prepared.layers)
            self._record.layers(layers)
            self._record.facts.downloaded_bytes = recorder.downloaded_bytes(manifest)
            rate = achieved_bit_s(layers)
            self._record.facts.link = LinkFact(context.link_bit_s, rate)
            if recorder.digest and recorder.digest != manifest.digest:
                raise EngineError(prepared.reference, f"the pull brought {recorder.digest} instead")
        self._is_done = True
        doubt = recorder.why_not_cold(manifest, self._base_layers)
        if doubt:
            shared = context.runtime.capabilities.why_not(Capability.EXCLUSIVE_STORE)
            raise InvalidTrialError("; ".join(filter(None, (f"{self._not_so}: {doubt}", shared))))

    @property
    def _not_so(self) -> str:
        is_cold = self._state is CacheState.COLD
        return "not a cold pull" if is_cold else f"not a pull from {self._state}"

    def doubt(self) -> str:
        """How the registry's log contradicts the pull; empty if it confirms it.

        The served bytes go into the trial's facts. Without a log or a manifest there is nothing to
        compare, and the stream is the only proof.
        """
        manifest, log = self._prepared.manifest, self._context.access_log
        if not self._is_done or manifest is None or log is None:
            return ""
        repository = split_reference(self._prepared.reference)[0].partition("/")[2]
        served = log.served(repository, self._mark)
        if served is None:
            return f"{self._not_so}: the registry's access log cannot be read"
        self._record.facts.served = ServedFact(
            requests=sum(blob.requests for blob in served.values()),
            size_bytes=sum(blob.size_bytes for blob in served.values()),
            blobs={
                digest: BlobServed(blob.requests, blob.size_bytes)
                for digest, blob in served.items()
            },
        )
        doubt = why_not_served(manifest, self._base_layers, served)
        return f"{self._not_so}: {doubt}" if doubt else ""


def why_not_served(manifest: Manifest, base_layers: int, served: Mapping[str, Served]) -> str:
    """How `served` differs from the layers above the base; empty if they match exactly."""
    there = {blob.digest for blob in manifest.layers[:base_layers]}
    expected: dict[str, Blob] = {
        blob.digest: blob
        for blob in (*manifest.layers, manifest.config)
        if blob.digest not in there
    }
    for digest, blob in served.items():
        if digest not in expected:
            whose = "a layer of the base" if digest in there else "a blob not of this image"
            return f"the registry served {digest[7:19]}, {whose}"
        if blob.size_bytes != expected[digest].size_bytes:
            return (
                f"the registry served {blob.size_bytes} bytes of {digest[7:19]} in "
                f"{blob.requests} requests, the manifest says {expected[digest].size_bytes}"
            )
    missing = [digest for digest in expected if digest not in served]
    if missing:
        return f"the registry served {len(expected) - len(missing)} of {len(expected)} blobs"
    return ""


def achieved_bit_s(layers: Sequence[LayerPull]) -> float | None:
    """Bits per second transferred over the link while at least one layer was being downloaded.

    Layers whose download ended before it was observed are left out, with their bytes.
    """
    spans = []
    size_bytes = 0
    for layer in layers:
        if layer.download_span_s is not None:
            spans.append(layer.download_span_s)
            size_bytes += layer.transfer_bytes or 0
    seconds = covered_s(spans)
    return round(8 * size_bytes / seconds, 1) if seconds > 0 else None
