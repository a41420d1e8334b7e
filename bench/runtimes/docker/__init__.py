"""Docker and engines with its API; no other package imports its SDK."""
