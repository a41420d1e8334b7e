"""What the files of a container say of what it was to run."""

from __future__ import annotations

import pytest

from tests.trial.cause.container import look_at, setup


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (setup("/nope"), "no_program", "there is no /nope in the image"),
        (setup("nope"), "no_program", "no program nope in the image's PATH (/sbin:/bin)"),
        (setup("/no space left/device"), "no_program", "there is no /no space left/device"),
        (setup("run", working_dir="/app"), "no_program", "no program run in"),
        (setup("./nope", working_dir="/app"), "no_program", "there is no /app/nope"),
        (setup("sh", search_path="/nowhere"), "no_program", "PATH (/nowhere)"),
        (setup("/app"), "not_executable", "/app is a folder"),
        (setup("/app/plain.sh"), "not_executable", "nobody may execute /app/plain.sh (mode 0644)"),
        (setup("/app/private", user="app"), "not_executable", "user app may not execute"),
        (setup("/app/private", user="1000"), "not_executable", "user 1000 may not execute"),
        (setup("/closed/run", user="app"), "not_executable", "may not enter /closed (mode 0700)"),
        (setup("/app/crlf"), "crlf", "/app/crlf end in CRLF"),
        (setup("/app/server.py"), "no_interpreter", "there is no /usr/bin/python3"),
        (setup("/app/env.py"), "no_interpreter", "there is no python3"),
        (setup("/app/dynamic"), "no_interpreter", "/lib64/ld.so"),
        (setup("/app/arm64"), "wrong_machine", "for arm64, and the engine's machine is amd64"),
        (setup("/app/text"), "wrong_format", "exec format error"),
        (setup("sh", user="mount"), "no_user", "no user mount in /etc/passwd"),
        (setup("sh", user="app:device"), "no_user", "no group device in /etc/group"),
        (setup("sh", groups=("cgroup",)), "no_user", "no group cgroup"),
        (setup("sh", user="4294967296"), "no_user", "above the highest number"),
        (setup("sh", working_dir="/absent"), "no_folder", "/absent is not in the image"),
        (setup("sh", working_dir="/app/run"), "no_folder", "/app/run is no folder"),
        (setup("sh", working_dir="app"), "no_folder", "is no absolute path"),
        (setup(""), "no_command", "says what to run"),
    ],
)
def test_what_keeps_a_container_from_starting_is_found(given, kind, words):
    found = look_at(given).refused()
    assert found is not None
    assert found.kind == kind
    assert words in found.words
    assert found.remedy


@pytest.mark.parametrize(
    "given",
    [
        setup("sh"),
        setup("/bin/sh", user="app:team"),
        setup("/app/run", user="1000:1000"),
        setup("/app/run", user="4711"),
        setup("/app/private"),
        setup("/app/team", user="app"),
        setup("./run", working_dir="/app"),
        setup("sh", search_path=None),
        setup("sh", groups=("7", "team")),
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(given):
    assert look_at(given).refused() is None


@pytest.mark.parametrize(
    ("given", "code", "kind"),
    [
        (setup("/app/crlf"), 1, "crlf"),
        (setup("/app/server.py"), 255, "no_interpreter"),
        (setup("/app/arm64"), 1, "wrong_machine"),
        (setup("/app/private", user="app"), 2, "not_executable"),
        (setup("/app/team", user="app"), 2, "not_executable"),
        (setup("/closed/run", user="app"), 2, "not_executable"),
        (setup("/app/text"), 1, "wrong_format"),
        (setup("sh", "/app/list-crlf.sh"), 2, "crlf"),
        (setup("sh", "-e", "list-crlf.sh", working_dir="/app"), 127, "crlf"),
        (setup("sh", "/app/nope.sh"), 2, "no_program"),
        (setup("sh", "-ec", "exec /app/arm64"), 126, "wrong_machine"),
        (setup("sh", "-c", "nope --port $PORT"), 127, "no_program"),
        (setup("tini", "--", "nope"), 127, "no_program"),
        (setup("env", "MODE=x", "/app/plain.sh"), 126, "not_executable"),
        (setup("/app/run", "nope", arguments=("nope",)), 127, "no_program"),
        (setup("/app/nope", has_init=True), 127, "no_program"),
        (setup("/app/private", user="app", has_init=True), 126, "not_executable"),
        (setup("timeout", "-s", "9", "10", "nope"), 127, "no_program"),
        (setup("timeout", "10", "/app/plain.sh"), 126, "not_executable"),
    ],
)
def test_what_ended_a_container_at_once_is_found(given, code, kind):
    found = look_at(given).ended(code)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (setup("/app/server.py"), 0),
        (setup("sh", "-c", "nope"), 1),
        (setup("sh", "-c", "cd /app; nope"), 127),
        (setup("sh", "-c", "$SERVER --port 1"), 127),
        (setup("sh", "-c", "'"), 127),
        (setup("sh", "-c"), 127),
        (setup("sh", "/app/run"), 2),
        (setup("/gone-by-now"), 1),
        (setup("sh", "/app/plain.sh"), 127),
        (setup("sh", "nope.sh"), 127),
        (setup("/app/run", "--port", "1", arguments=("--port", "1")), 127),
        (setup("/bin/tool", "serve", arguments=("serve",)), 127),
        (setup("/app/run"), 127),
        (setup("/gone-by-now"), 127),
        (setup("/app/run", has_init=True), 127),
        (setup("timeout", "10", "/app/run"), 124),
        (setup("/app/run", "web", arguments=("/bin/sh",)), 127),
    ],
)
def test_of_other_ends_nothing_is_guessed(given, code):
    assert look_at(given).ended(code) is None
