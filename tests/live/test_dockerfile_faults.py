"""What bench says of a faulty Dockerfile is what the builder says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.core.errors import BuildError
from bench.dockerfile.faults import dockerfile_faults
from bench.runtimes.build_request import BuildRequest
from tests.live import engines

if TYPE_CHECKING:
    from pathlib import Path

    from bench.runtimes.protocol import ContainerEngine

pytestmark = [
    pytest.mark.engine,
    engines.own_builder,
]

KEYWORDS = "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL"
TEXTS = [
    *(f"FROM scratch\n{word}\n" for word in f"{KEYWORDS} STOPSIGNAL USER VOLUME WORKDIR".split()),
    "",
    "LABEL a=b\nFROM scratch\nCMD x\n",
    "FROM scratch\nRUNN x\n",
    "FROM scratch AS b c\nCMD x\n",
    "FROM --platform scratch\nCMD x\n",
    "# escape=z\nFROM scratch\nCMD x\n",
    "FROM scratch\n# escape=z\nCMD x\n",
    "FROM scratch\nCOPY <<E /x\nabc\n",
    "FROM scratch\nCOPY <<E /x\nabc\nE",
    "FROM scratch\nCOPY <<E /x\nabc\nE \n",
    "FROM scratch\nCOPY <<-E /x\n\tabc\n\tE\n",
    "FROM scratch\nCOPY <<-E /x\n\tabc\n  E\n",
    "FROM scratch\nCOPY <<E /x\r\nabc\r\nE\r\n",
    "FROM scratch\nCOPY <<A <<B /x/\n1\nA\n2\nB\n",
    "FROM scratch\nCOPY <<A <<B /x/\n1\nA\n2\n",
    "FROM scratch\nHEALTHCHECK NONE\nCMD []\n",
    "from scratch as x\nlabel a=b\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_bench_and_the_builder_take_the_same_texts(
    text: str, tmp_path: Path, building: ContainerEngine
):
    path = tmp_path / "Dockerfile"
    path.write_bytes(text.encode())
    request = BuildRequest(context=tmp_path, dockerfile=path, tag="bench-test/fault:latest")
    said = ""
    try:
        building.builder.build(request)
    except BuildError as error:
        said = error.cause
    assert bool(dockerfile_faults(text, "Dockerfile")) is bool(said), said
