"""Rules for Dockerfiles: habits that make an image slow to pull, to start or to stop, or unsafe."""
