"""Where the kernel keeps the counters of a container, and how they are read."""
