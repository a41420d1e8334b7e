"""`bench run --image`, `--dockerfile` and `--compose`: the scenario that the options amount to."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.core.errors import UsageError
from bench.core.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.scenario.loading.load import LoadedScenario


_PROBES = ("http", "tcp", "log", "exec_", "exit_")
_LONGEST_NAME = 57  # of a case, less a number
_LIMITS = ("memory", "cpus", "pids")


def scenario_for(options: dict[str, Any], overrides: list[str]) -> LoadedScenario:
    """The scenario for images and Dockerfiles, printed to stderr so that it can be kept.

    Several are compared with the first, images before Dockerfiles.

    Raises:
        UsageError: more than one probe, or a malformed one; or the same source twice.
    """
    from bench.scenario.loading.load import parse_scenario_text

    named = [name for name in ("image", "dockerfile") if options[f"{name}s"]]
    option = " and ".join(f"--{name}" for name in named)
    for text in (*options["images"], *options["dockerfiles"]):
        if not _is_text(text):
            raise UsageError(clean(text), "is no text in UTF-8", "name it otherwise")
    _refuse(options, option, ("compose", "services", "profiles"))
    sources = [
        *(_Source(image, _image_name(image), {"image": image}) for image in options["images"]),
        *map(_of_dockerfile, options["dockerfiles"]),
    ]
    _refuse_twice(sources)
    ready = ready_of(options)
    if options["timeout"]:
        ready["timeout"] = options["timeout"]
    limits = {
        key: options[f"limit_{key}"] for key in _LIMITS if options[f"limit_{key}"] is not None
    }
    shared: dict[str, Any] = ({"ready": ready} if ready else {}) | (
        {"limits": limits} if limits else {}
    )
    if len(sources) == 1:
        (one,) = sources
        tree: dict[str, Any] = {"cases": {"image": one.case | shared}}
        return parse_scenario_text(_shown(one.name, tree), option, overrides=overrides)
    names = _distinct([source.name for source in sources])
    tree = {"defaults": shared} if shared else {}
    tree["cases"] = dict(zip(names, (source.case for source in sources), strict=True))
    tree["compare"] = {"baseline": names[0], "candidates": names[1:]}
    text = _shown(name_of("-".join(names)), tree)
    return parse_scenario_text(text, option, overrides=overrides)


@dataclass(frozen=True)
class _Source:
    """An image, or a Dockerfile, as a case.

    Attributes:
        given: as it was typed.
        name: it is called so.
    """

    given: str
    name: str
    case: dict[str, Any]


def _image_name(image: str) -> str:
    return name_of(image.rpartition("/")[2].partition("@")[0]) or "image"


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes of the command line that are no characters
        return False
    return True


def _of_dockerfile(text: str) -> _Source:
    path = Path(text)
    if path.is_dir():
        raise UsageError(text or "--dockerfile", "is a folder", "name the Dockerfile in it")
    build = {"context": str(path.parent), "dockerfile": path.name}
    stem = path.name.removesuffix(".Dockerfile").removeprefix("Dockerfile.")
    named = path.absolute().parent.name if stem in ("Dockerfile", "Containerfile") else stem
    return _Source(text, name_of(named) or "image", {"build": build})


def _refuse_twice(sources: Sequence[_Source]) -> None:
    """Refuse to compare something with itself; `bench compare` does that with two runs.

    Raises:
        UsageError: a source was named twice.
    """
    seen = set()
    for source in sources:
        key = str(source.case)
        if key in seen:
            raise UsageError(source.given, "is named twice", "name each image once")
        seen.add(key)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, those that came before with a number; all fit into the id of a case."""
    found: list[str] = []
    for name in names:
        number, free = 1, name
        while free in found:
            number += 1
            free = f"{name[:_LONGEST_NAME]}-{number}"
        found.append(free)
    return found


def stack_for(options: dict[str, Any], overrides: list[str]) -> LoadedScenario:
    """The scenario for the services of a Compose file, printed to stderr so that it can be kept.

    Raises:
        UsageError: an option that says something of one image.
        ScenarioError: the file cannot be measured; carries every fault with its line.
    """
    from bench.scenario.loading.load import parse_scenario_text

    _refuse(options, "--compose", (*_PROBES, *(f"limit_{name}" for name in _LIMITS)))
    files = list(options["compose"])
    use: dict[str, Any] = {"file": files[0] if len(files) == 1 else files}
    use |= {key: list(options[key]) for key in ("services", "profiles") if options[key]}
    if options["timeout"]:
        use["timeout"] = options["timeout"]
    name = name_of(Path(files[0]).absolute().parent.name) or "stack"
    text = _shown(name, {"cases": {"stack": {"compose": use}}})
    return parse_scenario_text(text, "--compose", overrides=overrides)


def _refuse(options: dict[str, Any], beside: str, names: tuple[str, ...]) -> None:
    for name in names:
        if options.get(name):
            raise UsageError(
                f"--{name.strip('_').replace('_', '-').removesuffix('s')}",
                f"cannot be used with {beside}",
            )


def name_of(text: str) -> str:
    """A text as the name of a scenario."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60]


def _shown(name: str, tree: dict[str, Any]) -> str:
    """A scenario of these cases, which is printed."""
    head = {"version": 1, "name": name, "checklist": "cloud-native"}
    text = _yaml(head | tree).replace("$", "$$")  # what is typed here is meant as it stands
    click.echo(clean(f"# the scenario that these options stand for\n{text}"), err=True)
    return text


def ready_of(options: dict[str, Any]) -> dict[str, Any]:
    """The `ready` that the options amount to; empty where they leave it to the image."""
    probes: list[dict[str, Any]] = []
    if options["http"] is not None:
        match = re.fullmatch(r":?(\d{1,5})(/\S*)?", options["http"])
        if match is None:
            raise UsageError(
                f"--http {options['http']}", "is not PORT[/PATH]", "write it as 8080/healthz"
            )
        probes.append({"http": {"port": int(match[1]), "path": match[2] or "/"}})
    if options["tcp"] is not None:
        probes.append({"tcp": {"port": options["tcp"]}})
    if options["log"] is not None:
        probes.append({"log": options["log"]})
    if options["exec_"] is not None:
        probes.append({"exec": options["exec_"]})
    if options["exit_"]:
        probes.append({"exit": True})
    if len(probes) > 1:
        raise UsageError(
            "the command",
            "takes at most one of --http, --tcp, --log, --exec, --exit",
            "state when the container is ready, for example --http 8080/healthz",
        )
    return probes[0] if probes else {}  # what the image says


def _yaml(tree: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    buffer = io.StringIO()
    YAML().dump(tree, buffer)
    return buffer.getvalue()
