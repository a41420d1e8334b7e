"""Mends: what a rule finds in a Dockerfile, put right in its text and in files of its context."""
