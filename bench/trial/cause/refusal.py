"""The blame for an engine's refusal to create or start a container.

The image is to blame if something in it, or in how the case runs it, prevents every engine from
starting it: the program does not exist or may not be executed, or the user or working directory is
missing. That is read from the container's own file system. If the files do not tell, the runtime
says whether it was the workload that could not be run.
"""

from __future__ import annotations

import contextlib
import posixpath
from typing import TYPE_CHECKING

from bench.core.errors import EngineError, EngineRefusedError, NoProgramError
from bench.journal.facts.cause import Cause, CauseKind
from bench.runtimes.specs import WorkloadSpec
from bench.trial.cause.disk import full_disk
from bench.trial.cause.image_inspection import NO_COMMAND, look_at
from bench.trial.outcome import FailedTrialError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.journal.facts.trial import TrialFacts
    from bench.runtimes.protocol import Runtime
    from bench.runtimes.workload import Workload


def image_cause(workload: Workload, machine: str, error: EngineRefusedError) -> Cause | None:
    """The fault in the image that prevents the container's start; None if it is not the image.

    Args:
        workload: the created container.
        machine: architecture of the engine's machine, as images name it.
        error: the engine's error.
    """
    if isinstance(error, NoProgramError):
        return Cause(CauseKind.NO_PROGRAM, error.cause, error.remedy)
    with contextlib.suppress(EngineError):  # what cannot be seen says nothing
        look = look_at(workload, machine)
        found = look.refused() if look else None
        if found is not None:
            return found
    if error.fault:
        return Cause(
            CauseKind.REFUSED,
            f"the runtime cannot run it: {error.fault}",
            "mend what these words name in the image, or in the case's `command` and `user`",
        )
    return None


def creation_cause(runtime: Runtime, spec: WorkloadSpec) -> Cause | None:
    """The fault in the image that prevents the container's creation; None if it is not the image.

    Args:
        runtime: refused to create it.
        spec: of the container.
    """
    if runtime.images is None:
        return None
    try:
        config = runtime.images.inspect(spec.image).config
    except EngineError:
        return None
    # an entrypoint of the case's own leaves the image's command out
    own = (spec.entrypoint or ()) + (spec.command or ())
    given = own or config.get("Entrypoint") or config.get("Cmd")
    if not given:
        return NO_COMMAND
    folder = spec.working_dir or str(config.get("WorkingDir") or "")
    words = ""
    if folder and not folder.startswith("/"):
        words = f"its working folder {folder} is no absolute path"
    elif file := _file_on_the_way(runtime, spec, folder):
        words = f"its working folder {folder} cannot be made: {file} is a file"
    if not words:
        return None
    return Cause(CauseKind.NO_FOLDER, words, "mend WORKDIR or `working_dir`")


def _file_on_the_way(runtime: Runtime, spec: WorkloadSpec, folder: str) -> str:
    """The file that occupies the path of a working directory; empty if there is none.

    A container of the same image is created for this inspection and never started.
    """
    if folder in ("", "/"):
        return ""
    bare = WorkloadSpec(
        image=spec.image,
        name=f"{spec.name}-look",
        labels=spec.labels,
        command=("look",),
        working_dir="/",
        network_mode="none",
        cgroup_parent=spec.cgroup_parent,
    )
    made: Workload | None = None
    try:
        made = runtime.create(bare)
        parts = posixpath.normpath(folder).strip("/").split("/")
        for count in range(1, len(parts) + 1):
            path = "/" + "/".join(parts[:count])
            file = made.files.read(path, 0) if made.files else None
            if file is None:
                return ""
            if file.kind != "folder":
                return path
    except EngineError:
        return ""  # what cannot be seen says nothing
    finally:
        if made is not None:
            with contextlib.suppress(EngineError):  # it carries the run's label
                made.remove()
    return ""


def disk_error(runtime: Runtime, error: EngineRefusedError) -> EngineError | None:
    """An engine's refusal explained by a full disk; None if the disk is not full, or unknown."""
    full = full_disk(runtime.info)
    if not full:
        return None
    return EngineError(error.subject, f"{error.cause}; {full.words}", full.remedy)


@contextlib.contextmanager
def blamed(
    runtime: Runtime, facts: TrialFacts, workload: Workload, spec: WorkloadSpec | None
) -> Iterator[None]:
    """Attribute errors within the block, which creates a container from `spec` or starts it (None).

    Raises:
        FailedTrialError: refused because of the image's contents, or how the case runs it; the
            cause is added to `facts`.
        EngineError: refused for another reason.
    """
    try:
        yield
    except EngineRefusedError as error:
        found = (
            creation_cause(runtime, spec)
            if spec is not None
            else image_cause(workload, runtime.info.architecture, error)
        )
        if found is None and (full := disk_error(runtime, error)):
            raise full from error
        if found is None:
            raise
        facts.cause = found
        raise FailedTrialError(f"it could not be started: {found.words}") from error
