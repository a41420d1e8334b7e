"""The images that Dockerfiles are said to need are those that BuildKit itself goes for."""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.image_reference import familiar
from bench.dockerfile.bases import external_images
from bench.runtimes.known import connect
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.requirements import why_impossible
from tests.dockerfile import test_bases as forms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.protocol import ContainerEngine

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.bases]

_VERTEX = re.compile(rb"\x1a(.)\[internal\] load metadata for ", re.DOTALL)
_KNOWS_HEREDOCS = 23
"""The first release of the engine whose frontend reads them."""

_AT_LEAST = 30
_Case = tuple[str, dict[str, str], str | None]


@pytest.fixture(scope="module")
def builder() -> Iterator[ContainerEngine]:
    impossible = why_impossible()
    if impossible:
        pytest.fail(f"the engine tests need the private engine: {impossible}")
    private = PrivateEngine()
    private.up()
    engine = connect(private.address("building"), private.login())
    yield engine
    engine.close()


def _cases() -> list[_Case]:
    def rows(test: Any) -> Any:
        return test.pytestmark[0].args[1]

    return [
        *((text, args, None) for text, args, _ in rows(forms.test_the_image_of_a_from_line)),
        *(
            (text, {}, None)
            for text in rows(forms.test_a_line_that_only_looks_like_another_image_is_none)
        ),
        *(
            (text, args, target)
            for text, args, target, _ in rows(
                forms.test_the_last_stage_or_the_one_that_is_built_stands_on
            )
        ),
    ]


def _resolved(engine: ContainerEngine, case: _Case) -> set[str]:
    """The images that BuildKit loads the metadata of; none where its frontend refuses the text."""
    text, args, target = case
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(text.encode())
        tar.addfile(entry, io.BytesIO(text.encode()))
    api: Any = engine._api  # type: ignore[attr-defined]
    answer = api._post(
        api._url("/build"),
        params={"version": "2", "buildargs": json.dumps(args), "target": target or ""},
        data=context.getvalue(),
        headers={"Content-Type": "application/x-tar"},
        stream=True,
    )
    names: set[str] = set()
    for line in api._stream_helper(answer, decode=True):
        if line.get("id") == "moby.buildkit.trace":
            trace = base64.b64decode(line["aux"])
            for found in _VERTEX.finditer(trace):
                end = found.start() + 2 + found[1][0]
                names.add(familiar(trace[found.end() : end].decode()))
    return names


def test_buildkit_goes_for_the_same_images(builder: ContainerEngine) -> None:
    knows_heredocs = int(builder.info.version.partition(".")[0]) >= _KNOWS_HEREDOCS
    cases = [case for case in _cases() if knows_heredocs or "<<" not in case[0]]
    found = {case[0]: (_resolved(builder, case), external_images(*case)) for case in cases}
    read = {text: both for text, both in found.items() if both[0]}
    assert {text: both for text, both in read.items() if both[0] != set(both[1])} == {}
    # what a frontend refuses, such as `${VAR#pattern}` an older one, is not compared
    assert len(read) >= _AT_LEAST
