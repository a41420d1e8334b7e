"""Secrets that a container prints do not stay in what is kept of it."""

from __future__ import annotations

import pytest

from bench.scenario.model import Case
from bench.trial.redactor import redactor
from tests.fakes import Script


def hidden(text: str, folder, **case: object) -> str:
    container = Case.model_validate({"image": "x", "ready": {"exit": True}} | case)
    return redactor(container, folder)(text)


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


@pytest.mark.parametrize(
    ("line", "text", "kept"),
    [
        ("KEY='two\nlines'", "key two\nlines", "key ***"),
        ("SALT=a1b2c3d4", "salted with a1b2c3d4", "salted with ***"),
        ("SALT=aBcDeFgHi", "salted with aBcDeFgHi", "salted with ***"),
        ("DSN=postgres://app@db/shop", "at postgres://app@db/shop", "at ***"),
        ("DB_PASSWORD=hunter", "login as hunter", "login as ***"),
        ("MODE=production", "starting in production on port 8080", None),
        ("MODE=Production", "starting in Production", None),
        ("LEVEL=DEBUGGING", "level DEBUGGING", None),
        ("PORT=8080", "on port 8080", None),
        ("SIZE=1000000000", "1000000000 bytes", None),
        ("HOST=127.0.0.1", "listening on 127.0.0.1:80", None),
        ("RATIO=0.12345678", "at 0.12345678", None),
        ("SHORT=a1b2c3d", "a1b2c3d", None),
    ],
)
def test_of_an_env_file_what_can_be_a_secret_is_hidden_and_common_words_are_not(
    tmp_path, line, text, kept
):
    (tmp_path / "settings.env").write_text(f"{line}\n")
    assert hidden(text, tmp_path, env_file=["settings.env"]) == (kept or text)


def test_a_secret_of_several_lines_is_hidden_line_by_line_too(tmp_path):
    (tmp_path / "settings.env").write_text("PEM='-----BEGIN-----\nMIIEpAIBAAKC\n-----END-----'\n")
    assert hidden("  MIIEpAIBAAKC", tmp_path, env_file=["settings.env"]) == "  ***"


def test_colours_in_the_middle_of_a_secret_do_not_hide_it(bench):
    bench.engine.script = Script(output=(b"using hun\x1b[1mter2\r\n",), life_s=0, exit_code=1)
    bench.run({"environment": {"DB_PASSWORD": "hunter2"}})
    assert bench.ended["log_tail"] == ["using ***"]


def test_half_of_a_secret_at_the_beginning_of_what_is_kept_is_cut_off(bench):
    rest = b"x" * 70_000
    bench.engine.script = Script(output=(b"hunt", b"er2-and-more\n" + rest), life_s=0, exit_code=1)
    bench.run({"environment": {"DB_PASSWORD": "hunter2-and-more"}})
    assert all(set(line) == {"x"} for line in bench.ended["log_tail"])


def test_headers_of_a_probe_that_are_called_like_secrets_are_hidden(tmp_path):
    headers = {"Authorization": "Bearer abcdef", "Accept": "text/plain"}
    probe = {"http": {"port": 80, "headers": headers}}
    case = Case.model_validate({"image": "x", "ready": probe})
    said = "GET / Authorization: Bearer abcdef, Accept: text/plain"
    assert redactor(case, tmp_path)(said) == "GET / Authorization: ***, Accept: text/plain"


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
