"""What only /proc knows: bytes on the network."""

from __future__ import annotations

import os

from bench.sampling.network_counters import NetworkCounters

HEAD = (
    b"Inter-|   Receive                                    |  Transmit\n"
    b" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
)
LOOPBACK = (
    b"    lo:  999999    1000    0    0    0     0    0    0   999999    1000    0 0 0 0 0 0\n"
)
NET_DEV = (
    HEAD
    + LOOPBACK
    + b"  eth0: 1500736      12    0    0    0     0    0    0     4096       9    0 0 0 0 0 0\n"
    + b"  eth1:     264       2    0    0    0     0    0    0       90       1    0 0 0 0 0 0\n"
)


def test_bytes_are_summed_over_all_interfaces_but_loopback():
    assert NetworkCounters.parse(NET_DEV) == {"net_rx_bytes": 1_501_000, "net_tx_bytes": 4186}


def test_a_name_that_touches_its_figures_is_still_a_name():
    line = b"veth123456:123 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n"
    assert NetworkCounters.parse(HEAD + line) == {"net_rx_bytes": 123, "net_tx_bytes": 7}


def test_without_a_way_out_nothing_is_sent():
    assert NetworkCounters.parse(HEAD + LOOPBACK) == {"net_rx_bytes": 0, "net_tx_bytes": 0}


def test_the_namespace_of_a_living_process_can_be_read_until_closed():
    counters = NetworkCounters(os.getpid())
    raw = counters.read()
    assert raw is not None
    assert set(NetworkCounters.parse(raw)) == {"net_rx_bytes", "net_tx_bytes"}
    counters.close()
    counters.close()
    assert counters.read() is None


def test_the_namespace_of_a_process_that_is_gone_is_absent():
    counters = NetworkCounters(2**22 + 1)  # above the kernel's highest pid
    assert counters.read() is None
    counters.close()
