"""Whatever stands in a Dockerfile is read, in time that is proportional to its length."""

from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.dockerfile.bases import external_images, final_base
from bench.dockerfile.instructions import instructions
from bench.dockerfile.layer_lines import layer_lines
from bench.dockerfile.lint.lint import lint

WORDS = st.sampled_from(
    [
        *("apt-get update", "apt-get install -y curl", "pip install x", "npm ci", "&&", "||", "|"),
        *(";", "\\\n", "\\ \n  ", "# no comment", "\n# a comment\n", "<<EOF", "<<-'X'", "\nEOF\n"),
        *(
            "\n\tX\n",
            '["a", "b"]',
            '["a"',
            "$X",
            "${X:-y}",
            "${X",
            "'",
            '"',
            "`",
            "`\n",
            "--from=b",
        ),
        *(
            "--mount=type=cache,target=/x",
            "/srv/",
            ".",
            "..",
            "A=1",
            "a b",
            "\t",
            "\r",
            "é",
            "\x00",
        ),
        *("chown -R 1 /srv", "rm -rf /x", "sh -c", "exec", "(", ")", "{", "}", "AS b", "scratch"),
    ]
)
KEYWORDS = st.sampled_from(
    [
        *(
            "FROM a:1",
            "FROM a AS b",
            "RUN",
            "run",
            "COPY",
            "ADD",
            "CMD",
            "ENTRYPOINT",
            "ENV",
            "ARG",
        ),
        *("USER", "WORKDIR", "VOLUME", "SHELL", "ONBUILD RUN", "HEALTHCHECK CMD", "STOPSIGNAL"),
        *("LABEL", "EXPOSE", "MAINTAINER", "# syntax=docker/dockerfile:1", "# escape=`", "# x", ""),
    ]
)
LINES = st.tuples(KEYWORDS, st.lists(WORDS, max_size=8)).map(lambda it: " ".join([it[0], *it[1]]))
NEWLINES = st.sampled_from(["\n", "\r\n"])
TEXTS = st.tuples(st.lists(LINES, max_size=12), NEWLINES).map(lambda it: it[1].join(it[0]))


def read(text: str) -> None:
    """Read it in every way that bench does."""
    list(instructions(text))
    layer_lines(text, ["COPY . .", "RUN |1 A=b /bin/sh -c x"])
    final_base(text, {})
    external_images(text, {"X": "y"}, "b")
    with contextlib.suppress(UsageError):  # no builder takes it, and it says so
        lint(text, Path("nowhere/Dockerfile"))


@given(st.one_of(TEXTS, st.text(max_size=300)))
def test_no_text_is_too_odd(text):
    read(text)


@given(TEXTS)
def test_instructions_stand_in_order_and_between_them_are_only_comments_and_blanks(text):
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    at = 0
    for instruction in instructions(text):
        assert at < instruction.line <= instruction.last_line <= len(lines)
        for line in lines[at : instruction.line - 1]:
            # a continued line that is empty all the same starts no instruction
            assert not line.strip() or line.lstrip().startswith("#") or line.strip() in "\\`"
        assert lines[instruction.line - 1].lstrip().upper().startswith(instruction.keyword[:1])
        at = instruction.last_line
    for line in lines[at:]:
        assert not line.strip() or line.lstrip().startswith("#") or line.strip() in "\\`"


def test_three_hundred_that_are_written_differently_are_read():
    chance = random.Random(7)
    for number in range(300):
        comments = "".join(f"# {chance.random()}\n" for _ in range(chance.randrange(3)))
        stages = chance.randrange(1, 4)
        text = ""
        for stage in range(stages):
            space = chance.choice([" ", "  ", "\t"])
            name = f"{space}AS{space}s{stage}" if chance.random() < 0.7 else ""
            base = f"python:3.{chance.randrange(8, 14)}"
            text += f"{chance.choice(['FROM', 'from'])}{space}{base}{name}\n"
            for _ in range(chance.randrange(6)):
                text += chance.choice(
                    [
                        "RUN apt-get update \\\n && apt-get install -y x\n",
                        "RUN <<EOF\nset -e\npip install x\nEOF\n",
                        "RUN <<-A cat && cat <<'B'\n\tone\n\tA\ntwo\nB\n",
                        'RUN ["make", "all"]\n',
                        "RUN --mount=type=cache,target=/c \\\n# between\n\n  make\n",
                        "COPY --chown=1:1 a b /srv/\n",
                        'COPY ["a b", "/c"]\n',
                        "COPY <<E /etc/x\n# no comment\nE\n",
                        "ENV A=1 B='two three' C=\"$A\"\n",
                        "ENV OLD form of it\n",
                        "ARG X\nARG Y=${X:-z}\n",
                        "ONBUILD COPY . .\n",
                        "WORKDIR srv\nUSER 1\nEXPOSE 80/tcp\n",
                        "HEALTHCHECK --interval=1s CMD curl -f x\n",
                    ]
                )
        text += chance.choice(["", 'CMD ["x"]', "CMD exec x\n", "ENTRYPOINT x\nCMD y\n"])
        newline = chance.choice(["\n", "\r\n"])
        whole = chance.choice(["", "\ufeff"]) + (comments + text).replace("\n", newline)
        found = list(instructions(whole))
        assert sum(it.keyword == "FROM" for it in found) == stages, number
        assert isinstance(lint(whole, Path("nowhere/Dockerfile")), list)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + "x && " * 100_000,
        "FROM a\nRUN " + "(" * 100_000,
        "FROM a\nRUN " + "\\\n" * 100_000,
        "FROM a\nRUN " + "curl " * 100_000 + "|",
        "FROM a\nENV " + "A=1 " * 50_000,
        "FROM a\n" + "RUN pip install x\n" * 5_000,
        "FROM a\n" + "COPY a /b\n" * 5_000 + "RUN chmod 1 /b && rm /b\n",
        "FROM a\n" + "FROM a AS b\n" * 3_000,
        "FROM a\nRUN <<E\n" + "curl x\n" * 50_000 + "E\n",
    ],
)
def test_long_ones_take_time_in_proportion(text):
    begun = time.process_time()
    read(text)
    assert time.process_time() - begun < 20  # seconds of CPU; quadratic ones take minutes
