"""Definitions shared by all of bench: errors, units, clock, the table of metrics, common enums."""
