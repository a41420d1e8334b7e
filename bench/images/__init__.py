"""Images: their layers and waste, and what is known of them."""
