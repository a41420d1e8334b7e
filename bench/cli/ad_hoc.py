"""`bench run --image`: the scenario that the options amount to."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import click

from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.scenario.load import LoadedScenario


def scenario_for(options: dict[str, Any], overrides: list[str]) -> LoadedScenario:
    """The scenario for one image, printed to stderr so that it can be kept.

    Raises:
        UsageError: no probe, more than one, or a malformed one.
    """
    from bench.scenario.load import parse_scenario_text

    image = options["image"]
    ready = _ready(options)
    if options["timeout"]:
        ready["timeout"] = options["timeout"]
    limits = {
        key: options[f"limit_{key}"]
        for key in ("memory", "cpus", "pids")
        if options[f"limit_{key}"] is not None
    }
    case: dict[str, Any] = {"image": image, "ready": ready}
    if limits:
        case["limits"] = limits
    name = re.sub(r"[^A-Za-z0-9]+", "-", image.rpartition("/")[2].partition("@")[0]).strip("-")
    tree = {
        "version": 1,
        "name": name[:60] or "image",
        "checklist": "cloud-native",
        "cases": {"image": case},
    }
    text = _yaml(tree).replace("$", "$$")  # what is typed here is meant as it stands
    click.echo(f"# the scenario that this amounts to\n{text}", err=True)
    return parse_scenario_text(text, "--image", overrides=overrides)


def _ready(options: dict[str, Any]) -> dict[str, Any]:
    probes: list[dict[str, Any]] = []
    if options["http"]:
        match = re.fullmatch(r":?(\d{1,5})(/\S*)?", options["http"])
        if match is None:
            raise UsageError(
                f"--http {options['http']}", "is not PORT[/PATH]", "write it as 8080/healthz"
            )
        probes.append({"http": {"port": int(match[1]), "path": match[2] or "/"}})
    if options["tcp"] is not None:
        probes.append({"tcp": {"port": options["tcp"]}})
    if options["log"]:
        probes.append({"log": options["log"]})
    if options["exec_"]:
        probes.append({"exec": options["exec_"]})
    if options["exit_"]:
        probes.append({"exit": True})
    if len(probes) != 1:
        raise UsageError(
            "--image",
            "needs exactly one of --http, --tcp, --log, --exec, --exit",
            "say when the container is ready, such as --http 8080/healthz",
        )
    return probes[0]


def _yaml(tree: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    buffer = io.StringIO()
    YAML().dump(tree, buffer)
    return buffer.getvalue()
