"""Rows that say nothing of a plain process: what they judge, only a container has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import CacheState
from bench.core.metrics import Scope
from bench.standard.rule import Judgement

if TYPE_CHECKING:
    from bench.standard.rule import Rule

_NO_IMAGE = "a plain process has no image"
_OF_A_PULL = ("pull_s", "downloaded_bytes")
_OF_A_NETWORK = ("net_rx_bytes", "net_tx_bytes", "egress_attempts")


def why_not_judged(row: Rule) -> str:
    """Why `row` cannot be judged of a plain process; empty where it can.

    A start that is judged without a pull is one that both have, and stays.
    """
    if row.check is Judgement.EGRESS or row.metric in _OF_A_NETWORK:
        return "a plain process shares the host's network"
    if row.check is Judgement.SCALE_OUT:
        return "a plain process is not scaled out: all of them would have the same ports"
    if not row.metric:
        return ""
    if row.measured.scope is Scope.IMAGE and row.metric != "build_s":
        return _NO_IMAGE
    cache = None if row.else_first else row.cache
    from_nothing = row.metric == "startup_s" and cache is CacheState.COLD
    if row.metric in _OF_A_PULL or from_nothing or cache in (CacheState.COLD, CacheState.BASE):
        return f"{_NO_IMAGE}, so that nothing is pulled"
    return ""
