"""Whatever runs a workload: engines of containers, and plain processes."""
