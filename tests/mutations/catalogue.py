"""What may be wrong with a journal: each mutation with the places at which it can be made."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.journals import shifted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.mutations.kept import Made

GIB = 2**30
S = 1_000_000_000


@dataclass(frozen=True)
class Trial:
    """A trial of a run as its events tell it."""

    trial_id: str
    case: str
    service: str
    key: dict[str, Any]
    status: str
    facts: dict[str, Any]

    @property
    def is_plain(self) -> bool:
        """Whether the case's own rows are judged on it: no calibration, replica or cut network."""
        return (
            self.case != "calibration"
            and not self.key["replicas"]
            and self.key["network"] == "open"
            and not self.key["warmup"]
        )


def trials(made: Made) -> list[Trial]:
    """All of a run that have ended."""
    ended = {one["trial_id"]: one for one in made.events if one["event"] == "trial_ended"}
    return [
        Trial(
            one["trial_id"],
            one["key"]["case"],
            one.get("service", ""),
            one["key"],
            ended[one["trial_id"]]["status"],
            ended[one["trial_id"]]["facts"],
        )
        for one in made.events
        if one["event"] == "trial_started" and one["trial_id"] in ended
    ]


@dataclass(frozen=True)
class Mutation:
    """One way in which a journal may be wrong.

    Attributes:
        name: in the names of tests.
        change: makes it at one place.
        places: where it can be made.
        spoils: rows of the place's case that must not pass any more, where it is one of a judged
            trial.
        is_said: whether figures that change must be mentioned; not where a value is put in that
            could have been measured.
    """

    name: str
    change: Callable[[Made, Any], None]
    places: Callable[[Made], Iterator[Any]]
    spoils: tuple[str, ...] = ()
    is_said: bool = True


def everywhere(made: Made) -> Iterator[str]:
    """Every trial."""
    return (one.trial_id for one in trials(made))


def where(test: Callable[[Trial], bool]) -> Callable[[Made], Iterator[str]]:
    """The trials of which `test` is true."""
    return lambda made: (one.trial_id for one in trials(made) if test(one))


ok = where(lambda one: one.status == "ok")
need = where(lambda one: one.status == "ok" and one.is_plain and one.key["arm"] == "need")
need_parts = where(
    lambda one: (
        one.status == "ok"
        and one.is_plain
        and one.key["arm"] == "need"
        and "stack" not in one.facts
    )
)
cold = where(
    lambda one: (
        one.status == "ok"
        and one.is_plain
        and one.key["cache"] == "cold"
        and one.key["arm"] == "fit"
        and not one.service
    )
)


def with_events(kind: str) -> Callable[[Made], Iterator[int]]:
    """The places of the events of a kind."""
    return lambda made: (i for i, one in enumerate(made.events) if one["event"] == kind)


def in_need_parts(kind: str) -> Callable[[Made], Iterator[str]]:
    """Containers of the need arm that have such events."""
    return lambda made: (one for one in need_parts(made) if made.find(kind, one))


# lines that go, come twice or move


def drop(made: Made, index: int) -> None:
    del made.events[index]


def double(made: Made, index: int) -> None:
    made.events.insert(index + 1, made.events[index])


def swap(made: Made, index: int) -> None:
    events = made.events
    if index + 1 < len(events):
        events[index], events[index + 1] = events[index + 1], events[index]


def drop_trial(made: Made, trial_id: str) -> None:
    made.events[:] = [one for one in made.events if one.get("trial_id") != trial_id]


def drop_samples(made: Made, trial_id: str) -> None:
    """All samples, and the total that they ended with."""
    made.events[:] = [
        one
        for one in made.events
        if one["event"] not in ("samples", "threads") or one["trial_id"] != trial_id
    ]
    made.facts(trial_id).get("counters", {}).pop("cpu_ns", None)


def drop_last_samples(made: Made, trial_id: str) -> None:
    batches = made.find("samples", trial_id)
    if batches:
        del made.events[batches[-1]]


def cut(made: Made, index: int) -> None:
    """The journal just ends there, as that of a killed run."""
    del made.events[index:]


def end_early(made: Made, trial_id: str) -> None:
    """The end before everything else of a trial."""
    (end,) = made.find("trial_ended", trial_id)
    (start,) = made.find("trial_started", trial_id)
    made.events.insert(start + 1, made.events.pop(end))


def quicker_end(made: Made, trial_id: str) -> None:
    """A second end that says that it was ready 5 s sooner."""
    (end,) = made.find("trial_ended", trial_id)
    event = copy.deepcopy(made.events[end])
    if "ready" in event["facts"]:
        event["facts"]["ready"]["at_ns"] -= 5 * S
    made.insert(end + 1, event, like=made.events[end])


def exchange_trials(made: Made, trial_id: str) -> None:
    """All of a trial behind the next."""
    own = [one for one in made.events if one.get("trial_id") == trial_id]
    rest = [one for one in made.events if one.get("trial_id") != trial_id]
    ends = [i for i, one in enumerate(rest) if one["event"] == "trial_ended"]
    at = made.events.index(own[0])
    after = next((i for i in ends if i >= at), len(rest) - 2)
    made.events[:] = rest[: after + 1] + own + rest[after + 1 :]


# fields that are gone


def without_fact(*path: str) -> Callable[[Made, str], None]:
    def change(made: Made, trial_id: str) -> None:
        place = made.facts(trial_id)
        for key in path[:-1]:
            place = place.get(key) or {}
        place.pop(path[-1], None)

    return change


def without_column(*names: str) -> Callable[[Made, str], None]:
    def change(made: Made, trial_id: str) -> None:
        for index in made.find("samples", trial_id):
            for name in names:
                made.edit(index)["columns"].pop(name, None)

    return change


def without_size(made: Made, index: int) -> None:
    """An image of which the size is not known."""
    made.edit(index)["size_bytes"] = None


def not_observed(made: Made, trial_id: str) -> None:
    made.facts(trial_id)["egress"]["observed"] = False


# trials that are killed, and results that are turned round


def with_status(status: str) -> Callable[[Made, str], None]:
    def change(made: Made, trial_id: str) -> None:
        (index,) = made.find("trial_ended", trial_id)
        event = made.edit(index)
        event["status"] = status
        event["reason"] = "" if status == "ok" else event["reason"] or "as a faulty bench has it"

    return change


def oom_kill(made: Made, trial_id: str) -> None:
    """The kernel counted a kill in the last samples."""
    index = made.find("samples", trial_id)[-1]
    columns = made.edit(index)["columns"]
    columns["oom_kills"] = [*([0] * (len(columns["t_ns"]) - 1)), 1]


def killed_main(made: Made, trial_id: str) -> None:
    facts = made.facts(trial_id)
    facts["exit"] = (facts.get("exit") or {"at_ns": None, "resolution_ns": None}) | {"code": 137}
    facts["memory_kill"] = {"kernel_kills": 0, "engine_flag": True, "exit_code": 137}
    if "stop" in facts:
        facts["stop"]["killed"] = False


# moments that cannot be


def fact_moved(seconds: float, *path: str) -> Callable[[Made, str], None]:
    def change(made: Made, trial_id: str) -> None:
        place = made.facts(trial_id)
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] += round(seconds * S)

    return change


def has_fact(*path: str) -> Callable[[Made], Iterator[str]]:
    def test(one: Trial) -> bool:
        place: Any = one.facts
        for key in path:
            place = (place or {}).get(key)
        return place is not None

    return where(test)


def ready_in_the_pull(made: Made, trial_id: str) -> None:
    pull = made.events[made.find("phase", trial_id, phase="pull")[0]]
    at_ns = (pull["start_ns"] + pull["end_ns"]) // 2
    made.edit(made.find("phase", trial_id, phase="ready")[0]).update(start_ns=at_ns, end_ns=at_ns)
    made.facts(trial_id)["ready"]["at_ns"] = at_ns


def phase_moved(name: str, stamp: str, seconds: float) -> Callable[[Made, str], None]:
    def change(made: Made, trial_id: str) -> None:
        for index in made.find("phase", trial_id, phase=name):
            made.edit(index)[stamp] += round(seconds * S)

    return change


def sampled_elsewhere(made: Made, trial_id: str) -> None:
    index = made.find("samples", trial_id)[0]
    stamps = made.edit(index)["columns"]["t_ns"]
    stamps[0] -= 3600 * S


def falling_cpu(made: Made, trial_id: str) -> None:
    index = made.find("samples", trial_id)[-1]
    values = made.edit(index)["columns"]["cpu_ns"]
    known = [i for i, value in enumerate(values) if value is not None]
    values[known[-1]] = 0


def low_mark(made: Made, trial_id: str) -> None:
    made.facts(trial_id)["counters"]["memory_peak_bytes"] = 4096


def stop_turned(made: Made, trial_id: str) -> None:
    stop = made.facts(trial_id)["stop"]
    stop["killed"] = not stop["killed"]


# what one of several exceeds


def large_mark(made: Made, trial_id: str) -> None:
    made.facts(trial_id)["counters"]["memory_peak_bytes"] = 9 * GIB


def large_hold(made: Made, trial_id: str) -> None:
    """9 GiB that cannot be reclaimed, in the last sample too."""
    large_mark(made, trial_id)
    batches = made.find("samples", trial_id)
    at = next(i for i in reversed(batches) if "memory_anon_bytes" in made.events[i]["columns"])
    columns = made.edit(at)["columns"]
    for name in ("memory_usage_bytes", "memory_anon_bytes"):
        known = [i for i, value in enumerate(columns[name]) if value is not None]
        if known:
            columns[name][known[-1]] = 9 * GIB


def large_demand(made: Made, trial_id: str) -> None:
    """A hundred more cores waited for, all the time."""
    batches = made.find("samples", trial_id)
    begin_ns = made.events[batches[0]]["columns"]["t_ns"][0]
    for index in batches:
        columns = made.edit(index)["columns"]
        if "cpu_wait_ns" in columns:
            columns["cpu_wait_ns"] = [
                None if value is None else value + 100 * (at_ns - begin_ns)
                for at_ns, value in zip(columns["t_ns"], columns["cpu_wait_ns"], strict=True)
            ]


def has_demand(made: Made) -> Iterator[str]:
    """Containers of the need arm in which a second of waiting was seen."""
    for trial_id in need_parts(made):
        if any("cpu_wait_ns" in made.events[i]["columns"] for i in made.find("samples", trial_id)):
            yield trial_id


def late_ready(made: Made, trial_id: str) -> None:
    """40 s later: so is everything that comes after."""
    (at,) = made.find("phase", trial_id, phase="ready")
    for index in range(at, len(made.events)):
        old = made.events[index]
        new = shifted(old, 40 * S)
        made.origin[id(new)] = made.origin[id(old)]
        if index == at:
            new["start_ns"] = old["start_ns"]
        if old["event"] == "trial_ended" and old["trial_id"] == trial_id:
            for name in ("zero_ns", "start_sent_ns", "first_output_ns", "port_open"):
                if name in old["facts"]:
                    new["facts"][name] = old["facts"][name]
        made.events[index] = new


def many_writes(made: Made, trial_id: str) -> None:
    made.facts(trial_id)["writes"] = {
        "count": 5,
        "folders": [{"path": "/usr/lib/x", "paths": 5}],
        "paths": [{"path": "/usr/lib/x/a", "kind": "added"}],
    }


# at odds with the scenario and the image


def with_fact(value: Any, *path: str) -> Callable[[Made, str], None]:
    def change(made: Made, trial_id: str) -> None:
        place = made.facts(trial_id)
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value

    return change


def written_and_not_counted(made: Made, trial_id: str) -> None:
    many_writes(made, trial_id)
    made.facts(trial_id)["writes"]["count"] = 0


def without_restart(made: Made, trial_id: str) -> None:
    for index in made.find("phase", trial_id, phase="restart"):
        del made.events[index]


def hardly_observed(made: Made, trial_id: str) -> None:
    (index,) = made.find("phase", trial_id, phase="observe")
    phase = made.edit(index)
    phase["end_ns"] = phase["start_ns"] + 1000


def a_layer_fewer(made: Made, trial_id: str) -> None:
    (index,) = made.find("layers", trial_id)
    gone = made.edit(index)["layers"].pop()
    made.facts(trial_id)["downloaded_bytes"] -= gone["transfer_bytes"]


def less_served(made: Made, trial_id: str) -> None:
    for blob in made.facts(trial_id)["served"]["blobs"].values():
        blob["size_bytes"] //= 10


def limited(made: Made, trial_id: str) -> None:
    limits = made.facts(trial_id)["limits"]["requested"]
    limits |= {"memory_bytes": 64 * 2**20, "cpus": 0.5}


def two_samples(made: Made, trial_id: str) -> None:
    """All but the first and the last, which lie seconds apart."""
    first, *between, last = made.find("samples", trial_id)
    for index, place in ((first, 0), (last, -1)):
        columns = made.edit(index)["columns"]
        for name, values in columns.items():
            columns[name] = [values[place]]
    for index in reversed(between):
        del made.events[index]
    made.edit(made.find("samples", trial_id)[-1])["columns"]["t_ns"][0] += 3 * S


# the header


def plan_shorter(made: Made, index: int) -> None:
    made.edit(index)["plan"].pop()


def plan_other(made: Made, index: int) -> None:
    made.edit(index)["plan"][0]["arm"] = "need"


def of_version_1(made: Made, index: int) -> None:
    made.edit(index)["schema_version"] = 1


def of_version_3(made: Made, index: int) -> None:
    made.edit(index)["schema_version"] = 3


single_ok = where(lambda one: one.status == "ok" and not one.service and "stack" not in one.facts)
judged_egress = where(
    lambda one: one.is_plain and one.key["arm"] == "fit" and bool(one.facts.get("egress"))
)
replica_ok = where(lambda one: one.status == "ok" and bool(one.key["replicas"]))
cut_ok = where(lambda one: one.status == "ok" and one.key["network"] == "cut")
cut_refused = where(
    lambda one: (
        one.key["network"] == "cut" and (one.facts.get("egress") or {}).get("way_out") == "refused"
    )
)
restarted = where(lambda one: one.status == "ok" and one.key["replica"] == 1)
rounds_ok = where(
    lambda one: (
        one.status == "ok"
        and one.is_plain
        and one.key["arm"] == "fit"
        and not one.service
        and "stack" not in one.facts
    )
)


def observed(made: Made) -> Iterator[str]:
    """Trials of the rounds that were watched for a while."""
    for one in rounds_ok(made):
        for index in made.find("phase", one, phase="observe"):
            phase = made.events[index]
            if phase["end_ns"] - phase["start_ns"] > S // 2:
                yield one


def of_several_layers(made: Made) -> Iterator[str]:
    """Cold trials of which the layers and what was served are on record."""
    for one in cold(made):
        found = made.find("layers", one)
        if found and len(made.events[found[0]]["layers"]) > 1:
            yield one


def bounded(made: Made) -> Iterator[str]:
    """Trials of the rounds of a scenario that does not bear any load of others."""
    return iter(()) if "max_other_load" in made.events[0]["scenario"] else rounds_ok(made)


def long_sampled(made: Made) -> Iterator[str]:
    """Containers without limits whose samples came in several lines, with what they waited."""
    return (one for one in has_demand(made) if len(made.find("samples", one)) > 2)


def capped(made: Made) -> Iterator[str]:
    """Trials of the rounds that had a limit of memory."""
    limits = ((one, (made.facts(one).get("limits") or {})) for one in rounds_ok(made))
    return (one for one, of in limits if of.get("requested", {}).get("memory_bytes"))


CATALOGUE = (
    Mutation("drop_start", drop, with_events("trial_started")),
    Mutation("drop_end", drop, with_events("trial_ended")),
    Mutation("drop_phase", drop, with_events("phase")),
    Mutation("drop_layers", drop, with_events("layers")),
    Mutation("drop_image", drop, with_events("image_ready")),
    Mutation("drop_trial", drop_trial, ok),
    Mutation("drop_header", drop, with_events("run_started")),
    Mutation("drop_run_end", drop, with_events("run_ended")),
    Mutation("drop_samples", drop_samples, in_need_parts("samples"), ("CI-7", "CI-8")),
    Mutation("drop_last_samples", drop_last_samples, in_need_parts("samples")),
    Mutation("double_start", double, with_events("trial_started")),
    Mutation("double_end", double, with_events("trial_ended")),
    Mutation("double_phase", double, with_events("phase")),
    Mutation("double_samples", double, with_events("samples")),
    Mutation("double_run_end", double, with_events("run_ended")),
    Mutation("quicker_end", quicker_end, ok),
    Mutation("swap_phase", swap, with_events("phase")),
    Mutation("swap_samples", swap, with_events("samples"), is_said=False),
    Mutation("swap_start", swap, with_events("trial_started")),
    Mutation("end_early", end_early, everywhere),
    Mutation("exchange_trials", exchange_trials, single_ok),
    Mutation("cut", cut, with_events("phase")),
    Mutation("no_ready", without_fact("ready"), ok),
    Mutation("no_zero", without_fact("zero_ns"), ok),
    Mutation("no_exit", without_fact("exit"), has_fact("stop")),
    Mutation("no_peak", without_fact("counters", "memory_peak_bytes"), need_parts, ("CI-7",)),
    Mutation("no_demand", without_column("cpu_wait_ns"), has_demand, ("CI-8",)),
    Mutation("no_cpu", without_column("cpu_ns", "cpu_wait_ns"), in_need_parts("samples"),
             ("CI-8",)),
    Mutation("no_egress", not_observed,
             judged_egress, ("CI-3",)),
    Mutation("no_writes", without_fact("writes"), replica_ok, ("RS-3.1",)),
    Mutation("no_processes", without_fact("processes"), replica_ok, ("RS-3.1",)),
    Mutation("no_size", without_size, with_events("image_ready")),
    Mutation("ok_to_failed", with_status("failed"), cold, ("CI-5", "READY")),
    Mutation("ok_to_failed_need", with_status("failed"), need, ("CI-7", "CI-8")),
    Mutation("ok_to_error", with_status("error"), ok),
    Mutation("ok_to_interrupted", with_status("interrupted"), ok),
    Mutation("failed_to_ok", with_status("ok"), where(lambda one: one.status == "failed")),
    Mutation("failed_to_invalid", with_status("invalid"),
             where(lambda one: one.status == "failed")),
    Mutation("oom_kill", oom_kill, in_need_parts("samples"), ("CI-7",), is_said=False),
    Mutation("killed_main", killed_main, single_ok),
    Mutation("ready_sooner", fact_moved(-0.2, "ready", "at_ns"), has_fact("ready")),
    Mutation("ready_in_the_pull", ready_in_the_pull, cold),
    Mutation("pull_longer", phase_moved("pull", "end_ns", 60), cold),
    Mutation("pull_shorter", phase_moved("pull", "start_ns", 3), cold),
    Mutation("zero_later", fact_moved(0.3, "zero_ns"), ok),
    Mutation("zero_sooner", fact_moved(-30, "zero_ns"), single_ok),
    Mutation("start_moved", fact_moved(-0.5, "start_sent_ns"), has_fact("start_sent_ns")),
    Mutation("exit_before_start", fact_moved(-3600, "exit", "at_ns"), has_fact("exit", "at_ns")),
    Mutation("port_before_start", fact_moved(-3600, "port_open", "at_ns"), has_fact("port_open")),
    Mutation("sampled_elsewhere", sampled_elsewhere, in_need_parts("samples")),
    Mutation("falling_cpu", falling_cpu, in_need_parts("samples"), ("CI-8",)),
    Mutation("low_mark", low_mark, in_need_parts("samples"), ("CI-7",)),
    Mutation("stop_turned", stop_turned, has_fact("stop")),
    Mutation("large_mark", large_mark, need_parts, is_said=False),
    Mutation("large_mark_of_one", large_mark, where(lambda one: bool(one.service)), ("CI-7",),
             is_said=False),
    Mutation("large_hold", large_hold, in_need_parts("samples"), ("CI-7",), is_said=False),
    Mutation("large_demand", large_demand, has_demand, ("CI-8",), is_said=False),
    Mutation("late_ready", late_ready, cold, ("CI-5",), is_said=False),
    Mutation("many_writes", many_writes, replica_ok, ("RS-3.1",), is_said=False),
    Mutation("way_open", with_fact("open", "egress", "way_out"), cut_ok, ("CI-3",)),
    Mutation("way_silent", with_fact("silent", "egress", "way_out"), cut_refused, ("CI-3",)),
    Mutation("no_process", with_fact([], "processes"), replica_ok, ("RS-3.1",)),
    Mutation("written_and_not_counted", written_and_not_counted, replica_ok, ("RS-3.1",)),
    Mutation("no_restart", without_restart, restarted, ("RS-3.1",)),
    Mutation("hardly_observed", hardly_observed, observed, ("READY",)),
    Mutation("a_layer_fewer", a_layer_fewer, of_several_layers, ("CI-5",)),
    Mutation("less_served", less_served, of_several_layers, ("CI-5",)),
    Mutation("not_applied", with_fact({}, "limits", "applied"), capped, ("READY",)),
    Mutation("limited", limited, need_parts, ("CI-7", "CI-8")),
    Mutation("other_load", with_fact(0.95, "host", "other_share"), bounded, ("READY",)),
    Mutation("two_samples", two_samples, long_sampled, ("CI-8",), is_said=False),
    Mutation("plan_shorter", plan_shorter, with_events("run_started")),
    Mutation("plan_other", plan_other, with_events("run_started")),
    Mutation("version_1", of_version_1, with_events("run_started")),
    Mutation("version_3", of_version_3, with_events("run_started")),
)  # fmt: skip
