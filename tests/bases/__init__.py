"""Bases made of Debian packages, built and started; each takes minutes."""
