"""Podman by its Docker-compatible socket: its differences from Docker."""
