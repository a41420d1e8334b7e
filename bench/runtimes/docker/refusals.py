"""Recognition of the errors with which an engine refuses to create or start a container.

They quote names that the image's author has chosen, so only their beginning can be trusted: the
step at which the OCI runtime failed.
"""

from __future__ import annotations

import re

_STEPS = re.compile(
    r"(?:preparing container [0-9a-f]+ for attach: "
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
"""Prefixes before the step that failed: those of Docker, containerd, Podman, runc and crun."""

_PROGRAM = ('exec: "', "exec /", "executable file `", "open executable: ")
"""How the step begins at which a runtime runs the program."""

_NOBODY = ("unable to find user ", "unable to find group ")
"""How the step begins at which a runtime, or Docker before it, looks for the user."""


def workload_fault(explanation: str) -> str:
    """The fault in the workload, in the runtime's own words; empty if the workload is not at fault.

    Without a runtime's prefix, the engine itself failed to run one of its own programs, such as
    docker-init.

    Args:
        explanation: the engine's message.
    """
    before = _STEPS.match(explanation)
    assert before is not None, "it may be empty"
    step = explanation[before.end() :]
    is_of_runtime = bool(before[0])
    is_fault = step.startswith(_NOBODY) or (is_of_runtime and step.startswith(_PROGRAM))
    return step if is_fault else ""
