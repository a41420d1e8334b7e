"""Secrets that a container prints do not stay in what is kept of it."""

from __future__ import annotations

import pytest

from bench.scenario.model import Case
from bench.trial.secrets import hider
from tests.fakes import Script


def hidden(text: str, folder, **case: object) -> str:
    container = Case.model_validate({"image": "x", "ready": {"exit": True}} | case)
    return hider(container, folder)(text)


@pytest.mark.parametrize(
    ("environment", "text", "kept"),
    [
        ({"DB_PASSWORD": "hunter2"}, "login with hunter2 failed", "login with *** failed"),
        ({"MODE": "hunter2"}, "mode hunter2", "mode hunter2"),
        ({"DB_PASSWORD": "a.b*c"}, "a.b*c aXbbc", "*** aXbbc"),
        ({"TOKEN": "long", "API_KEY": "long-and-longer"}, "long-and-longer long", "*** ***"),
        ({"DB_URL": "db://me:pw12@host/x"}, "db://me:pw12@host/x", "db://***@host/x"),
        ({"DB_PASSWORD": "no"}, "no, not now", "no, not now"),
        ({"DB_PASSWORD": ""}, "nothing", "nothing"),
    ],
)
def test_values_of_variables_that_are_called_like_secrets_are_hidden(
    tmp_path, environment, text, kept
):
    assert hidden(text, tmp_path, environment=environment) == kept


def test_headers_of_a_probe_that_are_called_like_secrets_are_hidden(tmp_path):
    headers = {"Authorization": "Bearer abcdef", "Accept": "text/plain"}
    probe = {"http": {"port": 80, "headers": headers}}
    case = Case.model_validate({"image": "x", "ready": probe})
    said = "GET / Authorization: Bearer abcdef, Accept: text/plain"
    assert hider(case, tmp_path)(said) == "GET / Authorization: ***, Accept: text/plain"


def test_everything_from_an_env_file_is_hidden(tmp_path):
    (tmp_path / "settings.env").write_text("MODE=fast\nKEY='two\nlines'\n")
    text = "mode fast, key two\nlines"
    assert hidden(text, tmp_path, env_file=["settings.env"]) == "mode ***, key ***"


def test_neither_the_journal_nor_the_log_of_a_trial_has_them(bench, tmp_path):
    bench.engine.script = Script(output=(b"using hun", b"ter2\n"), life_s=0, exit_code=1)
    bench.run({"environment": {"DB_PASSWORD": "hunter2"}})
    assert bench.ended["log_tail"] == ["using ***"]
    assert (tmp_path / "web-t0007.log").read_text() == "using ***\n"
    assert "hunter2" not in (tmp_path / "events.jsonl").read_text()


def test_a_pattern_still_sees_what_was_really_printed(bench):
    bench.engine.script = Script(output=(b"token 12345 taken\n",))
    case = {"environment": {"TOKEN": "12345"}, "ready": {"log": "12345"}}
    assert bench.run(case) == "ok"
    assert bench.ended["log_tail"] == ["token *** taken"]
