"""Building images with the builders that an engine may offer."""
