"""Whatever runs a workload: engines of containers, plain processes, and the choice among them."""
