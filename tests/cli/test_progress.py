"""How a run is shown while it goes on."""

from __future__ import annotations

import io
import json
import re

import pytest

from bench.cli.progress import MODES, make_progress
from bench.core.domain import TrialKey
from bench.trial.progress import Silent

COLD = TrialKey("bad", 0, "cold")
NEED = TrialKey("good", 2, "image", arm="need")
WARMUP = TrialKey("good", 0, "cold", warmup=True)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(mode: str, stream: io.StringIO | None = None) -> str:
    """What a watcher of a short run sees."""
    stream = stream or io.StringIO()
    progress = make_progress(mode, stream)
    progress.say("building bad")
    progress.trial_begins(1, 3, COLD)
    progress.phase_ended("pull", 1.25)
    progress.phase_ended("ready", 0.5)
    progress.trial_ended("ok", "", 2.1)
    progress.trial_begins(2, 3, NEED)
    progress.trial_ended("failed", "exited with code 1\nTraceback", None)
    progress.trial_begins(3, 3, WARMUP)
    progress.trial_ended("ok", "", None)
    return stream.getvalue()


def test_json_is_an_object_a_line_with_all_that_is_known():
    lines = [json.loads(line) for line in shown("json").splitlines()]
    assert [line["event"] for line in lines] == [
        "note",
        "trial_begins",
        "phase_ended",
        "phase_ended",
        "trial_ended",
        "trial_begins",
        "trial_ended",
        "trial_begins",
        "trial_ended",
    ]
    assert lines[0] == {"event": "note", "text": "building bad"}
    trial = {"trial": 1, "of": 3, "case": "bad", "cache": "cold", "arm": "fit"}
    trial |= {"network": "open", "replicas": 0}
    assert lines[2] == {"event": "phase_ended", **trial, "phase": "pull", "seconds": 1.25}
    assert lines[4] == {
        "event": "trial_ended",
        **trial,
        "status": "ok",
        "reason": "",
        "startup_s": 2.1,
    }
    assert lines[6]["reason"] == "exited with code 1\nTraceback"
    assert lines[6]["arm"] == "need"


def test_plain_is_a_line_a_phase_and_a_line_a_trial_with_the_time_since_the_beginning():
    lines = shown("plain").splitlines()
    assert all(re.match(r" {1,6}\d+\.\ds  \S", line) for line in lines)
    assert [line[10:] for line in lines] == [
        "building bad",
        "[1/3] bad cold  pull     1.25 s",
        "[1/3] bad cold  ready after start 500 ms",
        "[1/3] bad cold  ok     start incl. pull 2.10 s",
        "[2/3] good image need  failed: exited with code 1",
        "[3/3] good cold warm-up  ok",
    ]


def test_plain_has_nothing_that_only_a_terminal_understands():
    assert "\x1b" not in shown("plain")
    assert "\r" not in shown("plain")


def test_quiet_says_nothing():
    assert isinstance(make_progress("quiet", io.StringIO()), Silent)
    assert shown("quiet") == ""


def test_a_terminal_shows_one_line_a_trial_and_leaves_its_outcome_standing():
    text = shown("tty")
    standing = [line.split("\x1b[2K")[-1] for line in text.split("\n")]
    assert standing == [
        "building bad",
        "[1/3] bad cold  ok     start incl. pull 2.10 s",
        "[2/3] good image need  failed: exited with code 1",
        "[3/3] good cold warm-up  ok",
        "",
    ]
    assert "[1/3] bad cold  pull 1.25 s · ready after start 500 ms" in text


def test_what_is_longer_than_the_terminal_is_said_in_several_lines(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream = io.StringIO()
    make_progress("tty", stream).say("waiting for a quiet host: sh (pid 4711)")
    lines = stream.getvalue().replace("\r\x1b[2K", "").splitlines()
    assert lines == ["waiting for a quiet", "host: sh (pid 4711)"]


def test_a_line_is_never_wider_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    for piece in re.split(r"\r\x1b\[2K|\n", shown("tty")):
        assert len(piece) < 20


@pytest.mark.parametrize(("stream", "like"), [(Terminal, "tty"), (io.StringIO, "plain")])
def test_auto_looks_whether_it_is_a_terminal(stream, like):
    assert type(make_progress("auto", stream())) is type(make_progress(like, stream()))


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "quiet"])
def test_each_line_is_there_at_once(mode):
    class Counting(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1
            super().flush()

    stream = Counting()
    progress = make_progress(mode, stream)
    progress.say("building")
    assert stream.flushed == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_failure_without_a_reason_is_shown_too(mode):
    stream = io.StringIO()
    progress = make_progress(mode, stream)
    progress.trial_begins(1, 1, COLD)
    progress.trial_ended("interrupted", "", None)
    assert ("interrupted" in stream.getvalue()) is (mode != "quiet")


def test_what_is_special_about_a_trial_is_part_of_its_name():
    stream = io.StringIO()
    progress = make_progress("plain", stream)
    for key in (
        TrialKey("web", 6, "image", network="cut"),
        TrialKey("web", 8, "image", replicas=3),
    ):
        progress.trial_begins(1, 1, key)
        progress.trial_ended("ok", "", None)
    first, second = stream.getvalue().splitlines()
    assert "web image cut  ok" in first
    assert "web image 3 at once  ok" in second
