"""What a report begins with where a case never got ready, or has no image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from bench.report.failing import _probe_fact, _remedy, failing
from bench.report.formats import report_text
from bench.report.text.console import end_block
from bench.results.run import load_run
from bench.scenario.model import Case
from tests.journals import Build, Trouble, events, write_events

if TYPE_CHECKING:
    from pathlib import Path

    from bench.results.run import Run

LINES = ("Traceback (most recent call last):", "ModuleNotFoundError: No module named 'flask'")
CRASH = Trouble("failed", "exited with code 1 before it was ready", LINES)
ELSEWHERE = Trouble(
    "failed",
    "not ready within 60 s (900 attempts; last http 8080/healthz: Connection refused); "
    "nothing listens on 8080; gunicorn listens on 127.0.0.1:5000 only",
)


def never_ready(folder: Path, trouble: Trouble, facts: dict[str, Any]) -> Run:
    """A run of `good` that was stopped after two failures of a kind."""
    made = events(Build(cases=("good",), rounds=6, troubles={}, need=False, cut=False, replicas=()))
    kept, failed = [], 0
    for event in made:
        is_good = event.get("key", {}).get("case") == "good"
        if event["event"] == "trial_started" and is_good and failed < 2:
            failed += 1
            kept.append(event)
            kept.append(
                {
                    "event": "trial_ended",
                    "trial_id": event["trial_id"],
                    "status": trouble.status,
                    "reason": trouble.reason,
                    "facts": facts,
                    "log_tail": list(trouble.log_tail),
                }
            )
        elif event["event"] in ("run_started", "image_ready", "run_ended"):
            kept.append(event)
    ids = [one["trial_id"] for one in kept if one["event"] == "trial_ended"]
    stopped = {"case": "good", "reason": trouble.reason, "trials": ids, "left_out": 4, "planned": 6}
    kept.insert(-1, {"event": "case_stopped"} | stopped)
    folder.mkdir(exist_ok=True)
    write_events(folder, kept)
    return load_run(folder)


@pytest.fixture
def crashed(tmp_path) -> Run:
    return never_ready(tmp_path / "crashed", CRASH, {"exit": {"code": 1, "at_ns": None}})


@pytest.fixture
def elsewhere(tmp_path) -> Run:
    heard = [{"port": 5000, "address": "127.0.0.1", "process": "gunicorn"}]
    return never_ready(tmp_path / "elsewhere", ELSEWHERE, {"listening": heard})


def test_a_case_that_never_got_ready_fails_and_nothing_else_of_it_is_judged(crashed):
    assert crashed.exit_code == 1
    by_id = {one.id: one for one in crashed.verdicts}
    assert by_id["CI-5"].verdict == "fail"
    assert by_id["CI-4"].verdict == "pass", "its image is there"
    for row in ("CI-3", "CI-7", "CI-8", "RS-3.1"):
        assert by_id[row].reason == "not judged: it never got ready"
        assert by_id[row].remedy == ""


def test_the_first_ten_lines_on_the_terminal_name_the_cause_and_the_remedy(crashed):
    first = "\n".join(end_block(crashed).splitlines()[:10])
    assert "good never got ready: 2 of 2 trials failed; 4 of 6 trials skipped" in first
    assert "exited with code 1 before it was ready" in first
    assert "    ModuleNotFoundError: No module named 'flask'" in first
    assert "fix the error above; the full output is in logs/good-t0" in first


def test_a_wrong_port_is_named_with_its_remedy(elsewhere):
    first = " ".join(" ".join(end_block(elsewhere).splitlines()[:11]).split())
    assert "nothing listens on 8080; gunicorn listens on 127.0.0.1:5000 only" in first
    assert "make it listen on 0.0.0.0:8080" in first


def test_a_server_that_listens_where_it_is_asked_is_not_told_to(tmp_path):
    heard = [{"port": 8080, "address": "0.0.0.0", "process": "node"}]
    reason = "not ready within 60 s (9 attempts; last http 8080/: status 503); node listens on 8080"
    run = never_ready(tmp_path / "busy", Trouble("failed", reason), {"listening": heard})
    block = " ".join(end_block(run).split())
    assert "make it listen" not in block
    assert "raise `ready.timeout`" in block


def test_a_wrong_socket_is_named_with_its_remedy(tmp_path):
    case = Case.model_validate({"image": "x", "ready": {"http": {"socket": "/tmp/app.sock"}}})
    reason = "not ready within 2 s (9 attempts); nothing listens at /tmp/app.sock"
    (one,) = never_ready(tmp_path / "socket", Trouble("failed", reason), {}).results[:1]
    assert _remedy(case, one) == (
        "make it listen on /tmp/app.sock, or set its own socket in `ready`"
    )


def test_what_the_probe_found_out_is_the_remedy(tmp_path):
    reason = "not ready within 60 s (9 attempts; last http 8080/: status 400 (it speaks TLS there))"
    facts = {"hint": "it speaks TLS there: write `scheme: https`"}
    (one,) = failing(never_ready(tmp_path / "secure", Trouble("failed", reason), facts))
    assert one.remedy == "it speaks TLS there: write `scheme: https`"


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ({"http": {"port": 80, "status": [200, 401]}}, "HTTP 200 or 401 from port 80, /"),
        ({"http": {"port": 443, "scheme": "https"}}, "HTTPS 2xx from port 443, /"),
        ({"http": {"port": 80, "http2": True, "body": "up"}},
         "HTTP/2 2xx and a body like up from port 80, /"),
        ({"http": {"socket": "/run/x"}}, "HTTP 2xx from socket /run/x, /"),
        ({"tcp": {"socket": "/run/x"}}, "a connection to socket /run/x"),
        ({"grpc": {"port": 80}}, "gRPC health from port 80"),
        ({"grpc": {"port": 80, "service": "a.B"}}, "gRPC health of a.B from port 80"),
        ({"log": {"pattern": "up", "times": 2}}, "2 lines of output like up"),
        ({}, "the port or health check of its image"),
    ],
)  # fmt: skip
def test_what_a_case_was_waited_for_by_is_said_in_words(probe, words):
    case = Case.model_validate({"image": "x", "ready": probe})
    assert _probe_fact(case) == (("waited for", f"{words}, for at most 60 s"),)


@pytest.mark.parametrize("form", ["html", "md", "junit", "github"])
def test_every_report_has_the_last_lines(crashed, form):
    text = report_text(crashed, form)
    assert "ModuleNotFoundError: No module named" in text
    assert "never got ready" in text


def test_the_page_begins_with_them(crashed):
    page = report_text(crashed, "html")
    assert page.index("ModuleNotFoundError") < page.index('class="cards"')


def test_ci_systems_get_them_with_the_failure_itself(crashed):
    root = ET.fromstring(report_text(crashed, "junit"))
    (text,) = [one.text for one in root.iter("failure") if LINES[0] in (one.text or "")]
    lines = (text or "").splitlines()
    assert [one.strip() for one in lines[1:3]] == list(LINES)
    first = report_text(crashed, "github").splitlines()[0]
    assert first.startswith("::error title=good never got ready")
    assert "%0A  ModuleNotFoundError" in first


def test_what_the_rows_say_is_not_repeated_as_a_reason(crashed):
    assert "not judged: it never got ready" not in report_text(crashed, "md").partition("## Why")[2]


def test_an_expected_failure_is_not_shouted(troubled):
    assert [one.status for one in troubled.results if one.status == "failed"]
    assert failing(troubled) == []


def without_image(folder: Path, error: str) -> Run:
    made = events(Build(cases=("bad", "good")))
    begun, end = made[0], made[-1]
    failed = {"event": "image_failed", "role": "case", "case": "bad", "status": "failed"}
    kept = [begun, failed | {"reason": error, "log_tail": []}, end | {"outcome": "stopped"}]
    folder.mkdir()
    write_events(folder, kept)
    return load_run(folder)


BUILD = (
    "web/Dockerfile: the build failed at Step 3/5 : RUN pip install flsk: code 1\n"
    "    Looking in indexes\n    ERROR: No matching distribution found for flsk\n"
    "  what to do: mend that step"
)


def test_a_failed_build_is_shown_as_it_was_and_once(tmp_path):
    run = without_image(tmp_path / "run", BUILD)
    assert run.exit_code == 3
    for text in (end_block(run), report_text(run, "md"), report_text(run, "html")):
        assert text.count("No matching distribution found for flsk") == 1
    first = "\n".join(end_block(run).splitlines()[:10])
    assert "bad has no image: web/Dockerfile: the build failed at Step 3/5" in first
    assert "    ERROR: No matching distribution found for flsk" in first
    assert "→ mend that step" in first
    assert "nothing was measured: bad has no image" in end_block(run)


def test_control_characters_of_a_log_do_not_reach_the_terminal(tmp_path):
    loud = replace(CRASH, log_tail=("\x1b[31mred\x07",))
    run = never_ready(tmp_path / "run", loud, {})
    for text in (end_block(run), report_text(run, "md"), report_text(run, "junit")):
        assert "\x1b" not in text
        assert "\x07" not in text


def lost(folder: Path, status: str, reason: str, share: float) -> Run:
    """A run of `good` of which no attempt counts, for another's fault."""
    made = events(Build(cases=("good",), rounds=3, troubles={}, need=False, cut=False, replicas=()))
    good = {one["trial_id"] for one in made if one.get("key", {}).get("case") == "good"}
    for event in made:
        if event["event"] == "trial_ended" and event["trial_id"] in good:
            event["status"], event["reason"] = status, reason
            event["facts"].setdefault("host", {})["other_share"] = share
    folder.mkdir(exist_ok=True)
    write_events(folder, made)
    return load_run(folder)


@pytest.mark.parametrize(
    ("status", "reason", "share", "remedy"),
    [
        ("invalid", "96% of the core time went to other programs of this host", 0.96,
         "--max-other-load any"),
        ("error", "registry: does not answer", 0.0, "bench run --resume"),
    ],
)  # fmt: skip
def test_what_could_not_be_measured_is_named_first_with_its_remedy(
    tmp_path, status, reason, share, remedy
):
    run = lost(tmp_path / "run", status, reason, share)
    first = " ".join(" ".join(end_block(run).splitlines()[:10]).split())
    assert "good could not be measured: 3 attempts" in first
    assert reason in first
    assert remedy in first


def test_an_interruption_is_named_first_with_what_finishes_it(tmp_path):
    made = events(Build(cases=("good",), rounds=3, troubles={}))
    ended = next(index for index, one in enumerate(made) if one["event"] == "trial_ended")
    made[ended]["status"], made[ended]["reason"] = "interrupted", "SIGINT"
    end = next(one for one in made if one["event"] == "run_ended")
    write_events(tmp_path, [*made[: ended + 1], end | {"outcome": "interrupted", "signal": 2}])
    first = " ".join(end_block(load_run(tmp_path)).split("\n")[:4])
    assert "interrupted (SIGINT) after 0 of" in first
    assert f"bench run --resume {tmp_path.name}" in first
