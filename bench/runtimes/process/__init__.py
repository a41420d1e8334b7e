"""Plain processes of the host in the place of containers."""
