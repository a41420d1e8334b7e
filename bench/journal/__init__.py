"""The journal of a run: its events, and how they are written and read."""
