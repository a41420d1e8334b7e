"""Several steps at the same moment, and what becomes of them when something goes wrong."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from bench.core.errors import StoreError
from bench.core.interrupts import Interrupted, interruptible
from bench.trial.parallel import at_once


def never() -> None:
    pytest.fail("nothing was to be cancelled")


def test_all_are_released_when_all_are_there_and_waited_for_to_the_last():
    together = threading.Barrier(3, timeout=10)
    order: list[str] = []

    def step() -> None:
        together.wait()  # would break if they came one after the other
        order.append("step")

    at_once([step] * 3, opened=lambda: order.append("opened"), cancel=never)
    assert order == ["opened", "step", "step", "step"]


def test_what_one_raises_is_raised_after_the_others_have_ended():
    others = threading.Event()

    def fails() -> None:
        raise StoreError("disk", "full")

    def goes_on() -> None:
        threading.Event().wait(0.05)
        others.set()

    with pytest.raises(StoreError):
        at_once([fails, goes_on], opened=lambda: None, cancel=never)
    assert others.is_set()


def test_a_fault_of_bench_in_a_thread_is_not_swallowed():
    def broken() -> None:
        raise TypeError("a fault")

    with pytest.raises(TypeError):
        at_once([broken], opened=lambda: None, cancel=never)


def test_an_interruption_ends_the_threads_before_it_is_raised():
    cancelled = threading.Event()
    under_way = threading.Barrier(3, timeout=10)
    ended: list[bool] = []

    def step() -> None:
        under_way.wait()
        ended.append(cancelled.wait(10))

    def interrupt() -> None:
        under_way.wait()
        os.kill(os.getpid(), signal.SIGINT)

    def steps() -> None:
        interrupter.start()
        at_once([step, step], opened=lambda: None, cancel=cancelled.set)

    interrupter = threading.Thread(target=interrupt)
    with pytest.raises(Interrupted), interruptible():
        steps()
    interrupter.join()
    assert ended == [True, True]
    assert not [one for one in threading.enumerate() if one.name.startswith("replica-")]


def test_an_interruption_before_they_are_released_lets_none_of_them_begin():
    begun: list[bool] = []

    def fail_to_open() -> None:
        raise RuntimeError("the barrier breaks")

    with pytest.raises(RuntimeError):
        at_once([lambda: begun.append(True)] * 2, opened=fail_to_open, cancel=lambda: None)
    assert begun == []
