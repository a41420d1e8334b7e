"""Rules that look at the folder around a Dockerfile."""

from __future__ import annotations

import pytest

COPY = "FROM a:1\nCOPY . .\n"


def test_a_folder_that_no_ignore_file_names_is_copied(places, tmp_path):
    (tmp_path / ".git").mkdir()
    assert ("missing-dockerignore", 2) in places(COPY)
    (tmp_path / ".dockerignore").write_text("# .git\n.github\n")
    assert ("missing-dockerignore", 2) in places(COPY)
    (tmp_path / ".dockerignore").write_text(".git\n!.git\n")
    assert ("missing-dockerignore", 2) in places(COPY)


@pytest.mark.parametrize("line", [".git", ".git/", "/.git", "**/.git", ".git/**", ".g*", "*"])
def test_a_folder_that_the_ignore_file_names_is_not(places, tmp_path, line):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".dockerignore").write_text(f"{line}\n!app\n")
    assert ("missing-dockerignore", 2) not in places(COPY)


def test_the_ignore_file_of_a_dockerfile_goes_first(places, tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".dockerignore").write_text("x\n")
    (tmp_path / "Dockerfile.dockerignore").write_text(".venv\n")
    assert ("missing-dockerignore", 2) not in places(COPY)


@pytest.mark.parametrize("copy", ["COPY app .", "COPY --from=a . .", "COPY <<E /x\nCOPY . .\nE"])
def test_only_the_whole_folder_counts(places, tmp_path, copy):
    (tmp_path / ".git").mkdir()
    assert "missing-dockerignore" not in {name for name, _ in places(f"FROM a:1\n{copy}\n")}


@pytest.mark.parametrize(
    ("copy", "start"),
    [
        ("COPY start.sh /", 'ENTRYPOINT ["/start.sh"]'),
        ("COPY . /srv", "CMD bash start.sh"),
        ('ADD ["start.sh", "/"]', 'CMD ["tini", "--", "sh", "-e", "/start.sh"]'),
    ],
)
def test_the_script_that_a_container_starts_is_read(places, tmp_path, copy, start):
    script = tmp_path / "start.sh"
    script.write_text("#!/bin/sh\npip install x\nserve\n")
    text = f"FROM a:1\n{copy}\n{start}\n"
    found = places(text)
    assert {("entrypoint-script-without-exec", 3), ("download-at-start", 3)} <= found
    script.write_text("#!/bin/sh\n# pip install x\nexec serve\n")
    found = places(text)
    assert not {("entrypoint-script-without-exec", 3), ("download-at-start", 3)} & found


def test_a_script_that_handles_signals_or_is_for_no_shell_is_left_alone(places, tmp_path):
    text = 'FROM a:1\nCOPY go.sh /\nCMD ["/go.sh"]\n'
    for script in ("trap 'exit 0' TERM\nserve & wait\n", "#!/usr/bin/python3\nserve\n"):
        (tmp_path / "go.sh").write_text(script)
        assert ("entrypoint-script-without-exec", 3) not in places(text)


def test_nothing_outside_of_the_context_is_read(places, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("serve\n")
    inside = tmp_path / "context"
    inside.mkdir()
    (inside / "go.sh").symlink_to(outside)
    from bench.dockerfile.lint.lint import lint

    text = 'FROM a:1\nCOPY go.sh ../outside /\nCMD ["/go.sh"]\nENTRYPOINT ["/outside"]\n'
    found = {one.rule for one in lint(text, inside / "Dockerfile")}
    assert "entrypoint-script-without-exec" not in found
