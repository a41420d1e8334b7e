"""SIGINT and SIGTERM: raised once, and not in the middle of what must be done."""

from __future__ import annotations

import signal
import sys
import weakref

import pytest

from bench.core.interrupts import Interrupted, interruptible, postponed


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_an_exception_with_its_exit_code(number, code):
    with pytest.raises(Interrupted) as caught, interruptible():
        signal.raise_signal(number)
    assert caught.value.exit_code == code
    assert str(caught.value) == number.name


def test_it_is_not_caught_by_what_catches_errors():
    assert not issubclass(Interrupted, Exception)


def test_further_signals_do_not_cut_the_clean_up_short():
    cleaned = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            cleaned.append(True)

    with pytest.raises(Interrupted) as caught, interruptible():
        work()
    assert caught.value.exit_code == 130
    assert cleaned == [True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_whose_exception_is_dropped_by_a_callback_comes_again(number):
    class Item:
        pass

    def be_signalled() -> None:
        item = Item()
        kept = weakref.ref(item, lambda _: signal.raise_signal(number))
        del item  # Python ignores what its callback raises
        assert kept() is None
        signal.sigtimedwait([], 10)  # until a signal comes

    with pytest.raises(Interrupted) as caught, interruptible():
        be_signalled()
    assert caught.value.exit_code == 128 + number


def test_other_exceptions_that_are_dropped_are_reported_as_ever(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: seen.append(it.exc_value))

    class Item:
        def __del__(self):
            raise KeyError("x")

    with interruptible():
        item = Item()
        del item
    assert [type(one) for one in seen] == [KeyError]
    assert sys.unraisablehook.__name__ == "<lambda>"


def test_what_handled_the_signals_before_handles_them_again():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted), interruptible():
        signal.raise_signal(signal.SIGTERM)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_postponed_signal_is_raised_at_the_end_of_the_block():
    done = []

    def work() -> None:
        signal.raise_signal(signal.SIGTERM)
        done.append(True)

    with pytest.raises(Interrupted) as caught, interruptible(), postponed():
        work()
    assert caught.value.exit_code == 143
    assert done == [True]


def test_blocks_within_blocks_are_waited_for_too():
    done = []

    def work() -> None:
        with postponed():
            signal.raise_signal(signal.SIGINT)
        done.append(True)

    with pytest.raises(Interrupted), interruptible(), postponed():
        work()
    assert done == [True]


def test_a_signal_is_postponed_even_where_the_block_ends_in_an_error():
    def work() -> None:
        signal.raise_signal(signal.SIGINT)
        raise ValueError

    with pytest.raises(Interrupted) as caught, interruptible(), postponed():
        work()
    assert isinstance(caught.value.__context__, ValueError)


def test_without_a_signal_nothing_is_raised_and_nothing_is_remembered():
    with interruptible(), postponed():
        pass
    with pytest.raises(Interrupted), interruptible():
        signal.raise_signal(signal.SIGINT)
    with interruptible(), postponed():
        pass
