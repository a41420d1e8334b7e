"""Why a container did not start or did not last, from facts: never from words in a path."""
