"""The capabilities that a rule needs of what it judges: without one of them there is no figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import CacheState
from bench.core.metrics import Scope

if TYPE_CHECKING:
    from bench.standard.rule import Rule

_BY_METRIC = {
    "net_rx_bytes": (Capability.NETWORK_COUNTERS,),
    "net_tx_bytes": (Capability.NETWORK_COUNTERS,),
    "egress_attempts": (Capability.CONTACTS,),
    "pull_s": (Capability.PULL,),
    "downloaded_bytes": (Capability.PULL,),
    "build_s": (),
}


def needed(rule: Rule) -> tuple[Capability, ...]:
    """The capabilities that `rule` needs; none for most.

    A start that is judged without a pull is one that everything has.
    """
    if rule.check is not None:
        return rule.check.needs.capabilities
    if rule.metric in _BY_METRIC:
        return _BY_METRIC[rule.metric]
    if not rule.metric:
        return ()
    if rule.measured.scope is Scope.IMAGE:
        return (Capability.IMAGE,)
    cache = None if rule.else_first else rule.cache
    return (Capability.PULL,) if cache in (CacheState.COLD, CacheState.BASE) else ()
