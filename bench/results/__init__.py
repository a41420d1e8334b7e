"""What a run leaves behind: the journal, and everything that is computed from it."""
