"""The end block on the terminal."""

from __future__ import annotations

import io
import re

import pytest

from bench.report.text.comparison import compare_runs, print_comparisons
from bench.report.text.console import end_block, print_results
from bench.results.run import load_run
from tests.journals import (
    GOOD,
    SHAPES,
    Build,
    Trouble,
    events,
    shifted,
    write_events,
    write_journal,
)
from tests.report.golden_files import GOLDEN, RUNS, without_folder


@pytest.mark.parametrize("name", RUNS)
def test_the_end_block_reads_as_kept(name, request):
    kept = GOLDEN / f"end-block-{name}.txt"
    made = without_folder(end_block(request.getfixturevalue(name)))
    assert made == kept.read_text(), "if it is meant: python -m tests.report.golden_files"


@pytest.mark.parametrize("name", RUNS)
def test_no_line_is_wider_than_100_columns_or_ends_in_spaces(name, request):
    for line in end_block(request.getfixturevalue(name)).splitlines():
        assert len(line) <= 100
        assert line == line.rstrip()


def test_without_a_terminal_there_are_no_escape_sequences_whatever_the_environment(
    run, monkeypatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    stream = io.StringIO()
    print_results(run, stream)
    assert "\x1b" not in stream.getvalue()
    assert max(len(line) for line in stream.getvalue().splitlines()) > 60


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_colours_unless_no_color_is_set(run, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = Terminal(), Terminal()
    print_results(run, coloured)
    monkeypatch.setenv("NO_COLOR", "1")
    print_results(run, plain)
    assert "\x1b[" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_a_stream_that_has_no_check_mark_gets_a_question_mark(run):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_results(run, stream)
    stream.flush()
    assert b"? FAIL" in raw.getvalue() or b"FAIL (expected)" in raw.getvalue()


def test_what_an_image_says_cannot_speak_to_the_terminal(tmp_path):
    nasty = Trouble("failed", "exited \x1b[2J\x1b]0;owned\x07 [bold]now[/bold]")
    build = Build(troubles={("bad", number, 0): nasty for number in range(6)})
    text = end_block(load_run(write_journal(tmp_path, build)))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]now[/bold]" in text


def test_many_cases_with_long_names_still_fit(tmp_path):
    names = [f"case-{number}-{'x' * 40}" for number in range(7)]
    build = Build(
        rounds=1,
        cases=tuple(names),
        troubles={},
        shapes=SHAPES | dict.fromkeys(names, GOOD),
    )
    text = end_block(load_run(write_journal(tmp_path, build)))
    assert max(len(line) for line in text.splitlines()) <= 100
    assert text.count("CHECKLIST") == 3


def test_two_runs_are_compared_case_by_case(run, troubled):
    stream = io.StringIO()
    pairs = [(case, case) for case in ("bad", "good")]
    print_comparisons(compare_runs(run, troubled, pairs), stream, everything=False)
    lines = stream.getvalue().splitlines()
    assert [line.split(":")[0] for line in lines if "AGAINST" in line] == [
        troubled.folder.name,
        troubled.folder.name,
    ]
    assert max(len(line) for line in lines) <= 100


def test_a_comparison_shows_what_it_could_have_found_and_how_noisy_the_host_is(run, troubled):
    stream = io.StringIO()
    print_comparisons(compare_runs(run, troubled, [("bad", "good")]), stream, everything=True)
    text = " ".join(stream.getvalue().split())
    (start,) = [one for one in run.comparisons if one.metric == "startup_s"]
    assert start.detectable is not None
    assert " p finds " in text
    assert re.search(r"start incl\. pull .* faster [\d.]+-[\d.]+x [\d.]+ \d+ % ", text)
    assert "this host's own noise is not known (`bench selftest` measures it)" in text


HOUR_NS = 3_600_000_000_000


def test_each_cache_state_has_its_own_rows(tmp_path):
    made = events(Build(samples_each=3, troubles={}, calibrate=False, replicas=()))
    plan = made[0]["plan"]
    warm = [shifted(one, HOUR_NS) for one in made if "trial_id" in one]
    for one in warm:
        one["trial_id"] = f"t{int(one['trial_id'][1:]) + len(plan):04d}"
        if one["event"] == "trial_started":
            one["key"] = one["key"] | {"cache": "warm"}
    made[0]["plan"] = plan + [key | {"cache": "warm"} for key in plan]
    write_events(tmp_path, [*made[:-1], *warm, made[-1]])
    run = load_run(tmp_path)
    stream = io.StringIO()
    print_comparisons(run.comparisons, stream, everything=True)
    rows = [line.strip() for line in stream.getvalue().splitlines()]
    assert rows.index("cold") < rows.index("warm")
    assert max(len(line) for line in stream.getvalue().splitlines()) <= 100
