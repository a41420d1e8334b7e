"""Reading a scenario file: every mistake at once, each with its place and a remedy."""
