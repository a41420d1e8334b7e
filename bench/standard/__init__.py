"""The rules of a standard and the grammar of their limits, as data."""
