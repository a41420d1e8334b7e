"""What every part of bench shares: errors, units, clock, the table of metrics, and its words."""
