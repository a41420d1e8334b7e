"""YAML documents with the place of every value, variables in them, and types of single values."""
