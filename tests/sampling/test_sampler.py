"""The sampler: batches of columns, however late a source comes and whatever fails."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bench.sampling.sampler import Columns, Sampler
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

MS = 1_000_000


class Counter:
    """A source that counts its readings, under a name of its own."""

    def __init__(self, name: str, *, after: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.readings = 0
        self._after = after

    def read(self) -> int | None:
        self.readings += 1
        self._after()
        return self.readings

    def parse(self, raw: int) -> dict[str, int]:
        return {self.name: raw}


class Now:
    """A source of whatever is put into it."""

    raw: Any = None

    def read(self) -> Any:
        return self.raw

    def parse(self, raw: dict[str, int]) -> dict[str, int]:
        return raw


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def batches() -> list[Columns]:
    return []


@pytest.fixture
def sampler(clock, batches) -> Sampler:
    return Sampler(clock, 0.02, batches.append)


def test_readings_become_columns_with_their_stamps(sampler, clock, batches):
    sampler.add(Counter("n"))
    start = clock.now_ns
    for _ in range(3):
        sampler.sample()
        clock.advance(0.02)
    sampler.flush()
    assert batches == [
        {"t_ns": [start, start + 20 * MS, start + 40 * MS], "n": [1, 2, 3]},
    ]


def test_a_source_that_comes_late_has_nothing_to_say_of_before(sampler, batches):
    sampler.add(Counter("early"))
    sampler.sample()
    sampler.add(Counter("late"))
    sampler.sample()
    sampler.flush()
    assert batches[0]["early"] == [1, 2]
    assert batches[0]["late"] == [None, 1]


def test_a_column_that_vanishes_is_empty_and_not_zero(sampler, batches):
    source = Now()
    sampler.add(source)
    for raw in ({"a": 1, "b": 2}, {"a": 3}, None):
        source.raw = raw
        sampler.sample()
    sampler.flush()
    (columns,) = batches
    assert columns["a"] == [1, 3, None]
    assert columns["b"] == [2, None, None]
    assert {len(column) for column in columns.values()} == {3}


def test_nothing_pending_is_no_batch(sampler, batches):
    sampler.flush()
    assert batches == []


def test_each_reading_is_handed_on_once(sampler, batches):
    sampler.add(Counter("n"))
    sampler.sample()
    sampler.flush()
    sampler.sample()
    sampler.flush()
    sampler.flush()
    assert [batch["n"] for batch in batches] == [[1], [2]]


def test_stopping_takes_a_last_sample_and_hands_everything_on(sampler, batches):
    sampler.add(Counter("n"))
    sampler.sample()
    sampler.stop()
    assert [batch["n"] for batch in batches] == [[1, 2]]


# in a thread of its own, on a clock that goes on with every look at it


def run_until(
    enough: Callable[[list[Columns]], bool], interval_s: float, tick_ns: int
) -> list[Columns]:
    batches: list[Columns] = []
    reached = threading.Event()

    def note(batch: Columns) -> None:
        batches.append(batch)
        if enough(batches):
            reached.set()

    sampler = Sampler(FakeClock(tick_ns=tick_ns), interval_s, note)
    sampler.add(Counter("n"))
    sampler.start()
    assert reached.wait(10)
    sampler.stop()
    assert sampler.failure is None
    return batches


def test_batches_are_handed_on_once_a_second():
    batches = run_until(lambda so_far: len(so_far) >= 4, interval_s=1e-6, tick_ns=1 * MS)
    ends = [batch["t_ns"][-1] for batch in batches[:4]]
    lengths = [(after or 0) - (before or 0) for before, after in pairwise(ends)]
    assert all(1000 * MS <= length <= 1010 * MS for length in lengths)


def test_no_reading_is_lost_between_batches():
    batches = run_until(lambda so_far: len(so_far) >= 3, interval_s=1e-6, tick_ns=50 * MS)
    numbers = [number for batch in batches for number in batch["n"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_late_samples_are_not_made_up_for():
    """Every look at the clock takes longer than the interval: each sample is late."""
    batches = run_until(lambda so_far: len(so_far) >= 2, interval_s=0.001, tick_ns=100 * MS)
    stamps = [stamp for batch in batches for stamp in batch["t_ns"] if stamp is not None]
    gaps = {later - earlier for earlier, later in pairwise(stamps)}
    assert min(gaps) >= 200 * MS  # as long as a round takes, never a burst


def started(sampler: Sampler) -> Sampler:
    sampler.start()
    sampler._thread.join(10)
    return sampler


def test_a_source_that_fails_ends_the_sampling_and_is_remembered(sampler, batches):
    def fail() -> None:
        if source.readings == 3:
            raise ZeroDivisionError("the third")

    source = Counter("n", after=fail)
    sampler._interval_s = 0.0
    sampler.add(source)
    started(sampler)
    assert isinstance(sampler.failure, ZeroDivisionError)
    sampler.stop()
    assert str(sampler.failure) == "the third"
    assert source.readings == 3, "a source that failed is not asked again"
    assert [batch["n"] for batch in batches] == [[1, 2]], "what was read before is kept"


def test_a_source_that_fails_at_the_very_end_is_remembered_too(sampler, batches):
    source = Counter("n", after=lambda: [][source.readings - 2])
    sampler.add(Counter("other"))
    sampler.sample()
    sampler.add(source)
    sampler.stop()
    assert isinstance(sampler.failure, IndexError)
    assert [batch["other"] for batch in batches] == [[1]]


def test_whoever_cannot_take_a_batch_ends_the_sampling(clock):
    def full(_: Columns) -> None:
        raise OSError(28, "No space left on device")

    sampler = Sampler(clock, 0.0, full)
    sampler.add(Counter("n", after=lambda: clock.advance(0.6)))
    started(sampler)
    assert isinstance(sampler.failure, OSError)
    sampler.stop()
    assert isinstance(sampler.failure, OSError)


def test_batches_come_in_the_order_of_their_samples_whoever_flushes(clock):
    """The trial flushes too, to ask for kills; its batch must not overtake the sampler's."""
    order: list[int | None] = []
    second_done, first_taken = threading.Event(), threading.Event()

    def slow(columns: Columns) -> None:
        number = columns["n"][0]
        if number == 1:
            first_taken.set()
            second_done.wait(0.1)
        order.append(number)
        if number == 2:
            second_done.set()

    sampler = Sampler(clock, 0.02, slow)
    sampler.add(Counter("n"))
    sampler.sample()
    first = threading.Thread(target=sampler.flush)
    first.start()
    first_taken.wait(10)
    sampler.sample()
    sampler.flush()
    first.join()
    assert order == [1, 2]
