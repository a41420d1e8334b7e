"""Images as they are shipped: their layers, sizes and waste, and the bases of the bundled ones."""
