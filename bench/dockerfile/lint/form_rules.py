"""Rules for instructions that do not do what they seem to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands, json_words
from bench.dockerfile.lint.finding import LintRule, LintSeverity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.dockerfile import Dockerfile

_FETCH_INTO_PIPE = re.compile(r"(?:^|[;&|(\n]|\bsudo\b)\s*(?:curl|wget)\b[^;&\n|]*(?<!\|)\|(?!\|)")
_KILL = ("KILL", "SIGKILL", "9")


def several_commands(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """CMD or ENTRYPOINT more than once in a stage."""
    for stage in file.stages:
        for keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            found = [it for it in stage.instructions if it.keyword == keyword]
            for instruction in found[:-1]:
                yield instruction, f"only the last {keyword}, in line {found[-1].line}, counts"


def relative_workdir(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A relative WORKDIR, where no absolute one stands before it."""
    for stage in file.stages:
        if stage.parent is not None:
            continue
        first = next((it for it in stage.instructions if it.keyword == "WORKDIR"), None)
        path = file.bare(first.rest) if first else "/"
        if first is not None and not path.startswith(("/", "$", "\\")) and ":" not in path[:2]:
            yield first, f"{path} starts from wherever the base image left off"


def fetch_without_pipefail(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A download into a pipe, whose failure goes unseen."""
    for stage in file.stages:
        has_shell = False
        for instruction in stage.instructions:
            has_shell = has_shell or (
                instruction.keyword == "SHELL" and "pipefail" in instruction.rest
            )
            if instruction.keyword != "RUN" or json_words(instruction.rest) is not None:
                continue
            text = "\n".join((instruction.rest, *instruction.heredocs))
            is_wanted = text.rstrip().endswith("|| true") or "pipefail" in text
            if not has_shell and not is_wanted and _FETCH_INTO_PIPE.search(text):
                yield instruction, "if the download fails, the RUN may succeed all the same"


def sudo_in_run(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`sudo` while building."""
    for stage in file.stages:
        for instruction in stage.instructions:
            if instruction.keyword == "RUN" and any(
                "sudo" in command.leading for command in commands(instruction)
            ):
                yield instruction, "`sudo` while building"


def stop_signal_kill(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """STOPSIGNAL that no process can handle."""
    for instruction in file.shipped_instructions:
        if instruction.keyword == "STOPSIGNAL" and instruction.rest.strip().upper() in _KILL:
            yield instruction, "SIGKILL ends the service in the middle of its work"


def maintainer(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """MAINTAINER, which is deprecated."""
    for instruction in file.instructions:
        if instruction.keyword == "MAINTAINER":
            yield instruction, "MAINTAINER is deprecated"


def sshd_in_image(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A remote shell beside the service."""
    for instruction in file.shipped_instructions:
        ports = instruction.rest.split() if instruction.keyword == "EXPOSE" else []
        if {"22", "22/tcp"} & set(ports):
            yield instruction, "port 22 is for a remote shell"
        elif instruction.keyword == "RUN":
            for command in commands(instruction):
                if "openssh-server" in command.arguments and "install" in command.arguments:
                    yield instruction, "the image has a remote shell beside the service"
                    break


RULES = (
    LintRule(
        "several-commands",
        LintSeverity.WARNING,
        "The earlier ones are never run, and readers take them for what is.",
        "keep the last one",
        several_commands,
    ),
    LintRule(
        "relative-workdir",
        LintSeverity.WARNING,
        "A new release of the base may start from another folder.",
        "write an absolute path",
        relative_workdir,
    ),
    LintRule(
        "fetch-without-pipefail",
        LintSeverity.WARNING,
        "The shell takes the exit code of the last command of a pipe: half a download may become "
        "part of the image.",
        'use SHELL ["/bin/bash", "-o", "pipefail", "-c"], or download to a file first',
        fetch_without_pipefail,
    ),
    LintRule(
        "sudo-in-run",
        LintSeverity.INFO,
        "A build is root already unless USER says otherwise, and sudo in the image helps an "
        "intruder.",
        "leave it out, and put USER after the RUN",
        sudo_in_run,
    ),
    LintRule(
        "stop-signal-kill",
        LintSeverity.ERROR,
        "No process can handle SIGKILL: requests are cut off and files are left half written.",
        "use the signal at which the service ends in good order, mostly SIGTERM",
        stop_signal_kill,
    ),
    LintRule(
        "maintainer-deprecated",
        LintSeverity.INFO,
        "Builders warn of it and may drop it.",
        'use LABEL org.opencontainers.image.authors="…"',
        maintainer,
    ),
    LintRule(
        "sshd-in-image",
        LintSeverity.INFO,
        "Engines and clusters open a shell in a container without it; it is one more thing to "
        "attack and to update.",
        "use `docker exec` or `kubectl exec`",
        sshd_in_image,
    ),
)
