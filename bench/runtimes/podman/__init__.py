"""Podman by its Docker-compatible socket: what it does otherwise than Docker."""
