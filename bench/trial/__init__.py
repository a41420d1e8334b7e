"""Measuring: the plan of a run, one trial of it, and what decides that a container is ready."""
