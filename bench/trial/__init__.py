"""One trial: its steps, a container's lifecycle, replicas, and who is to blame for a failure."""
