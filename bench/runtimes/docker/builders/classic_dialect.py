"""Parts of a Dockerfile that the classic builder does not read as BuildKit does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.dockerfile.instructions import Instruction, instructions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.runtimes.build_request import BuildRequest

_FLAGS = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("chmod", "link", "parents", "exclude"),
    "ADD": ("chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack"),
    "HEALTHCHECK": ("start-interval",),
}
_NAME = r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)"
_PLATFORM_VARIABLE = re.compile(rf"\$\{{?({_NAME})\b")
_PLATFORM_ARGUMENT = re.compile(rf"(?:^|\s)({_NAME})(?=[=\s]|$)")
_REPOSITORY = re.compile(r"(?:^|[\s\"\[])(?:git@|git://|ssh://|https?://\S+?\.git(?=[#?\s\"]|$))")


def not_read(request: BuildRequest, dockerfile: str) -> list[str]:
    """Instructions that it would refuse or silently misread, as a phrase for each.

    Args:
        request: the build.
        dockerfile: text of the Dockerfile.
    """
    found = [
        f"{what} (line {instruction.line})"
        for instruction in instructions(dockerfile)
        for what in _of(instruction.triggered, request.args)
    ]
    own = request.dockerfile.with_name(f"{request.dockerfile.name}.dockerignore")
    if own.exists():
        found.append(f"{own.name}, and would take the whole context")
    return found


def _of(instruction: Instruction, arguments: Mapping[str, str]) -> Iterator[str]:
    for flag in instruction.flags:
        if flag.removeprefix("--").partition("=")[0] in _FLAGS.get(instruction.keyword, ()):
            yield flag.partition("=")[0]
    if instruction.has_heredocs:
        yield "here-documents"
    if instruction.keyword == "ADD" and _REPOSITORY.search(instruction.rest):
        yield "a repository to clone"
    pattern = _PLATFORM_ARGUMENT if instruction.keyword == "ARG" else _PLATFORM_VARIABLE
    for name in pattern.findall(" ".join((*instruction.flags, instruction.rest))):
        if name not in arguments:
            yield name
