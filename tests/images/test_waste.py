"""Which layer hides which file, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.images.waste import hidden_files, waste_bytes
from tests.images.test_layers import layer, layers, visible_bytes

if TYPE_CHECKING:
    from bench.images.layers import LayerContent


def hidden(*stack: LayerContent) -> list[tuple[str, int, int, bool]]:
    return [(file.path, file.layer, file.hidden_by, file.deleted) for file in hidden_files(stack)]


@pytest.mark.parametrize(
    ("later", "hidden_by", "deleted"),
    [
        ([layer({"/srv/a": 1})], 1, False),
        ([layer({"/srv/a": 0})], 1, False),
        ([layer({"/srv/a/b": 1})], 1, False),
        ([layer(hidden=("/srv/a",))], 1, True),
        ([layer(hidden=("/srv",))], 1, True),
        ([layer(opaque=("/srv",))], 1, True),
        ([layer({"/srv/a": 5}, opaque=("/srv",))], 1, False),
        ([layer({"/srv": 5})], 1, True),
        ([layer(opaque=("/",))], 1, True),
        ([layer(), layer(hidden=("/srv/a",)), layer({"/srv/a": 1})], 2, True),
        ([layer(), layer({"/srv/a": 0}), layer(hidden=("/srv",))], 2, False),
        ([layer(), layer({"/srv/new": 0}, opaque=("/srv",)), layer({"/srv/a": 0})], 2, True),
    ],
)
def test_the_first_layer_that_hides_a_file_is_named(later, hidden_by, deleted):
    assert hidden(layer({"/srv/a": 100}), *later) == [("/srv/a", 0, hidden_by, deleted)]


def test_each_copy_is_hidden_by_the_next_one():
    copies = [layer({"/a": 10}), layer({"/a": 20}), layer({"/a": 30})]
    assert hidden(*copies) == [("/a", 1, 2, False), ("/a", 0, 1, False)]


def test_a_path_deeper_than_any_recursion_is_followed():
    deep = "/d" * 20_000
    assert waste_bytes([layer({f"{deep}/a": 7}), layer(hidden=("/d",))]) == 7
    assert waste_bytes([layer({f"{deep}/a": 7}), layer({f"{deep}/b": 7})]) == 0


@given(st.lists(layers(), max_size=4))
def test_no_file_is_hidden_twice_and_the_hiding_layer_stands_above(stack):
    found = list(hidden_files(stack))
    assert len({(file.layer, file.path) for file in found}) == len(found)
    assert all(file.layer < file.hidden_by < len(stack) for file in found)
    assert all(stack[file.layer].files[file.path] == file.size_bytes for file in found)


@given(st.lists(layers(), max_size=4))
def test_a_file_is_hidden_as_soon_as_its_layer_stands_in_the_stack(stack):
    for file in hidden_files(stack):
        below, whole = stack[: file.hidden_by], stack[: file.hidden_by + 1]
        assert (file.layer, file.path) not in {(it.layer, it.path) for it in hidden_files(below)}
        assert (file.layer, file.path) in {(it.layer, it.path) for it in hidden_files(whole)}
        assert visible_bytes(below) + waste_bytes(below) == sum(it.unpacked_bytes for it in below)
