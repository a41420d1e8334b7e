"""Ways to ask whether a workload is ready: one file per probe."""
