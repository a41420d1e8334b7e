"""The configuration of an image for people, without what looks like a secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.images.inspection.model import ImageSettings
from bench.scenario.redact import redacted, redacted_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def image_settings(document: Mapping[str, Any]) -> ImageSettings:
    """The settings in a configuration document; values of another form than theirs are left out."""
    config = _mapping(document.get("config"))
    healthcheck = config.get("Healthcheck")
    return ImageSettings(
        architecture=_text(document.get("architecture")),
        created=_text(document.get("created")),
        user=_text(config.get("User")),
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        working_dir=_text(config.get("WorkingDir")),
        exposed_ports=tuple(map(str, _mapping(config.get("ExposedPorts")))),
        volumes=tuple(map(str, _mapping(config.get("Volumes")))),
        environment=_environment(config.get("Env")),
        stop_signal=_text(config.get("StopSignal")),
        healthcheck=healthcheck if isinstance(healthcheck, dict) else None,
        labels=_variables(
            {str(name): _text(value) for name, value in _mapping(config.get("Labels")).items()}
        ),
    )


def _environment(value: object) -> dict[str, str]:
    pairs = [str(item).partition("=") for item in value] if isinstance(value, list) else []
    return _variables({name: inner for name, _, inner in pairs})


def _variables(variables: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = redacted({"environment": variables})["environment"]
    return found


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _words(value: object) -> tuple[str, ...]:
    return tuple(redacted_text(str(word)) for word in value) if isinstance(value, list) else ()
