"""Images: layers and waste, what is known of them, rebuilding, base images and the calibration image."""
