"""Container engines: what bench asks of one (`protocol`), and those that answer."""
