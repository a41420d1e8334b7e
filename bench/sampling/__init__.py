"""Reading what the kernel counts while a trial lasts: threads, ends of tasks, network, GPU."""
