"""Options for busy hosts, shared by all commands that measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def _seconds(context: click.Context, option: click.Parameter, text: str) -> float:  # noqa: ARG001 - click's signature
    from bench.yamldoc.values import bearable_s

    return 0.0 if text.strip() == "0" else _read(bearable_s, option, text)


def _share(context: click.Context, option: click.Parameter, text: str | None) -> str | None:  # noqa: ARG001
    from bench.yamldoc.values import share_of

    if text is not None:
        _read(share_of, option, text)
    return text


def _read(parse: Callable[[str], float], option: click.Parameter, text: str) -> float:
    try:
        return parse(text)
    except ValueError as error:
        cause, _, remedy = str(error).partition("; ")
        raise UsageError(f"{option.opts[0]} {text}", cause, remedy) from error


def quiet_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--wait-quiet` and `--max-other-load` to a command.

    The first comes as seconds in `wait_quiet`, the other as an override in `max_other_load`.
    """
    waiting = click.option(
        "--wait-quiet",
        metavar="DURATION",
        default="60s",
        show_default=True,
        callback=_seconds,
        help="Longest wait before a trial while other programs keep the host busy; 0: never.",
    )
    bound = click.option(
        "--max-other-load",
        metavar="SHARE",
        callback=_share,
        help="Core time that other programs may use in a trial, such as 50%; any: no limit.",
    )
    return waiting(bound(command))


def with_bound(overrides: tuple[str, ...], max_other_load: str | None) -> tuple[str, ...]:
    """The overrides, with the one that `--max-other-load` amounts to."""
    if max_other_load is None:
        return overrides
    return (*overrides, f"max_other_load={max_other_load}")
