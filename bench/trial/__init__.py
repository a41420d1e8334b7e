"""One trial: its steps in turn, a container's life, replicas, and whose fault a failure is."""
