"""What watches a workload: its output, exit, processes, writes, listeners, and figures printed."""
