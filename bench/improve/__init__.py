"""Mends of a Dockerfile, tried and measured."""
