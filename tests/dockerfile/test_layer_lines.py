"""Layers are tied to the lines of the Dockerfile that made them."""

from __future__ import annotations

import pytest

from bench.dockerfile.layer_lines import layer_lines

BASE = ["Imported from -", "RUN apt-get update && apt-get install --yes python3"]


def lines_of(text: str, made_by: list[str], **given) -> list[int | None]:
    """Of each layer the line of its instruction; None where none is known."""
    found = layer_lines(text, made_by, **given)
    return [found.makers[at].line if at in found.makers else None for at in range(len(made_by))]


def test_each_layer_goes_to_the_line_that_made_it():
    text = "FROM base\nWORKDIR /srv\nCOPY . .\nENV A=1\nRUN pip install pandas\nCMD run\n"
    made_by = [*BASE, "WORKDIR /srv", "COPY . .", "RUN pip install pandas"]
    assert lines_of(text, made_by) == [None, None, 2, 3, 5]
    found = layer_lines(text, made_by)
    assert found.opening is not None
    assert (found.opening.line, found.base_layers) == (1, 2)


def test_of_several_stages_those_count_that_the_image_stands_on():
    text = (
        "FROM base AS build\nRUN make\nFROM base AS run\nRUN adduser app\n"
        "FROM run\nCOPY --from=build /out /app\n"
    )
    assert lines_of(text, [*BASE, "RUN adduser app", "COPY /out /app"]) == [None, None, 4, 6]
    assert lines_of(text, [*BASE, "RUN make"], target="build") == [None, None, 2]


@pytest.mark.parametrize(
    ("line", "made_by"),
    [
        (
            "RUN apt-get update \\\n && apt-get install -y vim",
            "RUN apt-get update && apt-get install -y vim",
        ),
        ('RUN ["make", "all"]', "RUN make all"),
        ("RUN make", "RUN /bin/bash -o pipefail -c make"),
        ("RUN make", "RUN |2 A=x y B= /bin/bash -o pipefail -c make"),
        ('RUN ["touch", "/t u"]', "RUN |1 NAME=x touch /t u"),
        ("RUN --mount=type=cache,target=/root/.cache pip install x", "RUN pip install x"),
        ("RUN echo $HOME ${X}", "RUN echo $HOME ${X}"),
        ("RUN <<EOF\nmake\nmake install\nEOF", "RUN |1 A=x /bin/sh -c <<EOF make make install EOF"),
        ("RUN <<EOF\nmake\nmake install\nEOF", "RUN make make install"),
        ("RUN cat > /c <<'X' && make\nhello\nX", "RUN cat > /c <<'X' && make hello X"),
        ("RUN <<PY python3\nprint(1)\nPY", "RUN |1 A=x /bin/bash -c <<PY python3 print(1) PY"),
        ("COPY <<E /etc/conf\na=1\nE", "COPY <<E /etc/conf"),
        ("RUN " + "x" * 400, "RUN " + "x" * 296),
        ("COPY --chown=1:1 a b", "COPY --chown=1:1 a b"),
        ("COPY --link a b", "COPY a b"),
        ("COPY $SOURCE ${TARGET}/", "COPY app /srv/"),
        ('COPY ["a b", "c"]', "COPY a b c"),
        ('COPY "a" b', "COPY a b"),
        ("COPY . /srv", "COPY dir:0af3 in /srv "),
        ("ADD a.tar /", "ADD file:0af3 in / "),
        ("WORKDIR ../x", "WORKDIR /srv/x"),
        ("copy a b", "COPY a b"),
    ],
)  # fmt: skip
def test_builders_record_an_instruction_in_their_own_words(line, made_by):
    assert lines_of(f"FROM base\nUSER 0\n{line}\nCMD run\n", [*BASE, made_by]) == [None, None, 3]


def test_an_instruction_that_left_no_layer_is_passed_over():
    text = "FROM base\nRUN true\nCOPY a a\nRUN false || true\nRUN make\n"
    assert lines_of(text, [*BASE, "COPY a a", "RUN make"]) == [None, None, 3, 5]


def test_the_same_line_twice_has_a_layer_each():
    text = "FROM base\nRUN make\nCOPY a a\nRUN make\n"
    assert lines_of(text, ["x", "RUN make", "COPY a a", "RUN make"]) == [None, 2, 3, 4]


def test_layers_of_the_base_are_never_given_to_a_line():
    text = "FROM base\nRUN apt-get update && apt-get install --yes python3\nCOPY a a\n"
    assert lines_of(text, [*BASE, "COPY a a"], base_layers=2) == [None, None, 3]


def test_where_a_line_has_no_layer_that_fits_the_base_is_unknown():
    found = layer_lines("FROM base\nCOPY a a\nRUN make\n", [*BASE, "COPY b b", "RUN make"])
    assert found.base_layers is None
    assert list(found.makers) == [3]


def test_a_text_without_a_stage_says_nothing():
    assert layer_lines("# nothing\n", BASE).makers == {}
    assert layer_lines("", BASE).opening is None
