"""Reading what the kernel counts: cgroups, processes, devices; sampling draws only the curve."""
