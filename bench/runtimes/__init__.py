"""Runtimes that run workloads: container engines, plain processes, and the choice among them."""
