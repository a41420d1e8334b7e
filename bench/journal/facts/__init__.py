"""The contents of the journal, as the dataclasses that are written and read back."""
