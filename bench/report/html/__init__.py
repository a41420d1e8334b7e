"""The report as one page, without network or scripts."""
