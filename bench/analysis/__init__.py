"""What the events of a trial amount to: pure functions of what the journal holds."""
