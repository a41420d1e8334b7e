"""Where an instruction begins and ends, and the comments and heredocs that belong to it."""

from __future__ import annotations

from bench.dockerfile.bases import read
from bench.dockerfile.instructions import instructions

TEXT = """\
# one
FROM a

# two
RUN x \\
  # three
  && y
RUN <<A <<-B
# text
A
\tb
\tB
CMD ["z"]
"""


def test_an_instruction_knows_its_lines_its_comments_and_its_heredocs():
    first, run, heredocs, last = instructions(TEXT)
    assert (first.line, first.last_line, first.comments) == (2, 2, ((1, "# one"),))
    assert (run.line, run.last_line) == (5, 7)
    assert run.comments == ((4, "# two"), (6, "# three"))
    assert (heredocs.line, heredocs.last_line) == (8, 12)
    assert heredocs.heredocs == ("# text", "b")
    assert heredocs.comments == ()
    assert (last.line, last.last_line, last.heredocs) == (13, 13, ())


def test_a_triggered_instruction_keeps_its_lines_and_its_text():
    (one,) = instructions("ONBUILD RUN <<A\nx\nA\n")
    assert (one.triggered.line, one.triggered.last_line) == (1, 3)
    assert one.triggered.heredocs == ("x",)


def test_a_stage_knows_its_instructions():
    build, last = read("ARG V\nFROM a AS build\nRUN x\nFROM build\nUSER 1\n", {})
    assert (build.opening.line, [one.keyword for one in build.instructions]) == (2, ["RUN"])
    assert (last.opening.line, [one.keyword for one in last.instructions]) == (4, ["USER"])


def test_deeply_nested_brackets_are_no_exec_form():
    (one,) = instructions(f"RUN {'[' * 100_000} <<A")
    assert one.keyword == "RUN"
