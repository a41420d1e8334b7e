"""Whether a container was killed for memory: three witnesses, of which none sees everything.

The kernel counts every kill, but its counter goes with the container's cgroup. The engine keeps
a flag for any process of the container, set late where process 1 lives on. The exit code 137 says
that process 1 was killed, by whomever.
"""

from __future__ import annotations

from dataclasses import dataclass

KILLED_CODE = 137
"""128 + SIGKILL."""


@dataclass(frozen=True)
class MemoryKill:
    """What each of the three says once a container has ended.

    Attributes:
        kernel_kills: processes that the kernel counted; None where its counter was not seen.
        engine_flag: the engine's OOMKilled.
        exit_code: of process 1.
    """

    kernel_kills: int | None
    engine_flag: bool
    exit_code: int

    @property
    def happened(self) -> bool:
        """Whether any process of it was killed for memory."""
        return bool(self.kernel_kills) or self.engine_flag

    def ending(self, when: str) -> str:
        """How it ended, in words; `when` such as `before it was ready`."""
        if not self.happened:
            return f"exited with code {self.exit_code} {when}"
        if self.exit_code == KILLED_CODE:
            return f"killed for memory {when} (exit code {KILLED_CODE}; {self._witnesses()})"
        return (
            f"exited with code {self.exit_code} {when}, after a process of it had been killed for "
            f"memory ({self._witnesses()})"
        )

    def _witnesses(self) -> str:
        count = self.kernel_kills
        kernel = "the kernel's count was not seen"
        if count is not None:
            kernel = f"the kernel counted {count} {'kill' if count == 1 else 'kills'}"
        flag = "set" if self.engine_flag else "not set"
        return f"{kernel}, the engine's flag is {flag}"
