"""Building images: what is asked of a builder, and the builders that an engine may offer."""
