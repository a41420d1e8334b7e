"""What bench itself costs, against peers measured in the same run."""
