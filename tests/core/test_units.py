import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.core.units import (
    format_beside,
    format_bytes,
    format_exact,
    format_seconds,
    format_value,
    parse_compose_bytes,
    parse_duration_s,
    parse_exact_bytes,
    parse_rate_bit_s,
    shown_value,
)

PARSERS: list[Callable[[str], float]] = [
    parse_duration_s,
    parse_compose_bytes,
    parse_exact_bytes,
    parse_rate_bit_s,
]
NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals(0, 10**6, places=3, allow_nan=False).map(lambda one: f"{one:f}"),
)
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
COMPOSE = {"b": 1, "k": 2**10, "KB": 2**10, "m": 2**20, "Mb": 2**20, "g": 2**30, "GB": 2**30}
EXACT = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "GiB": 2**30}


@given(NUMBERS, st.sampled_from(list(SECONDS)))
def test_a_duration_is_its_number_times_its_unit(number, unit):
    assert parse_duration_s(number + unit) == pytest.approx(float(number) * SECONDS[unit])


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_of_several_parts_is_their_sum(hours, minutes, seconds, millis):
    text = f"{hours}h{minutes}m{seconds}s{millis}ms"
    assert parse_duration_s(text) == pytest.approx(
        hours * 3600 + minutes * 60 + seconds + millis / 1000
    )


@given(NUMBERS, st.sampled_from(list(COMPOSE)))
def test_compose_s_suffixes_are_binary(number, unit):
    assert parse_compose_bytes(number + unit) == round(float(number) * COMPOSE[unit])


@given(NUMBERS, st.sampled_from(list(EXACT)), st.sampled_from(["", " "]))
def test_exact_suffixes_mean_what_they_say(number, unit, gap):
    assert parse_exact_bytes(number + gap + unit) == round(float(number) * EXACT[unit])


def test_gb_differs_between_the_two_grammars_and_gib_does_not():
    assert parse_compose_bytes("8GB") == parse_compose_bytes("8g") == 8 * 2**30
    assert parse_exact_bytes("8GB") == 8 * 10**9
    assert parse_exact_bytes("8GiB") == parse_compose_bytes("8GiB") == 8 * 2**30


@pytest.mark.parametrize("text", ["8g", "8m", "8k", "8b", "8gb"])
def test_the_exact_grammar_refuses_what_tools_read_differently(text):
    with pytest.raises(ValueError, match="not an exact size"):
        parse_exact_bytes(text)


@given(NUMBERS, NUMBERS, st.sampled_from(list(SECONDS)))
def test_more_is_longer(one, other, unit):
    shorter, longer = sorted([one, other], key=float)
    assert parse_duration_s(shorter + unit) <= parse_duration_s(longer + unit)


@given(NUMBERS, NUMBERS, st.sampled_from(list(EXACT)))
def test_more_is_larger(one, other, unit):
    smaller, larger = sorted([one, other], key=float)
    assert parse_exact_bytes(smaller + unit) <= parse_exact_bytes(larger + unit)


@given(NUMBERS)
def test_no_parser_takes_a_bare_number_and_each_shows_it_with_a_unit(number):
    for parser in PARSERS[:3]:
        with pytest.raises(ValueError, match="has no unit") as refused:
            parser(number)
        assert f"write {number}" in str(refused.value)
    with pytest.raises(ValueError, match="link rate"):
        parse_rate_bit_s(number)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "text", ["", " ", "s", "g", "--3s", "3 parsecs", "3s4", "٣s", "1e3s", "+3s"]
)
def test_no_parser_takes_anything_else(parser, text):
    with pytest.raises(ValueError, match=r"is not a|is negative"):
        parser(text)


@pytest.mark.parametrize(
    ("parser", "text"),
    [(parse_duration_s, "-3s"), (parse_compose_bytes, "-8g"), (parse_exact_bytes, "-8GB")],
)
def test_negatives_are_called_negative(parser, text):
    with pytest.raises(ValueError, match="is negative"):
        parser(text)


def test_what_no_machine_can_count_is_refused():
    with pytest.raises(ValueError, match="larger than any size"):
        parse_exact_bytes("9" * 30 + "GB")
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration_s("9" * 400 + "h")


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    for parser in PARSERS:
        try:
            value = parser(text)
        except ValueError:
            continue
        assert value >= 0
        assert math.isfinite(value)


def test_rates_are_decimal_as_tc_reads_them():
    assert parse_rate_bit_s("200mbit") == 200_000_000
    assert parse_rate_bit_s("1.5 Gbit") == 1_500_000_000
    with pytest.raises(ValueError, match="200mbit or 1gbit"):
        parse_rate_bit_s("0kbit")


@given(st.integers(0, 2**45))
def test_a_printed_size_is_read_back_within_its_three_digits(size):
    assert parse_exact_bytes(format_bytes(size)) == pytest.approx(size, rel=0.006)


@given(st.floats(1e-6, 1e6))
def test_a_printed_duration_is_read_back_within_its_three_digits(seconds):
    text = format_seconds(seconds).replace(" ", "").replace("min", "m")
    assert parse_duration_s(text) == pytest.approx(seconds, rel=0.006)


@given(st.floats(1e-6, 1e6))
def test_the_sign_is_kept(value):
    assert format_seconds(-value) == f"-{format_seconds(value)}"
    assume(value >= 1)
    assert format_bytes(-value) == f"-{format_bytes(value)}"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "s", "0.00 s"),
        (30, "s", "30.0 s"),
        (0.0512, "s", "51.2 ms"),
        (0.0000042, "s", "4.20 µs"),
        (119, "s", "119 s"),
        (180, "s", "3.00 min"),
        (0, "bytes", "0 B"),
        (1023, "bytes", "1023 B"),
        (2**30, "bytes", "1.00 GiB"),
        (50.4, "pct", "50 %"),
        (3, "", "3"),
        (2.5, "", "2.50"),
        (3.7, "cores", "3.70 cores"),
    ],
)
def test_values_are_shown_for_people(value, unit, text):
    assert format_value(value, unit) == text


@pytest.mark.parametrize(
    ("bit_s", "text"),
    [
        (2e8, "200mbit"),
        (1e9, "1gbit"),
        (19_500_199.9, "19.5mbit"),
        (5e5, "500kbit"),
        (2.5e9, "2.5gbit"),
    ],
)
def test_a_rate_reads_as_it_is_written(bit_s, text):
    from bench.core.units import format_rate

    assert format_rate(bit_s) == text
    assert parse_rate_bit_s(text) == pytest.approx(bit_s, rel=0.01)


@given(st.integers(1, 100_000))
def test_milliseconds_are_exact_in_either_unit(count):
    assert parse_duration_s(f"{count}ms") == count / 1000
    assert parse_duration_s(f"{count}ms", per_s=1000) == count


UNITS = st.sampled_from(["s", "ms", "bytes", "pct", "cores", "", "count"])
VALUES = st.one_of(st.floats(1e-6, 1e12, allow_nan=False), st.integers(1, 10**12).map(float))


@given(VALUES, UNITS)
def test_an_exact_text_stands_for_no_other_number(value, unit):
    assume(unit != "bytes" or value >= 1)
    value = float(round(value)) if unit == "bytes" else value
    assert shown_value(format_exact(value, unit), unit) == pytest.approx(value, rel=1e-10)


@given(VALUES, st.floats(0.999, 1.001), UNITS)
def test_a_value_is_never_shown_on_the_other_side_of_its_limit(limit, share, unit):
    value = limit * share
    if unit == "bytes":
        limit, value = max(1.0, float(round(limit))), max(1.0, float(round(value)))
    assume(value == limit or abs(value / limit - 1) > 1e-9)
    shown = shown_value(format_beside(value, limit, unit), unit)
    edge = shown_value(format_exact(limit, unit), unit)
    assert shown is not None
    assert edge is not None
    same = math.isclose(shown, edge, rel_tol=1e-11)
    assert same == (value == limit)
    assert same or (shown > edge) == (value > limit)


def test_what_is_shown_without_need_for_more_is_short():
    assert format_exact(30.0, "s") == "30.0 s"
    assert format_exact(17.78, "s") == "17.78 s"
    assert format_beside(17.7861454, 17.78, "s") == "17.8 s"
    assert format_beside(17.7749, 17.78, "s") == "17.77 s"
    assert format_beside(0.9998, 1.0, "s") == "999.8 ms"
    assert format_beside(3.635, 3.6, "pct") == "4 %"
    assert format_beside(3.635, 4.0, "pct") == "3.6 %"
    assert format_value(0.00104, "count") == "0.001 count"
