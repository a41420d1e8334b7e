"""The private engine: its daemons, its registry, its link, and its changes to the host."""
