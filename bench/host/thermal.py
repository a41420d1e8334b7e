"""Thermal throttling of the cores: how often and for how long, as the kernel counts it.

The counters are those of x86 on bare metal; a virtual machine and other processors have none.
https://docs.kernel.org/admin-guide/abi-testing.html (thermal_throttle)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.journal.facts.host import Heat

_CORES = "sys/devices/system/cpu"
_COUNTS = ("core_throttle_count", "package_throttle_count")
_TIMES_MS = ("core_throttle_total_time_ms", "package_throttle_total_time_ms")


@dataclass(frozen=True)
class ThermalCounters:
    """Counts of each sensor since boot, by the path of its file.

    Attributes:
        events: how often it said that its core or package is too hot.
        times_ms: for how long; empty with kernels before 5.6, which do not keep it.
    """

    events: dict[str, int]
    times_ms: dict[str, int]

    @property
    def are_there(self) -> bool:
        """Whether this host counts at all."""
        return bool(self.events)

    def since(self, earlier: ThermalCounters) -> Heat:
        """Of the sensor that counted most.

        The cores of a package count the same event each, so that they are not added up.
        """
        return Heat(
            events=float(_most(earlier.events, self.events)) if self.events else None,
            slowed_s=_most(earlier.times_ms, self.times_ms) / 1e3 if self.times_ms else None,
        )


def read_thermal(root: Path = Path("/")) -> ThermalCounters:
    """The counters now; none where the host has none."""
    folders = sorted((root / _CORES).glob("cpu[0-9]*/thermal_throttle"))
    return ThermalCounters(_values(folders, _COUNTS), _values(folders, _TIMES_MS))


def governors(root: Path = Path("/")) -> list[str]:
    """The CPU frequency governors in use, each once; empty where the host does not say."""
    files = (root / _CORES).glob("cpu[0-9]*/cpufreq/scaling_governor")
    return sorted({file.read_text().strip() for file in files})


def _values(folders: list[Path], names: tuple[str, ...]) -> dict[str, int]:
    files = [folder / name for folder in folders for name in names]
    return {str(file): int(file.read_text()) for file in files if file.exists()}


def _most(earlier: dict[str, int], later: dict[str, int]) -> int:
    return max(value - earlier.get(file, value) for file, value in later.items())
