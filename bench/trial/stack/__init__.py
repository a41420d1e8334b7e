"""Several services of a Compose file as one trial."""
