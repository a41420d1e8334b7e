"""The private engine: its daemons, its registry, its link, and what it changes on the host."""
