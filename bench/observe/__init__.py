"""Observers of a workload: its output, exit, processes, writes, listeners, printed figures."""
