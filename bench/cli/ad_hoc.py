"""`bench run --image` and `--compose`: the scenario that the options amount to."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.core.errors import UsageError
from bench.core.text import clean

if TYPE_CHECKING:
    from bench.scenario.loading.load import LoadedScenario


_PROBES = ("http", "tcp", "log", "exec_", "exit_")
_LIMITS = ("memory", "cpus", "pids")


def scenario_for(options: dict[str, Any], overrides: list[str]) -> LoadedScenario:
    """The scenario for one image, printed to stderr so that it can be kept.

    Raises:
        UsageError: more than one probe, or a malformed one.
    """
    from bench.scenario.loading.load import parse_scenario_text

    _refuse(options, "--image", ("compose", "services", "profiles"))
    image = options["image"]
    ready = ready_of(options)
    if options["timeout"]:
        ready["timeout"] = options["timeout"]
    limits = {
        key: options[f"limit_{key}"] for key in _LIMITS if options[f"limit_{key}"] is not None
    }
    case: dict[str, Any] = {"image": image} | ({"ready": ready} if ready else {})
    if limits:
        case["limits"] = limits
    name = name_of(image.rpartition("/")[2].partition("@")[0]) or "image"
    return parse_scenario_text(_shown(name, {"image": case}), "--image", overrides=overrides)


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
    text = _shown(name, {"stack": {"compose": use}})
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


def _shown(name: str, cases: dict[str, Any]) -> str:
    """A scenario of these cases, which is printed."""
    tree = {"version": 1, "name": name, "checklist": "cloud-native", "cases": cases}
    text = _yaml(tree).replace("$", "$$")  # what is typed here is meant as it stands
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
            "--image" if options.get("image") else "the command",
            "takes at most one of --http, --tcp, --log, --exec, --exit",
            "state when the container is ready, for example --http 8080/healthz",
        )
    return probes[0] if probes else {}  # what the image says


def _yaml(tree: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    buffer = io.StringIO()
    YAML().dump(tree, buffer)
    return buffer.getvalue()
