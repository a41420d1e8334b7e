"""What watches a workload: output, exit, processes, writes, listeners."""
