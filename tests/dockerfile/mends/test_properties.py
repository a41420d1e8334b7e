"""Properties of all mends on generated Dockerfiles: order, repetition, other bytes, clean diffs."""

from __future__ import annotations

import random
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from bench.dockerfile.mends.catalogue import MENDS, proposed
from bench.dockerfile.mends.sources import changed_places, diff, read_sources

if TYPE_CHECKING:
    from pathlib import Path

    from bench.dockerfile.mends.sources import Sources

BASES = ("python:3.11-bookworm", "node:20-bookworm", "debian:12", "mine/a:1", "python:3.12-slim")
LINES = (
    "# a comment, with apt-get install in it",
    "",
    "WORKDIR /srv",
    "COPY . .",
    "COPY --chown=5:5 . /srv/",
    "COPY requirements.txt .",
    "COPY app /srv/app",
    "RUN apt-get update",
    "RUN apt-get install -y curl",
    "RUN apt-get update \\\n    # inner\n && apt-get install -y \\\n      curl vim",
    "RUN set -e; apt-get update; apt-get -y install git",
    "RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*",
    "RUN pip install -r requirements.txt",
    "RUN pip install --no-compile flask \\\n  && true",
    "RUN python3 -m pip install 'flask>2' | tee log",
    "RUN if x; then pip install y; fi",
    "RUN npm ci",
    "RUN make",
    "RUN chown -R 5:5 /srv",
    "RUN useradd u && chown -R u /srv",
    "ENV A=1 B=${A}",
    "ENV PIP_NO_CACHE_DIR=1",
    "USER root",
    "USER 7",
    "EXPOSE 80",
    "RUN <<E\npip install x\napt-get update\nE",
    'RUN ["pip", "install", "x"]',
    "LABEL x=y",
    'SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
)
STARTS = (
    "CMD python app/main.py",
    'CMD ["python", "-m", "app"]',
    "CMD exec gunicorn app:app",
    "CMD bash start.sh",
    'CMD ["bash", "start.sh"]',
    'CMD ["sh", "-c", "pip install x && python -m app"]',
    "CMD pip install -r requirements.txt && python -m app --port $PORT",
    "ENTRYPOINT /srv/start.sh",
    'ENTRYPOINT ["/srv/start.sh"]\nCMD python',
    "CMD a | b",
)
SCRIPTS = (
    "#!/bin/bash\nset -e\npip install -r requirements.txt\npython -m app\n",
    '#!/bin/sh\nI="-i http://index/simple"\npip install $I x; pip install y\nexec python -m app',
    "#!/bin/sh\nif x; then\n  pip install y\nfi\npython -m app\n",
    "python -m app &\nwait\n",
)
SEEDS = range(150)


def made(folder: Path, seed: int) -> Sources:
    """A Dockerfile out of habits good and bad, with the files that it names."""
    dice = random.Random(seed)
    lines = [f"FROM {dice.choice(BASES)}" + dice.choice(("", " AS first"))]
    lines += dice.choices(LINES, k=dice.randrange(12))
    if dice.random() < 0.3:
        lines += [f"FROM {dice.choice((*BASES, 'first'))}", *dice.choices(LINES, k=4)]
    lines += [dice.choice(STARTS), *dice.choices(LINES, k=dice.choice((0, 0, 1)))]
    text = "\n".join(lines) + dice.choice(("\n", "", "\n\n# the end\n"))
    if dice.random() < 0.3:
        text = "# escape=`\n" + text.replace("\\\n", "`\n")
    script = dice.choice(SCRIPTS)
    if dice.random() < 0.3:
        text, script = text.replace("\n", "\r\n"), script.replace("\n", "\r\n")
    files = {
        "Dockerfile": dice.choice(("", "", "\ufeff")) + text,
        "start.sh": script,
        "requirements.txt": "flask\n",
        "package.json": "{}",
        "app/main.py": "",
    }
    if dice.random() < 0.5:
        files[".git/HEAD"] = "x"
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode())
    return read_sources(folder / "Dockerfile", folder)


def everything(sources: Sources, dice: random.Random) -> Sources:
    """All mends, in rounds of a random order, until none has anything left to do."""
    for _ in range(4):
        before = sources.texts
        for mend in dice.sample(MENDS, len(MENDS)):
            sources = mend.apply(sources).sources
        if sources.texts == before:
            return sources
    raise AssertionError("the mends do not come to an end")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_second_time_there_is_nothing_to_do_and_the_finding_is_gone(seed, tmp_path):
    sources = made(tmp_path, seed)
    for mend in MENDS:
        mended = mend.apply(sources)
        again = mend.apply(mended.sources)
        assert again.sources.texts == mended.sources.texts, mend.id
        if not mended.left:
            assert not mended.sources.found(*mend.rules), mend.id
        sources = mended.sources


@pytest.mark.parametrize("seed", SEEDS)
def test_mends_come_to_an_end_in_any_order(seed, tmp_path):
    sources = made(tmp_path, seed)
    dice = random.Random(seed)
    one, other = everything(sources, dice), everything(sources, dice)
    assert {it.rule for it in one.findings} == {it.rule for it in other.findings}


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_that_a_mend_does_not_change_stay_as_they_were(seed, tmp_path):
    """What is inserted has the endings of the file, and comments are never lost."""
    before = made(tmp_path, seed)
    after = proposed(before).after
    endings = {"\r\n"} if "\r\n" in before.text else {"\n"}
    assert set(re.findall(r"\r?\n", after.text)) <= endings
    assert after.text.startswith("\ufeff") == before.text.startswith("\ufeff")
    comments = sorted(it for it in before.text.split("\n") if it.lstrip().startswith("#"))
    assert comments == sorted(it for it in after.text.split("\n") if it.lstrip().startswith("#"))
    said = re.compile(r"(?m)^(?:WORKDIR|EXPOSE|LABEL|ENV [^P]|SHELL|USER (?!10001))[^\r\n]*")
    assert said.findall(before.text) == said.findall(after.text)


@pytest.mark.parametrize("seed", range(0, 150, 5))
def test_the_diff_applies_with_git_and_with_patch(seed, tmp_path):
    before = made(tmp_path, seed)
    after = proposed(before).after
    text = diff(before, after)
    if not text:
        return
    patch = tmp_path / "improve.diff"
    patch.write_bytes(text.encode())
    subprocess.run(["git", "apply", "--check", patch.name], cwd=tmp_path, check=True)
    command = ["patch", "--binary", "-p1", "--input", patch.name]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    for place in changed_places(before, after):
        assert (tmp_path / place).read_bytes().decode() == after.texts[place]
