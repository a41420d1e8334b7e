"""Each mend: what it makes of a Dockerfile, and what it leaves alone, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.dockerfile.lint.ignores import RULES as IGNORE_RULES
from bench.dockerfile.lint.lint import RULES
from bench.dockerfile.mends.catalogue import MENDS, NOT_MENDED, proposed

BY_ID = {mend.id: mend for mend in MENDS}
CLEAN = "&& rm -rf /var/lib/apt/lists/*"

CHANGED = [
    ("exec-form", "FROM a:1\nCMD python -m app", 'FROM a:1\nCMD ["python", "-m", "app"]'),
    ("exec-form", "FROM a:1\nCMD  a 'b  c' \\\n  d  \n", 'FROM a:1\nCMD  ["a", "b  c", "d"]  \n'),
    ("exec-form", "FROM a:1\r\nCMD a\r\nUSER 1\r\n", 'FROM a:1\r\nCMD ["a"]\r\nUSER 1\r\n'),
    ("exec-form", "FROM a:1\nCMD a --port $PORT", "FROM a:1\nCMD exec a --port $PORT"),
    ("exec-form", "FROM a:1\nCMD a && b", "FROM a:1\nCMD a && exec b"),
    (
        "exec-form",
        'FROM a:1\nCMD ["sh", "-c", "a; b \\"x\\""]',
        'FROM a:1\nCMD ["sh", "-c", "a; exec b \\"x\\""]',
    ),
    (
        "exec-form",
        'FROM a:1\nENTRYPOINT ["tini", "--"]\nCMD a',
        'FROM a:1\nENTRYPOINT ["tini", "--"]\nCMD ["a"]',
    ),
    (
        "python-unbuffered",
        'FROM a:1\n# why\nCMD ["python", "x.py"]\n',
        'FROM a:1\nENV PYTHONUNBUFFERED=1\n# why\nCMD ["python", "x.py"]\n',
    ),
    (
        "apt-lists",
        "FROM a:1\nRUN apt-get update\n# tools\nRUN apt-get install -y x\nCMD a",
        f"FROM a:1\n# tools\nRUN apt-get update && apt-get install -y x {CLEAN}\nCMD a",
    ),
    (
        "apt-lists",
        "FROM a:1\nRUN apt-get update \\\n # one\n && apt-get install x\nRUN apt-get install y\n",
        (
            f"FROM a:1\nRUN apt-get update \\\n # one\n && apt-get install x {CLEAN}\n"
            f"RUN apt-get update && apt-get install y {CLEAN}\n"
        ),
    ),
    (
        "apt-no-recommends",
        "FROM a:1\nRUN apt-get -y install x && apt install y",
        (
            "FROM a:1\nRUN apt-get -y install --no-install-recommends x && "
            "apt install --no-install-recommends y"
        ),
    ),
    (
        "no-editors",
        "FROM a:1\nRUN apt-get install -y curl vim  && x",
        "FROM a:1\nRUN apt-get install -y curl  && x",
    ),
    (
        "no-editors",
        "FROM a:1\nRUN apt-get install \\\n    nano \\\n    curl\n",
        "FROM a:1\nRUN apt-get install \\\n    curl\n",
    ),
    (
        "pip-no-cache",
        "FROM a:1\nRUN --mount=type=bind,target=/r \\\n    python -m pip install x",
        "FROM a:1\nRUN --mount=type=bind,target=/r \\\n    python -m pip install --no-cache-dir x",
    ),
    (
        "pip-no-cache",
        "# escape=`\nFROM a:1\nRUN pip `\n  install x",
        "# escape=`\nFROM a:1\nRUN pip `\n  install --no-cache-dir x",
    ),
    (
        "pip-compile",
        "FROM a:1\nRUN pip install --no-compile x",
        "FROM a:1\nRUN pip install --compile x",
    ),
    ("slim-base", "FROM python:3.11-bookworm", "FROM python:3.11-slim-bookworm"),
    ("slim-base", "FROM python:3.11 AS a\nFROM a\n", "FROM python:3.11-slim AS a\nFROM a\n"),
    (
        "slim-base",
        "FROM --platform=linux/amd64 node:20.1-bookworm",
        "FROM --platform=linux/amd64 node:20.1-bookworm-slim",
    ),
    ("slim-base", "FROM docker.io/library/debian:12", "FROM docker.io/library/debian:12-slim"),
    (
        "slim-base",
        "ARG V=3.11\nFROM python:${V}-bookworm",
        "ARG V=3.11\nFROM python:${V}-slim-bookworm",
    ),
    ("user", "FROM a:1\nCMD a", "FROM a:1\nUSER 10001:10001\nCMD a"),
    ("user", "FROM a:1\nCMD a\nRUN b", "FROM a:1\nCMD a\nRUN b\nUSER 10001:10001"),
    (
        "copy-chown",
        "FROM a:1\nWORKDIR /srv\nCOPY --link x .\nRUN chown -R 1:1 /srv\n",
        "FROM a:1\nWORKDIR /srv\nCOPY --chown=1:1 --link x .\nRUN chown 1:1 /srv\n",
    ),
]

LEFT = [
    ("exec-form", "FROM a:1\nCMD a | b"),
    ("exec-form", "FROM a:1\nCMD a &"),
    ("exec-form", "FROM a:1\nCMD if a; then b; fi"),
    ("exec-form", "FROM a:1\nCMD cd /x"),
    ("exec-form", 'FROM a:1\nSHELL ["bash", "-lc"]\nCMD a'),
    ("exec-form", 'FROM a:1\nENTRYPOINT ["/e"]\nCMD a'),
    ("exec-form", "FROM a:1\nENTRYPOINT a\nCMD b"),
    ("apt-lists", "FROM a:1\nRUN apt-get update && x || apt-get install y"),
    ("apt-lists", "FROM a:1\nRUN apt-get update && apt-get install x # y"),
    ("apt-lists", "FROM a:1\nRUN apt-get update\nCMD apt-get install x"),
    ("apt-no-recommends", "FROM a:1\nRUN <<E\napt-get install x\nE"),
    ("pip-no-cache", 'FROM a:1\nRUN ["pip", "install", "x"]'),
    ("copy-order", "FROM a:1\nCOPY . .\nRUN make\nRUN pip install x"),
    ("copy-order", "FROM a:1\nCOPY . .\nRUN pip install -r missing.txt"),
    ("copy-order", "FROM a:1\nCOPY . .\nRUN pip install ./lib"),
    ("copy-order", "FROM a:1\nCOPY . .\nRUN cd x && npm ci"),
    ("copy-order", "FROM a:1\nCOPY . .\nWORKDIR /x\nRUN pip install y"),
    ("copy-order", "FROM a:1\nCOPY . .\nRUN pip install -r named.txt"),
    ("copy-chown", "FROM a:1\nCOPY x /srv/x\nRUN make /srv\nRUN chown -R 1 /srv"),
    ("copy-chown", "FROM a:1\nCOPY x /srv/x\nRUN useradd u\nRUN chown -R u /srv"),
    ("install-in-build", "FROM a:1\nCMD curl -O https://a/b && exec c"),
    ("build-stage", "FROM python:3\nRUN apt-get install gcc libpq5\nRUN pip install x"),
]

SILENT = [
    ("no-editors", "FROM a:1\nRUN apt-get install vim"),
    ("no-editors", "FROM a:1\nRUN apt-get install curl less && less x"),
    ("no-editors", "FROM a:1\nRUN apt-get install curl libvim vimx"),
    ("exec-form", 'FROM a:1\nCMD ["a"]'),
    ("exec-form", "FROM a:1\n# bench: ignore=shell-wrapper it traps\nCMD a"),
    ("slim-base", "FROM python:3.11-slim"),
    ("slim-base", "FROM python:3.11-alpine"),
    ("slim-base", "FROM python:3.11@sha256:" + "0" * 64),
    ("slim-base", "FROM mine/python:3.11"),
    ("slim-base", "FROM scratch"),
    ("user", "FROM a:1\nUSER 5\nCMD a"),
    ("pip-compile", "FROM a:1\nRUN pip install x"),
]


@pytest.mark.parametrize(("mend", "before", "after"), CHANGED)
def test_a_mend_changes_its_places_and_no_other_byte(mend, before, after, sources):
    given = sources(before)
    mended = BY_ID[mend].apply(given)
    assert mended.sources.text == after
    assert BY_ID[mend].apply(mended.sources).sources.texts == mended.sources.texts
    assert not mended.sources.found(*BY_ID[mend].rules)


@pytest.mark.parametrize(("mend", "text"), LEFT)
def test_what_cannot_be_told_is_left_and_said(mend, text, sources):
    given = sources(text, **{"named.txt": "-e .\n"})
    mended = BY_ID[mend].apply(given)
    assert mended.sources.texts == given.texts
    assert mended.left


@pytest.mark.parametrize(("mend", "text"), SILENT)
def test_what_is_right_is_not_touched(mend, text, sources):
    given = sources(text)
    mended = BY_ID[mend].apply(given)
    assert (mended.sources.texts, mended.left) == (given.texts, ())


def test_every_rule_is_mended_or_has_a_reason_why_not():
    mended = {rule for mend in MENDS for rule in mend.rules}
    assert mended | NOT_MENDED.keys() == RULES.keys() - {rule.id for rule in IGNORE_RULES}
    assert not mended & NOT_MENDED.keys()


def test_the_list_is_copied_ahead_of_its_install_and_the_rest_after_the_last(sources):
    given = sources(
        "FROM a:1\nWORKDIR /app\n# all of it\nCOPY . /app/\nRUN apt-get install x\n"
        "RUN pip install -r lists/web.txt\nCMD a\n",
        **{"lists/web.txt": "-c fixed.txt\nflask\n", "lists/fixed.txt": "flask==3\n"},
    )
    assert BY_ID["copy-order"].apply(given).sources.text == (
        "FROM a:1\nWORKDIR /app\nRUN apt-get install x\n"
        "COPY lists/web.txt lists/fixed.txt /app/lists/\n"
        "RUN pip install -r lists/web.txt\n# all of it\nCOPY . /app/\nCMD a\n"
    )


def test_node_packages_are_installed_ahead_of_the_source(sources):
    given = sources(
        'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci --omit=dev\nCMD ["node", "x"]',
        **{"package.json": '{"scripts": {"test": "x"}}', "package-lock.json": "{}"},
    )
    assert "COPY package.json package-lock.json ./\nRUN npm ci --omit=dev\nCOPY . .\n" in (
        BY_ID["copy-order"].apply(given).sources.text
    )


def test_node_packages_with_install_scripts_are_not_moved(sources):
    given = sources(
        "FROM node:20\nCOPY . .\nRUN npm ci\n",
        **{"package.json": '{"scripts": {"postinstall": "x"}}'},
    )
    assert BY_ID["copy-order"].apply(given).left


def test_go_modules_are_downloaded_ahead_of_the_source(sources):
    given = sources(
        "FROM golang:1.22 AS b\nWORKDIR /s\nCOPY . .\nRUN go mod download\nRUN go build\n"
        'FROM scratch\nCOPY --from=b /s/x /x\nCMD ["/x"]',
        **{"go.mod": "module x\n", "go.sum": ""},
    )
    assert "COPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build\n" in (
        BY_ID["copy-order"].apply(given).sources.text
    )


def test_the_installs_of_a_start_script_move_into_the_build(sources):
    given = sources(
        'FROM python:3\nWORKDIR /srv\nCOPY . .\nCMD ["bash", "start.sh"]\n',
        **{
            "start.sh": '#!/bin/bash\r\nset -e\r\nwhere="-i http://index:8000/s"\r\n'
            "pip install $where -r r.txt\r\nuvicorn app:app\r\n",
            "r.txt": "uvicorn\n",
        },
    )
    mended = BY_ID["install-in-build"].apply(given)
    assert mended.sources.texts["start.sh"] == "#!/bin/bash\r\nset -e\r\nuvicorn app:app\r\n"
    assert "COPY . .\nRUN pip install --no-cache-dir -r r.txt\nCMD" in mended.sources.text
    assert "http://index:8000/s" in mended.notes[0]


def test_pip_itself_is_not_upgraded_in_the_build(sources):
    given = sources("FROM a:1\nCMD pip install -U pip && pip install x && y")
    mended = BY_ID["install-in-build"].apply(given).sources
    assert mended.text == "FROM a:1\nRUN pip install --no-cache-dir x\nCMD y"


def test_an_index_with_a_domain_is_kept(sources):
    given = sources("FROM a:1\nCMD pip install -i https://pypi.example.org/s x && exec y")
    mended = BY_ID["install-in-build"].apply(given)
    assert mended.sources.text == (
        "FROM a:1\nRUN pip install --no-cache-dir -i https://pypi.example.org/s x\nCMD exec y"
    )
    assert mended.notes == ()


@pytest.mark.parametrize(
    "script",
    [
        "if x; then\npip install y\nfi\nz\n",
        "cd /x\npip install -r y\nz\n",
        "export A=1\npip install y\nz\n",
        "pip install $1\nz\n",
        "pip install $(cat y)\nz\n",
        "pip install y || true\nz\n",
        "(\npip install y\n)\nz\n",
        "apt-get update\nz\n",
        "z; pip install y\n",
    ],
)
def test_an_install_that_depends_on_the_start_stays(script, sources):
    given = sources('FROM a:1\nCOPY s.sh /\nCMD ["sh", "/s.sh"]', **{"s.sh": script})
    mended = BY_ID["install-in-build"].apply(given)
    assert mended.sources.texts == given.texts
    assert mended.left


def test_the_script_gives_its_place_to_the_service(sources):
    given = sources(
        'FROM a:1\nCOPY s.sh /\nENTRYPOINT ["/s.sh"]',
        **{"s.sh": "#!/bin/sh\na\nb --c \\\n  d\n# e\n"},
    )
    mended = BY_ID["script-exec"].apply(given).sources
    assert mended.texts["s.sh"] == "#!/bin/sh\na\nexec b --c \\\n  d\n# e\n"
    assert not mended.found("entrypoint-script-without-exec")


@pytest.mark.parametrize(
    "script", ["a\nwait\n", "main() {\n a\n}\nmain\n", "a | b\n", "a &\n", "X=1 a\n"]
)
def test_a_script_that_ends_in_no_simple_command_is_left(script, sources):
    given = sources('FROM a:1\nCOPY s.sh /\nENTRYPOINT ["/s.sh"]', **{"s.sh": script})
    mended = BY_ID["script-exec"].apply(given)
    assert (mended.sources.texts, bool(mended.left)) == (given.texts, True)


def test_what_belongs_in_no_image_is_ignored_unless_the_dockerfile_names_it(sources):
    given = sources(
        'FROM a:1\nCOPY . .\nRUN cp .env /etc/x\nCMD ["a"]\n', **{".git/HEAD": "x", "app.py": ""}
    )
    mended = BY_ID["dockerignore"].apply(given).sources
    lines = mended.texts[".dockerignore"].splitlines()
    assert ".git" in lines
    assert ".env" not in lines
    assert not mended.found("missing-dockerignore")


def test_an_ignore_file_grows_at_its_end(sources):
    given = sources(
        "FROM a:1\nCOPY . .\n", **{".git/HEAD": "x", "Dockerfile.dockerignore": "*.md\r\n.venv"}
    )
    mended = BY_ID["dockerignore"].apply(given).sources
    assert mended.texts["Dockerfile.dockerignore"].startswith("*.md\r\n.venv\r\n.git\r\n")


def test_the_source_is_compiled_where_the_service_may_not_write(sources):
    given = sources(
        'FROM python:3.11-slim\nWORKDIR /srv\nCOPY app app\nUSER 5\nCMD ["python", "-m", "app"]\n',
        **{"app/__main__.py": ""},
    )
    mended = BY_ID["compile-source"].apply(given).sources
    assert "COPY app app\nRUN python -m compileall -q app\nUSER 5\n" in mended.text
    assert BY_ID["compile-source"].apply(mended).sources.text == mended.text


def test_packages_that_need_a_compiler_are_built_in_a_stage_of_their_own(sources):
    given = sources(
        "FROM python:3.11-slim\nWORKDIR /srv\n"
        f"RUN apt-get update && apt-get install -y gcc {CLEAN}\n"
        'COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY app app\nCMD ["x"]\n',
        **{"requirements.txt": "x\n"},
    )
    mended = BY_ID["build-stage"].apply(given).sources
    assert not mended.found("build-tools-shipped")
    assert mended.text.startswith("FROM python:3.11-slim AS build\nRUN python -m venv /opt/venv\n")
    assert (
        "FROM python:3.11-slim\nCOPY --from=build /opt/venv /opt/venv\n"
        "ENV PATH=/opt/venv/bin:$PATH\nWORKDIR /srv\nCOPY app app\n"
    ) in mended.text


def test_all_mends_together_leave_only_what_has_a_reason(sources):
    given = sources(
        "FROM python:3.11\nCOPY . .\nRUN apt-get update\nRUN apt-get install x\n"
        "RUN pip install flask==3.1.0\nCMD python app.py\n",
        **{"app.py": ""},
    )
    proposal = proposed(given)
    assert {it.rule for it in proposal.after.findings} == {"no-healthcheck"}
    assert any("HEALTHCHECK" in reason for reason in proposal.left)
    assert proposed(proposal.after).steps == ()


def test_the_page_lists_every_mend_as_it_is():
    page = (Path(__file__).parents[3] / "docs" / "improve.md").read_text(encoding="utf-8")
    table = page[page.index("\n| mend |") :].split("\n\n")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| `")]
    listed = {row[0].strip(" `"): (row[2].strip(), row[3].strip()) for row in rows}
    assert listed == {
        mend.id: (mend.footing.value, "yes" if mend.must_gain else "no") for mend in MENDS
    }
