"""Right-sizing: the smallest limits under which a case still meets its thresholds."""
