"""Whose fault it is that an engine refuses to make or to start a container.

The image's, where something of it, or of how the case runs it, keeps every engine from starting it:
there is no such program, it may not be run, the user or the working folder are not there. That is
read from the container's own file system, and not from the words of the engine, which quote names
that the image's author has chosen. Where the files do not tell, the one thing that counts of the
words is at which step the runtime was: they begin with it, before any name is quoted.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
from typing import TYPE_CHECKING

from bench.core.errors import EngineError, EngineRefusedError, NoProgramError
from bench.journal.facts.cause import Cause, CauseKind
from bench.runtimes.specs import ContainerSpec
from bench.trial.cause.disk import full_disk
from bench.trial.cause.image_inspection import NO_COMMAND, Look
from bench.trial.outcome import FailedTrialError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from bench.journal.facts.trial import TrialFacts
    from bench.runtimes.protocol import Engine

_STEPS = re.compile(
    r"(?:the engine refused: "
    r"|preparing container [0-9a-f]+ for attach: "
    r"|failed to create task for container: "
    r"|failed to create shim task: "
    r"|OCI runtime create failed: "
    r"|(?:crun|runc): "
    r"|error during container init: "
    r"|runc create failed: "
    r"|container_linux\.go:\d+: "
    r"|unable to start container process: "
    r"|starting container process caused: )*"
)
"""What stands before the step that failed: of Docker, containerd, Podman, runc and crun."""

_ENGINE = "the engine refused: "
"""Alone, it is the engine that could not run a program of its own, such as docker-init."""

_PROGRAM = ('exec: "', "exec /", "executable file `", "open executable: ")
"""How the step begins at which a runtime runs the program."""

_NOBODY = ("unable to find user ", "unable to find group ")
"""How the step begins at which a runtime, or Docker before it, looks for the user."""


def image_cause(engine: Engine, container_id: str, error: EngineRefusedError) -> Cause | None:
    """What of the image keeps a container from being started; None where it is not the image.

    Args:
        engine: that refuses.
        container_id: of the container, which was created.
        error: what the engine said.
    """
    if isinstance(error, NoProgramError):
        return Cause(CauseKind.NO_PROGRAM, error.cause, error.remedy)
    with contextlib.suppress(EngineError):  # what cannot be seen says nothing
        setup = engine.state(container_id).setup
        if setup is not None:
            found = Look(engine, container_id, setup, engine.facts.architecture).refused()
            if found is not None:
                return found
    before = _STEPS.match(error.cause)
    assert before is not None, "it may be empty"
    step, is_of_runtime = error.cause[before.end() :], before[0] not in ("", _ENGINE)
    if step.startswith(_NOBODY) or (is_of_runtime and step.startswith(_PROGRAM)):
        return Cause(
            CauseKind.REFUSED,
            f"the runtime cannot run it: {step}",
            "mend what these words name in the image, or in the case's `command` and `user`",
        )
    return None


def creation_cause(engine: Engine, spec: ContainerSpec) -> Cause | None:
    """What of the image keeps a container from being created; None where it is not the image.

    Args:
        engine: that refuses.
        spec: of the container.
    """
    try:
        config: Mapping[str, Any] = engine.image_details(spec.image).get("Config") or {}
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
    elif file := _file_on_the_way(engine, spec, folder):
        words = f"its working folder {folder} cannot be made: {file} is a file"
    if not words:
        return None
    return Cause(CauseKind.NO_FOLDER, words, "mend WORKDIR or `working_dir`")


def _file_on_the_way(engine: Engine, spec: ContainerSpec, folder: str) -> str:
    """What stands in the way of a working folder; empty where nothing does.

    A container of the same image is made for the look, which is never started.
    """
    if folder in ("", "/"):
        return ""
    bare = ContainerSpec(
        image=spec.image,
        name=f"{spec.name}-look",
        labels=spec.labels,
        command=("look",),
        working_dir="/",
        network_mode="none",
        cgroup_parent=spec.cgroup_parent,
    )
    made = ""
    try:
        made = engine.create(bare).container_id
        parts = posixpath.normpath(folder).strip("/").split("/")
        for count in range(1, len(parts) + 1):
            path = "/" + "/".join(parts[:count])
            file = engine.file(made, path, 0)
            if file is None:
                return ""
            if file.kind != "folder":
                return path
    except EngineError:
        return ""  # what cannot be seen says nothing
    finally:
        if made:
            with contextlib.suppress(EngineError):  # it carries the run's label
                engine.remove(made)
    return ""


def disk_error(engine: Engine, error: EngineRefusedError) -> EngineError | None:
    """A refusal of an engine whose disk is full; None where it is not, or nobody knows."""
    full = full_disk(engine.facts)
    if not full:
        return None
    return EngineError(error.subject, f"{error.cause}; {full.words}", full.remedy)


@contextlib.contextmanager
def blamed(
    engine: Engine, facts: TrialFacts, container_id: str, spec: ContainerSpec | None
) -> Iterator[None]:
    """While this lasts a container is made from `spec`, or started where that is None.

    Raises:
        FailedTrialError: that was refused for what its image holds, or how the case runs it; the
            cause goes into `facts`.
        EngineError: it was refused for something else.
    """
    try:
        yield
    except EngineRefusedError as error:
        found = (
            creation_cause(engine, spec)
            if spec is not None
            else image_cause(engine, container_id, error)
        )
        if found is None and (full := disk_error(engine, error)):
            raise full from error
        if found is None:
            raise
        facts.cause = found
        raise FailedTrialError(f"it could not be started: {found.words}") from error
