"""A whole run: what is prepared, planned, measured in turn, resumed and cleaned up."""
