"""A container of the fake engine with files in it, that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.runtimes.specs import ContainerFile, ContainerSetup, WorkloadSpec
from bench.trial.cause.image_inspection import Look
from tests.elf import ARM64, elf
from tests.fakes import FakeRuntime, Script

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELL = elf()
FILES: dict[str, tuple[bytes, int]] = {
    "/bin/sh": (SHELL, 0o755),
    "/bin/env": (SHELL, 0o755),
    "/bin/tini": (SHELL, 0o755),
    "/bin/timeout": (SHELL, 0o755),
    "/etc/passwd": (b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n", 0o644),
    "/etc/group": (b"root:x:0:\napp:x:1000:\nteam:x:7:app\n", 0o644),
    "/app/run": (b"#!/bin/sh\n", 0o755),
    "/app/plain.sh": (b"#!/bin/sh\n", 0o644),
    "/app/private": (b"#!/bin/sh\n", 0o700),
    "/app/team": (b"#!/bin/sh\n", 0o710),
    "/app/crlf": (b"#!/bin/sh -e\r\n", 0o755),
    "/app/list-crlf.sh": (b"set -e\r\n", 0o644),
    "/app/server.py": (b"#!/usr/bin/python3\n", 0o755),
    "/app/env.py": (b"#!/bin/env -S python3 -u\n", 0o755),
    "/app/dynamic": (elf(loader="/lib64/ld.so"), 0o755),
    "/app/arm64": (elf(ARM64), 0o755),
    "/app/text": (b"echo\n", 0o755),
    "/closed/run": (b"#!/bin/sh\n", 0o755),
}


def files(more: Mapping[str, tuple[bytes, int]] | None = None) -> dict[str, ContainerFile]:
    """The files, with the folders that they are in."""
    found: dict[str, ContainerFile] = {"/": ContainerFile("/", "folder", 0o755, 0, 0)}
    for path, (data, mode) in (FILES | dict(more or {})).items():
        owner = 7 if path == "/app/team" else 0
        found[path] = ContainerFile(path, "file", mode, 0, owner, data)
        folder = path.rpartition("/")[0]
        closed = 0o700 if folder == "/closed" else 0o755
        found[folder] = ContainerFile(folder, "folder", closed, 0, 0)
    return found


def setup(*command: str, **more: object) -> ContainerSetup:
    """What runs `command` in that container."""
    defaults: dict[str, object] = {"command": command, "search_path": "/sbin:/bin"}
    return ContainerSetup(**(defaults | more))  # type: ignore[arg-type]


def look_at(given: ContainerSetup, machine: str = "amd64") -> Look:
    """A look at a container that runs that."""
    engine = FakeRuntime(Script(setup=given, files=files()))
    made = engine.create(WorkloadSpec(image="x", name="x", labels={}))
    return Look(made.files, given, machine)
