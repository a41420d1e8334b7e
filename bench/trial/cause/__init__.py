"""Why a container did not start or exited early, from facts, never from the words in a path."""
