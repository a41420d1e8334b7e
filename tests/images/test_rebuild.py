"""A context with changed files."""

import os

import pytest

from bench.core.errors import EngineError
from bench.images.rebuild import changed_context


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


def test_a_context_that_cannot_be_copied_is_no_fault_of_the_image(context):
    os.mkfifo(context / "pipe")
    with (
        pytest.raises(EngineError, match="cannot be copied for `rebuild_after`"),
        changed_context(context, []),
    ):
        pass
