"""Builds of variants leave the user's files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.core.errors import UsageError
from bench.dockerfile.mends.sources import pinned, read_sources
from bench.dockerfile.mends.write import write_changes
from bench.improve.variants import build_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.dockerfile.mends.sources import Sources


@pytest.fixture
def context(tmp_path) -> Path:
    folder: Path = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM a:1\n")
    (folder / "start.sh").write_text("a\n")
    (folder / "start.sh").chmod(0o755)
    (folder / "data").mkdir()
    (folder / "data/large").write_text("x")
    return folder


@pytest.fixture
def before(context) -> Sources:
    return read_sources(context / "Dockerfile", context)


def test_a_variant_of_the_dockerfile_alone_is_built_from_the_users_context(
    before, context, tmp_path
):
    build = build_of(before.with_text("FROM b:1\n"), ["Dockerfile"], tmp_path / "copy")
    assert build == {"context": str(context), "dockerfile_inline": "FROM b:1\n"}
    assert not (tmp_path / "copy").exists()


def test_a_variant_of_other_files_is_built_from_a_copy(before, context, tmp_path):
    variant = before.with_text("exec a\n", "start.sh").with_text("x\n", ".dockerignore")
    build = build_of(variant, ["start.sh", ".dockerignore"], tmp_path / "copy")
    copy = tmp_path / "copy"
    assert build == {"context": str(copy), "dockerfile": "Dockerfile"}
    assert (copy / "start.sh").read_text() == "exec a\n"
    assert (copy / "start.sh").stat().st_mode & 0o777 == 0o755
    assert (copy / "data/large").read_text() == "x"
    assert (context / "start.sh").read_text() == "a\n"
    assert not (context / ".dockerignore").exists()


def test_an_ignore_file_of_the_dockerfiles_own_stays_in_force(before, context, tmp_path):
    (context / "Dockerfile.dockerignore").write_text("data\n")
    build = build_of(before, [], tmp_path / "copy")
    assert build["context"] == str(tmp_path / "copy")


def test_a_copy_inside_of_the_context_does_not_contain_itself(before, context):
    target = context / "reports/run/improved"
    build_of(before.with_text("b\n", "start.sh"), ["start.sh"], target)
    assert (target / "data/large").exists()
    assert not (target / "reports").exists()


def test_changes_are_written_with_the_mode_that_was(before, context):
    after = before.with_text("exec a\n", "start.sh").with_text("x\n", ".dockerignore")
    assert write_changes(pinned(before, after), after) == [".dockerignore", "start.sh"]
    assert (context / "start.sh").read_text() == "exec a\n"
    assert (context / "start.sh").stat().st_mode & 0o777 == 0o755
    assert sorted(it.name for it in context.iterdir()) == [
        ".dockerignore",
        "Dockerfile",
        "data",
        "start.sh",
    ]


@pytest.mark.parametrize("name", ["start.sh", ".dockerignore", "Dockerfile"])
def test_nothing_is_written_where_a_file_has_changed_since(name, before, context):
    after = before.with_text("exec a\n", "start.sh").with_text("x\n", ".dockerignore")
    after = after.with_text("FROM b:1\n")
    known = pinned(before, after)
    (context / name).write_text("changed\n")
    with pytest.raises(UsageError, match="has changed"):
        write_changes(known, after)
    assert (context / name).read_text() == "changed\n"
