"""What decides that a container is ready: one file a probe, and what they are made of."""
