"""Results computed from the events of a trial: pure functions of the journal."""
