"""Plain processes of the host in place of containers."""
