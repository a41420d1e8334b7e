"""Statistics of few trials with long tails: pure functions."""
