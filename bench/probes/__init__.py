"""Readiness probes: one file per probe."""
