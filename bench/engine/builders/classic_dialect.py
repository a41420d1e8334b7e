"""What of a Dockerfile the classic builder does not read as BuildKit does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.engine.builders.request import BuildRequest

_HEREDOC = re.compile(r"^\s*(?:RUN|COPY|ADD)\b.*<<-?\s*[\"']?\w+", re.IGNORECASE)
_FLAGS = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("chmod", "link", "parents", "exclude"),
    "ADD": ("chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack"),
    "HEALTHCHECK": ("start-interval",),
}
_INSTRUCTION = re.compile(r"\s*(?P<word>[A-Za-z]+)\s+(?P<rest>(?:--\S+\s+)*)")
_PLATFORM_ARGUMENT = re.compile(
    r"(?:\$\{?|^\s*ARG\s+)((?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT))\b"
)


def not_read(request: BuildRequest, dockerfile: str) -> list[str]:
    """What it would refuse, or quietly make something else of; a line of words for each.

    Args:
        request: what is to be built.
        dockerfile: text of the Dockerfile.
    """
    found = list(_lines(dockerfile, request.args))
    own = request.dockerfile.with_name(f"{request.dockerfile.name}.dockerignore")
    if own.exists():
        found.append(f"{own.name}, and would take the whole context")
    return found


def _lines(dockerfile: str, arguments: Mapping[str, str]) -> Iterator[str]:
    for number, line in enumerate(dockerfile.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        instruction = _INSTRUCTION.match(line)
        if instruction:
            flags = _FLAGS.get(instruction["word"].upper(), ())
            for given in instruction["rest"].split():
                if given.removeprefix("--").partition("=")[0] in flags:
                    yield f"{given.partition('=')[0]} (line {number})"
        if _HEREDOC.match(line):
            yield f"here-documents (line {number})"
        for named in _PLATFORM_ARGUMENT.finditer(line):
            if named[1] not in arguments:
                yield f"{named[1]} (line {number})"
