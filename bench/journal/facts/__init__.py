"""What the journal records, as the dataclasses that are written and read back."""
