"""A context with changed files, and which steps of a build were done again."""

import os

import pytest

from bench.errors import BuildError
from bench.image.rebuild import changed_context, steps_done


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "web"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "main.py").write_text("def main():\n    serve()")
    (folder / "app" / "main.py").chmod(0o640)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "latest").symlink_to("app")
    return folder


def test_the_copy_has_one_changed_file_and_all_else_as_it_was(context):
    before = (context / "app" / "main.py").read_text()
    with changed_context(context, ["app/main.py"]) as copy:
        changed = copy / "app" / "main.py"
        assert changed.read_text().startswith(before)
        assert changed.read_text() != before
        assert changed.stat().st_mode & 0o777 == 0o640
        assert (copy / "Dockerfile").read_text() == "FROM scratch\n"
        assert (copy / "latest").is_symlink()
    assert not copy.exists()
    assert (context / "app" / "main.py").read_text() == before


def test_python_does_not_mind_the_change(context):
    with changed_context(context, ["app/main.py"]) as copy:
        compile((copy / "app" / "main.py").read_text(), "main.py", "exec")


def test_no_two_changes_are_alike_so_that_no_builder_knows_them(context):
    texts = set()
    for _ in range(5):
        with changed_context(context, ["app/main.py"]) as copy:
            texts.add((copy / "app" / "main.py").read_bytes())
    assert len(texts) == 5


def test_a_context_that_cannot_be_copied_is_a_build_error_with_a_remedy(context):
    os.mkfifo(context / "pipe")
    with (
        pytest.raises(BuildError, match="cannot be copied for `rebuild_after`"),
        changed_context(context, []),
    ):
        pass


# As Engine 20.10 says it of two stages.
OUTPUT = [
    "Step 1/7 : FROM python:3.11-slim-bookworm AS build",
    " ---> 0bb5fa0cd5d1",
    "Step 2/7 : COPY requirements.txt .",
    " ---> Using cache",
    " ---> 5bdd9bf7ccc0",
    "Step 3/7 : RUN pip install --requirement requirements.txt",
    " ---> Using cache",
    " ---> 8ee6c3e2ec37",
    "Step 4/7 : FROM python:3.11-slim-bookworm",
    " ---> 0bb5fa0cd5d1",
    "Step 5/7 : COPY app.py .",
    " ---> 2d9b5a9a2a64",
    "Step 6/7 : CMD python app.py",
    " ---> Running in 0d3b5b6c4a4f",
    "Removing intermediate container 0d3b5b6c4a4f",
    " ---> 7cb6c0e1c6b0",
    "Step 7/7 : LABEL org.container-bench=kept",
    " ---> Running in 2b3906a58697",
    "Removing intermediate container 2b3906a58697",
    " ---> 0c6807107c92",
    "Successfully built 0c6807107c92",
]


def test_steps_that_the_cache_had_from_and_benchs_own_label_are_not_counted():
    assert steps_done(OUTPUT) == ("COPY app.py .", "CMD python app.py")


def test_where_the_cache_has_everything_no_step_is_done():
    output = ["Step 1/2 : FROM scratch", " ---> ", "Step 2/2 : COPY a /", " ---> Using cache"]
    assert steps_done(output) == ()


def test_what_a_step_prints_is_not_taken_for_a_step():
    output = [
        "Step 1/2 : FROM debian",
        "Step 2/2 : RUN make",
        " ---> Running in 0d3b5b6c4a4f",
        "Step 1/2 : RUN something of its own",
        " ---> Using cache",
    ]
    assert steps_done(output) == ("RUN make",)


def test_of_another_builder_nothing_is_known():
    assert steps_done(["#1 [internal] load build definition", "#2 DONE 0.1s"]) is None
