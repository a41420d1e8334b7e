"""What the reports say of GPUs, from runs on a host that has two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.report.plots.catalogue import make_plots
from bench.report.sections.gpu import gpu
from bench.results.run import Run, load_run
from tests.journals import Build, events, write_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GIB = 2**30
Columns = dict[str, list[int | None]]


def held(own: int, count: int) -> Columns:
    """Samples of a case that held `own` bytes on the first device in the middle of its life."""
    curve = [0, *[own] * (count - 2), 0]
    return {
        "gpu0_own_memory_bytes": list(curve),
        "gpu1_own_memory_bytes": [0] * count,
        "gpu_memory_bytes": list(curve),
        "gpu0_memory_used_bytes": [one + GIB for one in curve],
        "gpu1_memory_used_bytes": [9 * GIB] * count,
        "gpu0_utilization_pct": [50 if own else 0] * count,
        "gpu1_utilization_pct": [97] * count,
        "gpu_utilization_pct": [97] * count,
        "gpu0_energy_mj": [1000 * number for number in range(count)],
        "gpu1_energy_mj": [7_000_000] * count,
        "gpu_energy_mj": [7_000_000 + 1000 * number for number in range(count)],
    }


def with_gpus(
    folder: Path, columns: Callable[[str, int], Columns], gpus: Any = None, unknown: str = ""
) -> Run:
    """A run of two cases on a host with two GPUs, of which each trial had these samples."""
    case_of: dict[str, str] = {}
    made = events(Build(troubles={}, samples_each=20))
    for event in made:
        if event["event"] == "trial_started":
            case_of[event["trial_id"]] = event["key"]["case"]
        if event["event"] == "samples":
            case = case_of[event["trial_id"]]
            event["columns"] |= columns(case, len(event["columns"]["t_ns"]))
        if event["event"] == "trial_ended" and unknown:
            event["facts"].setdefault("counters", {})["gpu_memory_unknown_because"] = unknown
        if event["event"] == "run_started":
            event["host"] |= {
                "gpus": ["Accelerator A", "Accelerator B"],
                "gpus_memory_bytes": [80 * GIB, 80 * GIB],
                "gpu_driver": "580.1",
            }
            event["scenario"]["cases"]["good"]["gpus"] = gpus
    write_events(folder, made)
    return load_run(folder)


def of_bad_alone(case: str, count: int) -> Columns:
    return held(4 * GIB if case == "bad" else 0, count)


def test_each_device_has_a_row_with_the_share_of_the_case_and_what_all_had(tmp_path):
    found = gpu(with_gpus(tmp_path, of_bad_alone))
    assert found is not None
    assert [row[:2] for row in found.rows] == [("bad", "cold"), ("bad", "cold")]
    first, second = (row[3:] for row in found.rows)
    assert first == ("0: Accelerator A", "4.00 GiB", "5.00 GiB of 80.0 GiB", "50 %", "19.0 J")
    assert second == ("1: Accelerator B", "0 B", "9.00 GiB of 80.0 GiB", "97 %", "0.00 J")
    assert "driver 580.1" in found.beside


def test_what_others_did_on_a_device_is_not_taken_for_the_cases_own(tmp_path):
    found = gpu(with_gpus(tmp_path, of_bad_alone))
    assert found is not None
    (note,) = (one for one in found.notes if "busy" in one)
    assert note.startswith("bad, cold: GPU 1 was busy while the case held no memory on it")


def test_a_case_that_was_given_gpus_and_did_not_use_them_is_told_so(tmp_path):
    found = gpu(with_gpus(tmp_path, of_bad_alone, gpus="all"))
    assert found is not None
    assert {row[0] for row in found.rows} == {"bad", "good"}
    assert [one for one in found.notes if one.startswith("good, cold: it had GPUs")]


def test_without_a_gpu_nothing_is_said(run):
    assert gpu(run) is None


def test_what_the_driver_does_not_tell_is_a_dash(tmp_path):
    def without(case: str, count: int) -> Columns:
        columns = of_bad_alone(case, count)
        return {name: values for name, values in columns.items()
                if "utilization" not in name and "gpu0_energy" not in name}  # fmt: skip

    found = gpu(with_gpus(tmp_path, without))
    assert found is not None
    assert found.rows[0][6:] == ("–", "–")  # noqa: RUF001 - the dash of an empty cell


def test_why_the_memory_of_the_case_is_not_known_is_said_once(tmp_path):
    def untold(case: str, count: int) -> Columns:
        known = of_bad_alone(case, count)
        return {name: row for name, row in known.items() if "memory" not in name}

    found = gpu(with_gpus(tmp_path, untold, "all", "bench counts otherwise"))
    assert found is not None
    said = [one for one in found.notes if "bench counts otherwise" in one]
    assert said == ["good, cold: GPU memory of the case is unknown: bench counts otherwise."]
    assert {row[4] for row in found.rows} == {"–"}  # noqa: RUF001 - the dash of an empty cell


@pytest.mark.slow
@pytest.mark.parametrize(("own", "panels"), [(4 * GIB, True), (0, False)])
def test_the_picture_of_its_resources_shows_the_gpu_where_it_held_memory_on_one(
    tmp_path, own, panels
):
    run = with_gpus(tmp_path, lambda case, count: held(own if case == "bad" else 0, count))
    pictures = {one.name: one.svg for one in make_plots(run)}
    assert ("GPU memory" in pictures["resources-bad-cold-fit"]) is panels
    assert "GPU memory" not in pictures["resources-good-cold-fit"]


def test_its_heading_keeps_its_capitals(tmp_path):
    section = gpu(with_gpus(tmp_path, lambda _, count: held(2 * GIB, count)))
    assert section is not None
    assert (section.heading, section.anchor) == ("GPU", "gpu")
