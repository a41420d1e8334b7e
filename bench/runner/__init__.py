"""A whole run: preparation, plan, trials in order, resumption and clean-up."""
