"""Rules that do not apply to a plain process, because only a container has what they judge."""

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


def why_not_judged(rule: Rule) -> str:
    """Why `rule` cannot be judged of a plain process; empty where it can.

    A start that is judged without a pull is one that both have, and stays.
    """
    if rule.check is Judgement.EGRESS or rule.metric in _OF_A_NETWORK:
        return "a plain process shares the host's network"
    if rule.check is Judgement.SCALE_OUT:
        return "a plain process does not scale out: all replicas would use the same ports"
    if not rule.metric:
        return ""
    if rule.measured.scope is Scope.IMAGE and rule.metric != "build_s":
        return _NO_IMAGE
    cache = None if rule.else_first else rule.cache
    from_nothing = rule.metric == "startup_s" and cache is CacheState.COLD
    if rule.metric in _OF_A_PULL or from_nothing or cache in (CacheState.COLD, CacheState.BASE):
        return f"{_NO_IMAGE}, so nothing is pulled"
    return ""
