"""`docker compose config`, where there is one: what Compose itself reads in a file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLUGINS = (
    "~/.docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
VARIABLE = "BENCH_TEST_COMPOSE"
"""Names the plug-in, where it stands elsewhere."""


def plug_in() -> str | None:
    """The second version of Compose, which needs no engine to read a file."""
    found = [os.environ.get(VARIABLE, "")]
    found += [str(Path(one).expanduser() / "docker-compose") for one in _PLUGINS]
    found.append(shutil.which("docker-compose") or "")
    return next((one for one in found if one and _is_second(one)), None)


def _is_second(program: str) -> bool:
    if not Path(program).is_file():
        return False
    answer = subprocess.run([program, "version"], capture_output=True, text=True, check=False)
    return " v2" in answer.stdout or " 2." in answer.stdout or "version v5" in answer.stdout


def config(
    program: str, files: list[Path], environ: Mapping[str, str], *options: str
) -> dict[str, Any] | None:
    """What Compose reads in `files`; None where it refuses them."""
    named = [word for one in files for word in ("-f", str(one))]
    answer = subprocess.run(
        [program, *named, *options, "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(files[0].parent), **environ},
    )
    if answer.returncode:
        return None
    document: dict[str, Any] = json.loads(answer.stdout)
    return document
