"""Text that speaks, through every entrance of a run, reaches no output of it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import socketserver
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from bench.cli.progress import make_progress
from bench.core.errors import BuildError, EngineRefusedError, PullError
from bench.journal.facts.form import written
from bench.journal.lines import Lines
from bench.journal.writer import FILE_NAME, Journal
from bench.report.formats import FORMATS, report_text
from bench.report.text.console import end_block
from bench.results.export import run_document, trials_csv
from bench.results.run import load_run
from bench.runtimes.workload import Change
from tests.fakes import Script
from tests.hostile import hostile_texts, speaking, texts_in
from tests.trial.runs import FakeMaker, Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.results.run import Run

SCENARIO = """
version: 1
name: quick
description: {description}
defaults:
  repeat: 1
  cache: image
  ready: {{log: "^up$", interval: 1ms, timeout: 200ms}}
  observe: 0s
  environment: {{SAID: {description}}}
  excerpts: {{all: {{begin: ".", end: never}}}}
cases:
  good: {{image: good}}
  {more}
"""


@dataclasses.dataclass
class Made:
    """Runs over fakes, and what is made of a hostile text in them."""

    runs: Runs
    description: str = "words"
    more: str = ""


def _output(made: Made, text: str) -> None:
    raw = text.encode(errors="surrogatepass")
    made.runs.measuring.script = Script(output=(b"\xff\xfe" + raw + b"\nup\n",), exit_code=3)


def _last_words(made: Made, text: str) -> None:
    raw = text.encode(errors="surrogatepass")
    made.runs.measuring.script = Script(output=(raw + b"\xff\n",), life_s=0, exit_code=3)


def _engine_refuses(made: Made, text: str) -> None:
    made.runs.measuring.trouble("start", EngineRefusedError(text, f'exec: "{text}"', status=400))


def _engine_fails(made: Made, text: str) -> None:
    error = EngineRefusedError(text, f"the engine refused: {text}", text, status=500)
    made.runs.measuring.trouble("create", error)


def _warnings(made: Made, text: str) -> None:
    made.runs.measuring.script = Script(output=(b"up\n",), warnings=(text,))


def _writes(made: Made, text: str) -> None:
    script = Script(output=(b"up\n",), changes=(Change(f"/{text}", "added"),))
    made.runs.measuring.script = script
    made.more = "group: {image: good, cache: image, ready: {log: up}}"


def _build(made: Made, text: str) -> None:
    FakeMaker.errors["good"] = BuildError(text, f"the build failed: {text}\n    {text}", text)


def _pull(made: Made, text: str) -> None:
    FakeMaker.errors["good"] = PullError(text, f"the pull failed: {text}", text)


def _scenario(made: Made, text: str) -> None:
    taken = "".join(one for one in text.replace("$", "") if _is_text(one))
    made.description = json.dumps(taken)


def _is_text(char: str) -> bool:
    """Whether a scenario may have it as an escape of JSON; it may have `\\x1b`."""
    return "\x00" < char < "\ud800" or "\udfff" < char < "\ufffe"


def _engine_facts(made: Made, text: str) -> None:
    engine = made.runs.measuring
    engine._info = dataclasses.replace(engine.info, version=text, storage_driver=text)


ENTRANCES: dict[str, Callable[[Made, str], None]] = {
    "output": _output,
    "last words": _last_words,
    "a refused start": _engine_refuses,
    "a failed engine": _engine_fails,
    "warnings": _warnings,
    "paths that it wrote": _writes,
    "a build": _build,
    "a pull": _pull,
    "the scenario": _scenario,
    "the engine's facts": _engine_facts,
}


def check_outputs(run: Run, *, plots: bool = False) -> None:
    """Refuse text that speaks, in whatever is made of a run."""
    found = {"console": end_block(run), "trials.csv": trials_csv(run)}
    for name, form in FORMATS.items():
        if form.text is not None and (plots or not form.draws):
            found[name] = report_text(run, name)
    found |= {path.name: path.read_text() for path in (run.folder / "logs").glob("*")}
    found[FILE_NAME] = (run.folder / FILE_NAME).read_text()
    found |= {f"in run.json {n}": one for n, one in enumerate(texts_in(run_document(run)))}
    found |= {f"header {n}": one for n, one in enumerate(texts_in(written(run.header)))}
    assert not {name: where for name, text in found.items() if (where := speaking(text))}


def events_but_scenario(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a journal; the scenario in it is what a resumed run goes on with."""
    for event in Lines(folder / FILE_NAME).events():
        yield {name: one for name, one in event.items() if name != "scenario"}


@pytest.mark.parametrize("entrance", ENTRANCES)
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=hostile_texts)
def test_no_entrance_leads_to_an_output(entrance, text, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "reports"
    shutil.rmtree(folder, ignore_errors=True)
    with monkeypatch.context() as patch:
        made = Made(Runs(folder))
        made.runs.patch(patch)
        made.runs.watcher = make_progress("plain")  # type: ignore[assignment]  # any `Progress`
        ENTRANCES[entrance](made, text)
        scenario = SCENARIO.format(description=made.description, more=made.more)
        result = made.runs.start(scenario, keep_going=True)
        for engine in (made.runs.measuring, made.runs.building, made.runs.host):
            engine.end_all()
    told = capsys.readouterr()
    assert not speaking(told.out + told.err)
    for event in events_but_scenario(result.folder):
        assert not [one for one in texts_in(event) if speaking(one)], event["event"]
    check_outputs(load_run(result.folder))


class _Answers(socketserver.StreamRequestHandler):
    """Says what is no HTTP/1 to whoever connects."""

    said = b""

    def handle(self) -> None:
        self.request.recv(4096)
        self.wfile.write(self.said)


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x7f\xff",  # HTTP/2
        b"HTTP/1.1 \x1b[2J\x1b]0;t\x07 x\r\n\r\n",
        b"\x9b31m\xe2\x80\xae220 ready\r\n",
    ],
)
def test_what_answers_in_another_protocol_leaves_none_of_its_bytes_in_the_reason(bench, said):
    handler = type("Handler", (_Answers,), {"said": said})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        bench.run({"ready": {"http": {"port": port}, "timeout": "300ms"}})
        server.shutdown()
    assert "not ready within 0.3 s" in bench.ended["reason"]
    assert not [one for one in texts_in(bench.ended) if speaking(one)]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(text=hostile_texts)
def test_no_error_speaks_to_the_terminal(text):
    error = EngineRefusedError(text, text, text, status=500)
    assert not speaking(str(error) + error.cause + error.subject + error.remedy)


@pytest.mark.parametrize("mode", ["plain", "tty", "json"])
def test_no_progress_does(mode, capsys):
    told = make_progress(mode)
    text = "\x00a\x9b2Jb\u202ec\x07"
    told.say(text)
    told.trial_ended("failed", text, None)
    shown = capsys.readouterr()
    plain = (shown.out + shown.err).replace("\r\x1b[2K", "")  # a terminal's line is begun anew
    assert not speaking(plain)


def test_a_strangers_journal_does_not_speak_either(tmp_path, monkeypatch):
    runs = Runs(tmp_path / "reports")
    runs.patch(monkeypatch)
    runs.measuring.script = Script(output=(b"said\nup\n",), warnings=("warned",))
    made = runs.start(SCENARIO.format(description="words", more=""), keep_going=True).folder
    runs.measuring.end_all()
    strange = tmp_path / "strange"
    strange.mkdir()
    with contextlib.closing(Journal(strange / FILE_NAME)) as journal:
        monkeypatch.setattr("bench.journal.writer.clean_tree", lambda tree: tree)
        for event in Lines(made / FILE_NAME).events():
            kind = event.pop("event")
            journal.append(kind, **_spoilt(event))
    run = load_run(strange)
    assert "\x1b" in (strange / FILE_NAME).read_text().encode().decode("unicode_escape")
    assert run.results
    assert not [one for one in texts_in(run_document(run)) if speaking(one)]
    shutil.copytree(made / "logs", strange / "logs")
    check_outputs(run)


_FREE = (
    "reason",
    "log_tail",
    "warnings",
    "instruction",
    "description",
    "text",
    "kernel",
    "version",
)


def _spoilt(value: Any, name: str = "") -> Any:
    """A tree whose free texts speak."""
    if isinstance(value, dict):
        return {key: _spoilt(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_spoilt(one, name) for one in value]
    return f"{value}\x1b[2J\u202e\x00" if isinstance(value, str) and name in _FREE else value
